"""Tags of users, roles, policies and OpenID Connect providers. Source: IAM API reference."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.iam_errors import LimitExceeded
from trioxygen.common.iam_limits import TAGS_MAX
from trioxygen.gateway.iam import arguments, pages, rules
from trioxygen.gateway.iam.action import Action, Call, Subjects
from trioxygen.gateway.iam.arguments import Argument, needed, text
from trioxygen.gateway.iam.document import Value
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.managed_lookup import lookup_policy, subject_policy
from trioxygen.gateway.iam.principals import ROLE, USER, Words, lookup, subject_of
from trioxygen.gateway.iam.providers_lookup import PROVIDER_ARN, lookup_provider, subject_provider
from trioxygen.gateway.iam.shown import tags_shown
from trioxygen.gateway.store.values.iam import Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """What can have tags. Attributes:
    noun: as in names of actions. tags: what is there. tag, untag: what becomes of them.
    """

    noun: str
    argument: Argument
    subject: Subjects
    tags: Callable[[Call], Awaitable[Tags]]
    tag: Callable[[Call, Tags], Awaitable[None]]
    untag: Callable[[Call, Sequence[str]], Awaitable[None]]


def merged(old: Tags, new: Tags) -> Tags:
    """New values in place of old ones; keys are alike in any case. Raises: LimitExceeded."""
    tags = {key.lower(): (key, value) for key, value in (*old, *new)}
    if len(tags) > TAGS_MAX:
        raise too_many_tags()
    return tuple(tags.values())


def too_many_tags() -> IamError:
    return IamError(
        "LimitExceeded",
        "The number of tags has reached the maximum limit.",
    )


def _principal(words: Words) -> Tagged:
    async def tags(call: Call) -> Tags:
        return (await lookup(call, words)).tags

    async def tag(call: Call, new: Tags) -> None:
        principal = await lookup(call, words)
        merged(principal.tags, new)
        try:
            await call.services.iam.principals.tag(call.account_id, words.kind, principal.name, new)
        except LimitExceeded:
            raise too_many_tags() from None

    async def untag(call: Call, keys: Sequence[str]) -> None:
        principal = await lookup(call, words)
        await call.services.iam.principals.untag(call.account_id, words.kind, principal.name, keys)

    return Tagged(
        noun=words.noun,
        argument=words.argument,
        subject=subject_of(words),
        tags=tags,
        tag=tag,
        untag=untag,
    )


async def _policy_tags(call: Call) -> Tags:
    return (await lookup_policy(call)).tags


async def _tag_policy(call: Call, new: Tags) -> None:
    policy = await lookup_policy(call, is_changed=True)
    merged(policy.tags, new)
    await call.services.iam.policies.tag(call.account_id, policy.arn, new)


async def _untag_policy(call: Call, keys: Sequence[str]) -> None:
    policy = await lookup_policy(call, is_changed=True)
    await call.services.iam.policies.untag(call.account_id, policy.arn, keys)


async def _provider_tags(call: Call) -> Tags:
    return (await lookup_provider(call)).tags


async def _tag_provider(call: Call, new: Tags) -> None:
    provider = await lookup_provider(call)
    await call.services.iam.providers.change(
        call.account_id, provider.arn, tags=merged(provider.tags, new)
    )


async def _untag_provider(call: Call, keys: Sequence[str]) -> None:
    provider = await lookup_provider(call)
    gone = {key.lower() for key in keys}
    kept = tuple(tag for tag in provider.tags if tag[0].lower() not in gone)
    await call.services.iam.providers.change(call.account_id, provider.arn, tags=kept)


_ALL: Final = (
    _principal(USER),
    _principal(ROLE),
    Tagged(
        noun="Policy",
        argument=arguments.POLICY_ARN,
        subject=subject_policy,
        tags=_policy_tags,
        tag=_tag_policy,
        untag=_untag_policy,
    ),
    Tagged(
        noun="OpenIDConnectProvider",
        argument=needed(text(PROVIDER_ARN, rules.ARN)),
        subject=subject_provider,
        tags=_provider_tags,
        tag=_tag_provider,
        untag=_untag_provider,
    ),
)


def _rows(tagged: Tagged) -> tuple[Action, ...]:
    async def tag(call: Call) -> None:
        await tagged.tag(call, call.arguments.tags())

    async def untag(call: Call) -> None:
        await tagged.untag(call, call.arguments.texts("TagKeys"))

    async def list_(call: Call) -> Mapping[str, Value]:
        tags, rest = pages.page_of(call, tuple(await tagged.tags(call)), lambda tag: tag[0])
        return {"Tags": tags_shown(tags), **rest}

    noun, argument, subject = tagged.noun, tagged.argument, tagged.subject
    return (
        Action(
            name=f"Tag{noun}",
            arguments=(argument, needed(arguments.TAGS)),
            subject=subject,
            handler=tag,
        ),
        Action(
            name=f"Untag{noun}",
            arguments=(argument, arguments.TAG_KEYS),
            subject=subject,
            handler=untag,
        ),
        Action(
            name=f"List{noun}Tags",
            arguments=(argument, *arguments.PAGE),
            subject=subject,
            handler=list_,
        ),
    )


ROWS: Final = tuple(row for tagged in _ALL for row in _rows(tagged))
