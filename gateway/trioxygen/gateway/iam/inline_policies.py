"""Policies that are in a user, a group or a role. Source: IAM API reference."""

from collections.abc import Mapping
from typing import Final

from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call, Handler
from trioxygen.gateway.iam.arguments import needed, text
from trioxygen.gateway.iam.document import Value, policy_text
from trioxygen.gateway.iam.errors import IamError, no_such_entity
from trioxygen.gateway.iam.policy_documents import read_identity, size_of
from trioxygen.gateway.iam.principals import ALL, Words, lookup, subject_of
from trioxygen.gateway.iam.shown import Fields
from trioxygen.gateway.store.values.iam import Principal

_NAME: Final = needed(text("PolicyName", rules.NAME_128))
_DOCUMENT: Final = needed(text("PolicyDocument", rules.DOCUMENT))


def _put(words: Words) -> Handler:
    async def put(call: Call) -> None:
        name, document = call.arguments.text("PolicyName"), call.arguments.text("PolicyDocument")
        principal = await lookup(call, words)
        read_identity(document)
        _check_size(words, principal, name, document)
        await call.services.iam.principals.put_inline(
            call.account_id, words.kind, principal.name, name, document
        )

    return put


def _check_size(words: Words, principal: Principal, name: str, document: str) -> None:
    """Raises: LimitExceeded."""
    others = (text for other, text in principal.inline.items() if other != name)
    size_max = words.inline_size_max
    if size_of(document) + sum(map(size_of, others)) > size_max:
        raise IamError(
            "LimitExceeded",
            f"Maximum policy size of {size_max} bytes exceeded for"
            f" {words.noun.lower()} {principal.name}",
        )


def _get(words: Words) -> Handler:
    async def get(call: Call) -> Fields:
        principal, name = await _with_policy(call, words)
        return {
            words.name_argument: principal.name,
            "PolicyName": name,
            "PolicyDocument": policy_text(principal.inline[name]),
        }

    return get


async def _with_policy(call: Call, words: Words) -> tuple[Principal, str]:
    """Raises: NoSuchEntity, of the principal or the policy."""
    principal, name = await lookup(call, words), call.arguments.text("PolicyName")
    if name not in principal.inline:
        raise no_such_entity(f"The {words.noun.lower()} policy with name {name} cannot be found.")
    return principal, name


def _delete(words: Words) -> Handler:
    async def delete(call: Call) -> None:
        principal, name = await _with_policy(call, words)
        await call.services.iam.principals.delete_inline(
            call.account_id, words.kind, principal.name, name
        )

    return delete


def _list(words: Words) -> Handler:
    async def list_(call: Call) -> Mapping[str, Value]:
        principal = await lookup(call, words)
        names, rest = pages.page_of(call, list(principal.inline), pages.itself)
        return {"PolicyNames": list(names), **rest}

    return list_


def _rows(words: Words) -> tuple[Action, ...]:
    subject, noun = subject_of(words), words.noun
    return (
        Action(
            name=f"Put{noun}Policy",
            arguments=(words.argument, _NAME, _DOCUMENT),
            subject=subject,
            handler=_put(words),
        ),
        Action(
            name=f"Get{noun}Policy",
            arguments=(words.argument, _NAME),
            subject=subject,
            handler=_get(words),
        ),
        Action(
            name=f"Delete{noun}Policy",
            arguments=(words.argument, _NAME),
            subject=subject,
            handler=_delete(words),
        ),
        Action(
            name=f"List{noun}Policies",
            arguments=(words.argument, *arguments.PAGE),
            subject=subject,
            handler=_list(words),
        ),
    )


ROWS: Final = tuple(row for words in ALL for row in _rows(words))
