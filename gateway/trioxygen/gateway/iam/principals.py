"""What actions on users, groups and roles have in common: whose they are, and how they are named.

Source of texts: IAM's answers."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.common.iam_limits import (
    INLINE_OF_GROUP_MAX,
    INLINE_OF_ROLE_MAX,
    INLINE_OF_USER_MAX,
)
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.action import Call, Subject, Subjects
from trioxygen.gateway.iam.arguments import Argument, needed, text
from trioxygen.gateway.iam.errors import IamError, no_such_entity, validation_error
from trioxygen.gateway.iam.rules import TextRule
from trioxygen.gateway.store.values.iam import Principal, PrincipalKind


@dataclass(frozen=True, slots=True)
class Words:
    """Attributes:
    noun: `User`, as in names of actions and of arguments.
    new_rule, rule: of the name of one that is made, and of one that is there.
    inline_size_max: characters of all inline policies together, white space apart.
    """

    kind: PrincipalKind
    noun: str
    new_rule: TextRule
    rule: TextRule
    inline_size_max: int

    @property
    def name_argument(self) -> str:
        return f"{self.noun}Name"

    @property
    def argument(self) -> Argument:
        return needed(text(self.name_argument, self.rule))

    @property
    def new_argument(self) -> Argument:
        return needed(text(self.name_argument, self.new_rule))

    def missing(self, name: str) -> IamError:
        return no_such_entity(f"The {self.noun.lower()} with name {name} cannot be found.")


USER: Final = Words(PrincipalKind.USER, "User", rules.NAME_64, rules.NAME_128, INLINE_OF_USER_MAX)
GROUP: Final = Words(
    PrincipalKind.GROUP, "Group", rules.NAME_128, rules.NAME_128, INLINE_OF_GROUP_MAX
)
ROLE: Final = Words(PrincipalKind.ROLE, "Role", rules.NAME_64, rules.NAME_64, INLINE_OF_ROLE_MAX)
ALL: Final = (USER, GROUP, ROLE)
NEW_PATH: Final = text("Path", rules.PATH)


async def lookup(call: Call, words: Words, name: str | None = None) -> Principal:
    """Of the caller's account. Args: name: None: as the request says it.

    Raises: IamError NoSuchEntity."""
    wanted = call.arguments.text(words.name_argument) if name is None else name
    try:
        return await call.services.iam.principals.lookup(call.account_id, words.kind, wanted)
    except NoSuchEntity:
        raise words.missing(wanted) from None


def subject_of(words: Words) -> Subjects:
    """The principal that a request names; also of one that is not there: who may not ask is not
    told."""

    async def subject(call: Call) -> Subject:
        return await subject_named(call, words, call.arguments.text(words.name_argument))

    return subject


async def subject_named(call: Call, words: Words, name: str) -> Subject:
    principals = call.services.iam.principals
    try:
        principal = await principals.lookup(call.account_id, words.kind, name)
    except NoSuchEntity:
        principal = Principal(kind=words.kind, account_id=call.account_id, name=name)
    return subject_from(principal)


def subject_from(principal: Principal) -> Subject:
    boundary = principal.boundary
    keys = (("iam:permissionsboundary", (boundary,)),) if boundary else ()
    return Subject(principal.arn, principal.tags, keys)


def subject_made(words: Words) -> Subjects:
    """One that a request wants to make."""

    async def subject(call: Call) -> Subject:
        made = Principal(
            kind=words.kind,
            account_id=call.account_id,
            name=call.arguments.text(words.name_argument),
            path=call.arguments.maybe("Path", "/"),
        )
        return Subject(made.arn)

    return subject


def subject_listed(resource: str) -> Subjects:
    """Everything of a kind in the caller's account, under the path that is asked for.

    Args: resource: `user`, `role`, `policy`."""

    async def subject(call: Call) -> Subject:
        prefix = call.arguments.maybe("PathPrefix", "/")
        return Subject(f"arn:aws:iam::{call.account_id}:{resource}{prefix}")

    return subject


def own_user(call: Call) -> str:
    """The caller's user name; "": it is root. Raises: ValidationError, of who is neither."""
    caller = call.signer.caller
    if caller.kind is CallerKind.ROLE_SESSION:
        raise validation_error("Must specify userName when calling with non-User credentials")
    return caller.name


async def subject_own_or_named(call: Call) -> Subject:
    """The user that is named, or who asks."""
    name = call.arguments.maybe("UserName")
    if name:
        return await subject_named(call, USER, name)
    caller = call.signer.caller
    if caller.kind is CallerKind.USER:
        return await subject_named(call, USER, caller.name)
    return Subject(caller.arn)
