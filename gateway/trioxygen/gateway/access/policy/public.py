"""Whether a bucket's policy lets everybody in.

Source: S3 user guide, "Blocking public access to your Amazon S3 storage", "The meaning of public":
a statement that allows is public unless it is for fixed principals, or for fixed values of one of a
few condition keys. Fixed: without wildcards and variables; of addresses, not very many of them."""

from typing import Final

from trioxygen.gateway.access.policy.conditions import Condition
from trioxygen.gateway.access.policy.operators import Quantifier
from trioxygen.gateway.access.policy.patterns import has_wildcards
from trioxygen.gateway.access.policy.principals import PrincipalKind, Principals
from trioxygen.gateway.access.policy.statement import Statement
from trioxygen.gateway.access.policy.values import network_of
from trioxygen.gateway.access.policy.variables import Template

_ADDRESS_KEY: Final = "aws:sourceip"
_ACCESS_POINT_KEY: Final = "s3:dataaccesspointarn"
_TEXT_OPERATORS: Final = frozenset(
    ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
)
_FIXING_KEYS: Final = frozenset(
    (
        "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount",
        "aws:principalorgid", "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointaccount", "aws:userid", _ACCESS_POINT_KEY,
    )
)  # fmt: skip
# The shortest prefix of addresses that are not too many.
_PREFIX_MIN: Final = {4: 8, 6: 32}
_ACCESS_POINT_FIELDS: Final = 6


def makes_public(statement: Statement) -> bool:
    return (
        not statement.is_deny
        and statement.principals is not None
        and _is_open(statement.principals)
        and not any(map(_is_fixing, statement.conditions))
    )


def _is_open(principals: Principals) -> bool:
    return principals.is_everybody or any(
        principal.kind is PrincipalKind.FEDERATED for principal in principals.named
    )


def _is_fixing(condition: Condition) -> bool:
    """Whether only some get past it, whom the policy names."""
    operator, key = condition.operator, condition.key.lower()
    if operator.if_exists or operator.quantifier is Quantifier.ALL:
        return False
    name = operator.name.removeprefix(Quantifier.ANY.value)
    texts = condition.wanted.texts
    if key == _ADDRESS_KEY:
        return name == "IpAddress" and all(
            not isinstance(text, Template) and _is_narrow(text) for text in texts
        )
    return (
        name in _TEXT_OPERATORS
        and key in _FIXING_KEYS
        and all(not isinstance(text, Template) and _is_fixed(key, text) for text in texts)
    )


def _is_fixed(key: str, text: str) -> bool:
    if key == _ACCESS_POINT_KEY:
        # The name of the access point may be any; region and account not.
        fields = text.split(":")
        return len(fields) == _ACCESS_POINT_FIELDS and not any(map(has_wildcards, fields[:-1]))
    return bool(text) and not has_wildcards(text) and "*" not in text


def _is_narrow(text: str) -> bool:
    network = network_of(text)
    return network is not None and network.prefix_bits >= _PREFIX_MIN[network.version]
