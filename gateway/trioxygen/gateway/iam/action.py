"""What a row of the table of IAM and STS actions says. The rows stand beside their handlers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.decision import Decision
from trioxygen.gateway.access.permissions import Permissions
from trioxygen.gateway.iam.arguments import Argument, Arguments
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.services import IamServices
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.iam import Tags


class Api(Enum):
    """Attributes:
    version: what a request names.
    xmlns: of answers."""

    IAM = ("iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/")
    STS = ("sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/")

    def __init__(self, service: str, version: str, xmlns: str) -> None:
        self.service, self.version, self.xmlns = service, version, xmlns


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who asks. Attributes:
    is_session: with credentials that end; of a user or root: of GetSessionToken.
    """

    account: Account
    caller: Caller
    permissions: Permissions
    is_session: bool = False

    @property
    def is_root(self) -> bool:
        return self.caller.kind is CallerKind.ROOT


class Subject(NamedTuple):
    """What an action is about. Attributes:
    arn: "*" of actions that are about no single thing.
    tags: its own.
    keys: further condition keys, in lower case.
    """

    arn: str
    tags: Tags = ()
    keys: Sequence[tuple[str, Sequence[str]]] = ()


ANYTHING = Subject("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, as handlers see it. Attributes:
    peer: the address that it came from.
    keys: condition keys of the request itself, in lower case.
    signer_or_none: None: nobody signed; only actions that say so are asked then.
    decisions: that were made of it, in order.
    asked: what the caller's own policies were asked, for explanations.
    """

    services: IamServices
    arguments: Arguments
    request_id: str
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    signer_or_none: Signer | None = None
    decisions: list[Decision] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def signer(self) -> Signer:
        assert self.signer_or_none is not None, "an unsigned request came to a signed action"
        return self.signer_or_none

    @property
    def account_id(self) -> str:
        return self.signer.account.account_id


Handler = Callable[[Call], Awaitable[Mapping[str, Value] | None]]
Subjects = Callable[[Call], Awaitable[Subject]]


async def anything(_: Call) -> Subject:
    return ANYTHING


class Decides(Enum):
    """Who decides whether an action is allowed. IDENTITY: the caller's policies; root may.
    HANDLER: the handler itself, by more than those. NOBODY: everybody may who signs."""

    IDENTITY = "identity"
    HANDLER = "handler"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Attributes:
    handler: gives the fields of the result; None: the action has none.
    subject: what is decided about.
    for_sessions: GetSessionToken's credentials may ask for it.
    """

    name: str
    handler: Handler
    arguments: tuple[Argument, ...] = ()
    subject: Subjects = anything
    api: Api = Api.IAM
    decides: Decides = Decides.IDENTITY
    is_signed: bool = True
    for_sessions: bool = False

    @property
    def permission(self) -> str:
        """Source: Service Authorization Reference: IAM's and STS's actions are named as they."""
        return f"{self.api.service}:{self.name}"
