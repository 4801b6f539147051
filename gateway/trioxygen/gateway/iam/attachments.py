"""Managed policies attached to users, groups and roles. Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call, Handler
from trioxygen.gateway.iam.arguments import text
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import no_such_entity
from trioxygen.gateway.iam.principals import ALL, Words, lookup, subject_of
from trioxygen.gateway.iam.shown import attached_shown

_PATH_START: Final = ":policy"


def _attach(words: Words) -> Handler:
    async def attach(call: Call) -> None:
        principal, arn = await lookup(call, words), call.arguments.text("PolicyArn")
        try:
            await call.services.iam.policies.lookup(call.account_id, arn)
        except NoSuchEntity:
            raise no_such_entity(f"Policy {arn} does not exist or is not attachable.") from None
        await call.services.iam.principals.attach(call.account_id, words.kind, principal.name, arn)

    return attach


def _detach(words: Words) -> Handler:
    async def detach(call: Call) -> None:
        principal, arn = await lookup(call, words), call.arguments.text("PolicyArn")
        if arn not in principal.attached:
            raise no_such_entity(f"Policy {arn} was not found.")
        await call.services.iam.principals.detach(call.account_id, words.kind, principal.name, arn)

    return detach


def _list(words: Words) -> Handler:
    async def list_(call: Call) -> Mapping[str, Value]:
        principal = await lookup(call, words)
        prefix = call.arguments.maybe("PathPrefix", "/")
        arns = [arn for arn in principal.attached if path_of(arn).startswith(prefix)]
        page, rest = pages.page_of(call, arns, pages.itself)
        return {"AttachedPolicies": [attached_shown(arn) for arn in page], **rest}

    return list_


def path_of(policy_arn: str) -> str:
    """`/`, `/team/`"""
    resource = policy_arn.partition(_PATH_START)[2]
    return resource[: resource.rfind("/") + 1]


def _rows(words: Words) -> tuple[Action, ...]:
    subject, noun = subject_of(words), words.noun
    named = (words.argument, arguments.POLICY_ARN)
    return (
        Action(
            name=f"Attach{noun}Policy",
            arguments=named,
            subject=subject,
            handler=_attach(words),
        ),
        Action(
            name=f"Detach{noun}Policy",
            arguments=named,
            subject=subject,
            handler=_detach(words),
        ),
        Action(
            name=f"ListAttached{noun}Policies",
            arguments=(words.argument, text("PathPrefix", rules.POLICY_PATH), *arguments.PAGE),
            subject=subject,
            handler=_list(words),
        ),
    )


ROWS: Final = tuple(row for words in ALL for row in _rows(words))
