"""Whom a policy of a bucket, or of a role, speaks of.

Source: IAM user guide, "AWS JSON policy elements: Principal", "NotPrincipal"."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.policy.document import is_text
from trioxygen.gateway.access.policy.faults import Fault, Malformed
from trioxygen.gateway.access.policy.verdict import Verdict

# Of a caller, the provider that says who that is: of a web identity, and of a session of one.
FEDERATED_PROVIDER: Final = "aws:federatedprovider"


class PrincipalKind(Enum):
    """ACCOUNT: its id. USER, ROLE, SESSION: an ARN. SERVICE: a host name, which nobody here is."""

    EVERYBODY = "*"
    ACCOUNT = "Account"
    USER = "User"
    ROLE = "Role"
    SESSION = "AssumedRole"
    CANONICAL_USER = "CanonicalUser"
    FEDERATED = "Federated"
    SERVICE = "Service"


class Principal(NamedTuple):
    """Attributes:
    value: see its kind.
    account_id: of an account, and of what an ARN names; else "".
    """

    kind: PrincipalKind
    value: str
    account_id: str = ""


_EVERYBODY: Final = Principal(PrincipalKind.EVERYBODY, "*")
_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
# In an ARN also the name that an operator gave an account in place of a number; whether there is
# such a one is asked of bucket policies, when they are put.
_NAMED_ACCOUNT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
# The account's field is checked apart.
_ARNS: Final = (
    (re.compile(r"arn:aws:iam::([^:*?]*):user/[^*?]+"), PrincipalKind.USER),
    (re.compile(r"arn:aws:iam::([^:*?]*):role/[^*?]+"), PrincipalKind.ROLE),
    (re.compile(r"arn:aws:sts::([^:*?]*):assumed-role/[^/*?]+/[^/*?]+"), PrincipalKind.SESSION),
    (re.compile(r"arn:aws:sts::([^:*?]*):federated-user/[^*?]+"), PrincipalKind.SESSION),
)
_ROOT: Final = re.compile(r"arn:aws:iam::([^:]*):root")
_CANONICAL_ID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SERVICE: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)
_PROVIDER: Final = re.compile(r"arn:aws:iam::[^:*?]+:(oidc|saml)-provider/[^*?]+")
_PROVIDER_HOST: Final = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+", re.ASCII)


def read_principals(value: object) -> tuple[Principal, ...]:
    """Of a Principal element: `"*"`, or lists by their kind.

    Raises Malformed: PRINCIPAL, with what there is no such of."""
    if value == "*":
        return (_EVERYBODY,)
    if not isinstance(value, Mapping) or not value:
        raise Malformed(Fault.PRINCIPAL, value if isinstance(value, str) else "")
    principals: list[Principal] = []
    for kind, names in value.items():
        listed = names if isinstance(names, list) else [names]
        if not listed:
            raise Malformed(Fault.PRINCIPAL, f'"{kind}"')
        principals += (_read(kind, name) for name in listed)
    return tuple(principals)


def _read(kind: str, name: object) -> Principal:
    if is_text(name):
        match kind:
            case "AWS":
                principal = _read_aws(name)
            case "CanonicalUser" if _CANONICAL_ID.fullmatch(name):
                principal = Principal(PrincipalKind.CANONICAL_USER, name)
            case "Service" if _SERVICE.fullmatch(name):
                principal = Principal(PrincipalKind.SERVICE, name)
            case "Federated" if (
                name == "*" or _PROVIDER.fullmatch(name) or _PROVIDER_HOST.fullmatch(name)
            ):
                principal = Principal(PrincipalKind.FEDERATED, name)
            case _:
                principal = None
        if principal is not None:
            return principal
    raise Malformed(Fault.PRINCIPAL, f'"{kind}":"{name}"')


def _read_aws(name: str) -> Principal | None:
    if name == "*":
        return _EVERYBODY
    if _ACCOUNT.fullmatch(name):
        return Principal(PrincipalKind.ACCOUNT, name, name)
    root = _ROOT.fullmatch(name)
    if root is not None:
        account = root[1]
        return Principal(PrincipalKind.ACCOUNT, account, account) if _is_account(account) else None
    for form, kind in _ARNS:
        match = form.fullmatch(name)
        if match is not None and _is_account(match[1]):
            return Principal(kind, name, match[1])
    return None


def _is_account(text: str) -> bool:
    return _NAMED_ACCOUNT.fullmatch(text) is not None


def _values(principals: Sequence[Principal], *kinds: PrincipalKind) -> frozenset[str]:
    return frozenset(principal.value for principal in principals if principal.kind in kinds)


class Principals:
    """Those of a statement. Attributes:
    named: all of them.
    is_everybody: whoever it is, nobody in particular among them.
    """

    __slots__ = (
        "_accounts", "_canonical", "_persons", "_providers", "_roles", "is_everybody", "named",
    )  # fmt: skip

    def __init__(self, named: Sequence[Principal]) -> None:
        self.named = tuple(named)
        self.is_everybody = _EVERYBODY in named
        self._persons = _values(named, PrincipalKind.USER, PrincipalKind.SESSION)
        self._roles = _values(named, PrincipalKind.ROLE)
        self._accounts = _values(named, PrincipalKind.ACCOUNT)
        self._canonical = _values(named, PrincipalKind.CANONICAL_USER)
        self._providers = _values(named, PrincipalKind.FEDERATED)

    def verdict(self, caller: Caller) -> Verdict:
        """How a statement that allows them speaks of the caller, at its strongest."""
        if caller.arn in self._persons:
            return Verdict.ALLOW
        is_session = caller.kind is CallerKind.ROLE_SESSION
        if self.is_everybody or (self._providers and self._has_provider(caller)):
            return Verdict.ALLOW_ROLE if is_session else Verdict.ALLOW
        if is_session and caller.role_arn in self._roles:
            return Verdict.ALLOW_ROLE
        if caller.account_id in self._accounts or caller.canonical_id in self._canonical:
            return Verdict.ALLOW_ACCOUNT
        return Verdict.NOTHING

    def spare(self, caller: Caller) -> bool:
        """Of a NotPrincipal: whether the caller is left out. All that it is has to be named: its
        account, the role, and itself."""
        if self.is_everybody or (self._providers and self._has_provider(caller)):
            return True
        if not (caller.account_id in self._accounts or caller.canonical_id in self._canonical):
            return False
        if caller.kind is CallerKind.ROLE_SESSION and caller.role_arn not in self._roles:
            return False
        return caller.kind is CallerKind.ROOT or caller.arn in self._persons

    def _has_provider(self, caller: Caller) -> bool:
        provider = caller.context.get(FEDERATED_PROVIDER)
        return provider is not None and (provider in self._providers or "*" in self._providers)
