"""Permissions boundaries of users and roles. Source: IAM API reference."""

from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.action import Action, Call, Handler
from trioxygen.gateway.iam.arguments import needed, text
from trioxygen.gateway.iam.errors import no_such_entity
from trioxygen.gateway.iam.principals import ROLE, USER, Words, lookup, subject_of
from trioxygen.gateway.store.values.iam import PrincipalChange

BOUNDARY: Final = text("PermissionsBoundary", rules.ARN)


async def check_boundary(call: Call) -> str:
    """The ARN that was sent; "": none. Raises: NoSuchEntity: there is no such policy."""
    arn = call.arguments.maybe("PermissionsBoundary")
    if arn:
        try:
            await call.services.iam.policies.lookup(call.account_id, arn)
        except NoSuchEntity:
            raise no_such_entity(f"Scope ARN: {arn} does not exist or is not attachable.") from None
    return arn


def _put(words: Words) -> Handler:
    async def put(call: Call) -> None:
        name, boundary = (await lookup(call, words)).name, await check_boundary(call)
        await call.services.iam.principals.change(
            call.account_id, words.kind, name, PrincipalChange(boundary=boundary)
        )

    return put


def _delete(words: Words) -> Handler:
    async def delete(call: Call) -> None:
        principal = await lookup(call, words)
        if not principal.boundary:
            raise no_such_entity(
                f"No permissions boundary is set for {words.noun.lower()} {principal.name}."
            )
        await call.services.iam.principals.change(
            call.account_id, words.kind, principal.name, PrincipalChange(boundary="")
        )

    return delete


ROWS: Final = tuple(
    row
    for words in (USER, ROLE)
    for row in (
        Action(
            name=f"Put{words.noun}PermissionsBoundary",
            arguments=(words.argument, needed(BOUNDARY)),
            subject=subject_of(words),
            handler=_put(words),
        ),
        Action(
            name=f"Delete{words.noun}PermissionsBoundary",
            arguments=(words.argument,),
            subject=subject_of(words),
            handler=_delete(words),
        ),
    )
)
