"""`o3 can`: the gate's question without a request, and its whole answer."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.errors import InvalidRequest
from trioxygen.gateway.access.acl import load_acl
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import Caller
from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.denial import ALL_BUCKETS
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, BucketDocuments, Target
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.access.policy.s3_actions import S3_ACTIONS, ResourceType
from trioxygen.gateway.access.question import Context, Question
from trioxygen.gateway.can.whom import caller_with_policies, parse_whom
from trioxygen.gateway.explain.accesses import AccessView, access_view
from trioxygen.gateway.explain.explanation import CallerView
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.context import RequestContext
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.shares import ShareLimits, Shares
from trioxygen.gateway.store.iam_port import Iam
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import KeyRecord

_SCHEME: Final = "s3://"
_S3: Final = "s3:"
_OF_NEW_BUCKET: Final = "s3:CreateBucket"


@dataclass(frozen=True, slots=True)
class CanView:
    """key_exists: None: none is named."""

    caller: CallerView
    access: AccessView
    key_exists: bool | None


class AccessQuestions:
    """Args: services: of the gateway, whose documents are asked."""

    def __init__(self, services: Services, iam: Iam) -> None:
        self._services, self._iam = services, iam

    async def can(
        self, who: str, action: str, resource: str, given: Mapping[str, Sequence[str]]
    ) -> CanView:
        """Args:
        who: see `parse_whom`.
        action: of IAM; without a prefix, of S3.
        resource: `s3://bucket/key`, `s3://bucket`, `s3://`.
        given: condition keys, whatever their case, that a request would bring.
        Raises: NoSuchBucket, NoSuchEntity, InvalidRequest.
        """
        bucket_name, key = _parse_resource(resource)
        action = _checked_action(action, bucket_name, key)
        whom = parse_whom(who)
        bucket: Bucket | None = None
        record: KeyRecord | None = None
        documents, target = UNSET, OWN_ACCOUNT
        if bucket_name and action != _OF_NEW_BUCKET:
            bucket, record = await self._look_up(bucket_name, key)
            documents = await self._services.documents.of(bucket)
            target = _target(bucket, documents, record)
        home = "" if bucket is None else bucket.account_id
        caller, permissions = await caller_with_policies(self._iam, whom, home=home)
        base = _context(self._services, caller, action, bucket, record)
        context = _GivenContext({name.lower(): given[name] for name in given}, base)
        arn = (
            f"arn:aws:s3:::{bucket_name}{f'/{key}' if key else ''}" if bucket_name else ALL_BUCKETS
        )
        question = Question(action, arn, caller, context)
        decision = decide(question, permissions, documents, target)
        asked = Asked(question, permissions, documents, target, decision)
        return CanView(
            CallerView(account_id=caller.account_id, arn=caller.arn),
            access_view(asked),
            (record is not None and not record.is_marker) if key else None,
        )

    async def _look_up(self, bucket: str, key: str) -> tuple[Bucket, KeyRecord | None]:
        store, volume = self._services.store, self._services.volume
        if key:
            return await store.keys.lookup(volume, bucket, key)
        return await store.buckets.lookup(volume, bucket), None


class _GivenContext:
    """What was given, before what a request of the caller would bring anyway."""

    def __init__(self, given: Mapping[str, Sequence[str]], base: Context) -> None:
        self._given, self._base = given, base

    def values(self, key: str) -> Sequence[str] | None:
        given = self._given.get(key)
        return self._base.values(key) if given is None else given

    def from_outside(self) -> Context:
        return _GivenContext(self._given, self._base.from_outside())


async def _nothing() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _context(
    services: Services,
    caller: Caller,
    action: str,
    bucket: Bucket | None,
    record: KeyRecord | None,
) -> Context:
    """Of a request with nothing in it but who asks, through TLS as it is today."""
    head = RequestHead("GET", b"/", b"", ())
    request = S3Request(head, _nothing, "", "", "https", Shares(ShareLimits()))
    request.tls_version = ssl.TLSVersion.TLSv1_3
    request.caller = caller
    return RequestContext(request, services.clock.wall_ms, action, bucket, record)


def _target(bucket: Bucket, documents: BucketDocuments, record: KeyRecord | None) -> Target:
    if record is None or not uses_acls(documents.ownership):
        return Target(bucket.account_id)
    acl = load_acl(record.acl) if record.acl else None
    return Target(bucket.account_id, object_owner=record.account_id, object_acl=acl)


def _checked_action(action: str, bucket: str, key: str) -> str:
    """Raises InvalidRequest: S3 has no such action, or it is not about this."""
    name = action if ":" in action else f"{_S3}{action}"
    if not name.lower().startswith(_S3):
        raise InvalidRequest("it is no action of S3", action=action)
    known = S3_ACTIONS.get(name.lower())
    if known is None:
        raise InvalidRequest("S3 has no such action", action=action)
    about = known.resource
    if about is ResourceType.OBJECT and not key:
        raise InvalidRequest("it is about objects: name a key", action=known.name)
    if about is ResourceType.BUCKET and (key or not bucket):
        raise InvalidRequest("it is about buckets: name a bucket, and no key", action=known.name)
    if about is ResourceType.OTHER and bucket:
        raise InvalidRequest("it is about neither buckets nor keys: s3://", action=known.name)
    return known.name


def _parse_resource(text: str) -> tuple[str, str]:
    """(bucket, key), each may be empty. Raises InvalidRequest."""
    if not text.startswith(_SCHEME):
        raise InvalidRequest("give s3://BUCKET/KEY, s3://BUCKET, or s3://", resource=text)
    bucket, _, key = text.removeprefix(_SCHEME).partition("/")
    if key and not bucket:
        raise InvalidRequest("a key is in a bucket", resource=text)
    return bucket, key
