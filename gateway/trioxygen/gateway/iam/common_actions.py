"""What users, groups and roles are asked for alike: made, renamed, deleted and listed.

Source of texts: IAM's answers."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from trioxygen.common.iam_errors import EntityAlreadyExists
from trioxygen.gateway.iam import pages
from trioxygen.gateway.iam.action import Call, Subject
from trioxygen.gateway.iam.admission import admit
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.principals import Words, lookup, subject_from
from trioxygen.gateway.iam.shown import Fields
from trioxygen.gateway.store.values.iam import Principal, PrincipalChange


async def create(call: Call, words: Words, principal: Principal) -> Principal:
    """As it is then. Raises: IamError EntityAlreadyExists."""
    try:
        return await call.services.iam.principals.create(principal)
    except EntityAlreadyExists:
        raise _taken(words, principal.name) from None


def _taken(words: Words, name: str) -> IamError:
    return IamError("EntityAlreadyExists", f"{words.noun} with name {name} already exists.")


async def rename(call: Call, words: Words) -> None:
    """Another name, another path, or both: what is not said stays.

    Source: IAM API, UpdateUser, UpdateGroup. Raises: IamError EntityAlreadyExists; AccessDenied."""
    wanted = call.arguments
    old, new = wanted.text(words.name_argument), wanted.maybe(f"New{words.name_argument}")
    path = wanted.maybe("NewPath")
    principal = await lookup(call, words)
    await _admit_as(
        call,
        f"iam:Update{words.noun}",
        replace(principal, name=new or principal.name, path=path or principal.path),
    )
    change = PrincipalChange(name=new or None, path=path or None)
    try:
        await call.services.iam.principals.change(call.account_id, words.kind, old, change)
    except EntityAlreadyExists:
        raise _taken(words, new) from None


async def _admit_as(call: Call, permission: str, changed: Principal) -> None:
    """Returns when the caller may do it to the principal as it is after the request, too: nobody
    makes by another name what he may not make. Raises: AccessDenied."""

    async def subject(_call: Call) -> Subject:
        return subject_from(changed)

    await admit(call, permission, subject)


def check_empty(*left: tuple[object, str]) -> None:
    """Args: left: what it still has, if anything, and what would take it away; in AWS's order.

    Raises: IamError DeleteConflict."""
    for is_there, what in left:
        if is_there:
            raise IamError("DeleteConflict", f"Cannot delete entity, must {what} first.")


async def list_all(
    call: Call, words: Words, shown: Callable[[Principal], Fields]
) -> Mapping[str, Value]:
    """The page that is asked for, under the path that is asked for."""
    page = await call.services.iam.principals.list(
        call.account_id,
        words.kind,
        path_prefix=call.arguments.maybe("PathPrefix", "/"),
        after=pages.marker(call),
        count_max=pages.count_max(call),
    )
    rows: list[Value] = [shown(principal) for principal in page.rows]
    last = page.rows[-1].name if page.rows else ""
    return {f"{words.noun}s": rows, **pages.truncation(is_truncated=page.is_truncated, last=last)}
