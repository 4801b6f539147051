"""Bodies that policies may ask about are read before it is decided; others after it."""

from base64 import b64encode
from collections.abc import MutableMapping
from hashlib import md5
from typing import Any, Final

import pytest

from tests.unit.gateway.access.said import USER
from tests.unit.gateway.s3.one_bucket import OWNER, OneBucket, request_to
from tests.unit.gateway.s3.test_asking import OWNED, ask, permitted, policy
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.request import S3Request

TAGS: Final = (
    b"<Tagging><TagSet><Tag><Key>Team</Key><Value>red</Value></Tag>"
    b"<Tag><Key>b</Key><Value></Value></Tag></TagSet></Tagging>"
)
BUCKET: Final = (
    b"<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>"
    b"<Tags><Tag><Key>Team</Key><Value>red</Value></Tag></Tags></CreateBucketConfiguration>"
)
RETENTION: Final = (
    b"<Retention><Mode>GOVERNANCE</Mode>"
    b"<RetainUntilDate>2199-01-01T00:00:00Z</RetainUntilDate></Retention>"
)
HOLD: Final = b"<LegalHold><Status>ON</Status></LegalHold>"


def with_condition(action: str, condition: str) -> Policy:
    return read_identity_policy(
        f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"s3:{action}",'
        f'"Resource":"*","Condition":{condition}}}]}}'
    )


def sent(key: str | None, permissions: Permissions, body: bytes, **headers: str) -> S3Request:
    length = {"content-length": str(len(body))}
    request = request_to("bucket", key, OWNER, {**length, **headers}, query="")
    request.caller, request.permissions = USER, permissions

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    request.receive = receive
    return request


@pytest.mark.parametrize(
    ("name", "action", "body", "holds", "fails"),
    [
        (
            "PutObjectTagging",
            "PutObjectTagging",
            TAGS,
            '{"StringEquals":{"s3:RequestObjectTag/Team":"red"}}',
            '{"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["Team"]}}',
        ),
        (
            "PutObjectRetention",
            "PutObjectRetention",
            RETENTION,
            '{"StringEquals":{"s3:object-lock-mode":"GOVERNANCE"}}',
            '{"NumericLessThan":{"s3:object-lock-remaining-retention-days":"30"}}',
        ),
        (
            "PutObjectLegalHold",
            "PutObjectLegalHold",
            HOLD,
            '{"StringEquals":{"s3:object-lock-legal-hold":"ON"}}',
            '{"StringEquals":{"s3:object-lock-legal-hold":"OFF"}}',
        ),
        (
            "CreateBucket",
            "CreateBucket",
            BUCKET,
            '{"StringEquals":{"s3:LocationConstraint":"eu-west-1","aws:RequestTag/Team":"red"}}',
            '{"StringEquals":{"s3:LocationConstraint":"eu-west-2"}}',
        ),
    ],
)
def test_conditions_on_bodies(name: str, action: str, body: bytes, holds: str, fails: str) -> None:
    key = None if name == "CreateBucket" else "k"
    digest = {"content-md5": _md5(body)}
    for condition, is_allowed in ((holds, True), (fails, False)):
        tags = policy("TagResource")
        request = sent(key, permitted(with_condition(action, condition), tags), body, **digest)
        if is_allowed:
            ask(name, request, OneBucket(OWNED))
            continue
        with pytest.raises(S3Error) as refused:
            ask(name, request, OneBucket(OWNED))
        assert refused.value.code == "AccessDenied"


@pytest.mark.parametrize(
    ("name", "body", "key", "value", "header"),
    [
        ("PutObjectTagging", TAGS, "RequestObjectTag/Project", "x", {"x-amz-tagging": "Project=x"}),
        (
            "PutObjectRetention",
            b"<Retention/>",
            "object-lock-mode",
            "COMPLIANCE",
            {"x-amz-object-lock-mode": "COMPLIANCE"},
        ),
    ],
)
def test_header_does_not_say_what_the_body_leaves_out(
    name: str, body: bytes, key: str, value: str, header: dict[str, str]
) -> None:
    allowed = with_condition(name, f'{{"StringEquals":{{"s3:{key}":"{value}"}}}}')
    request = sent("k", permitted(allowed), body, **{"content-md5": _md5(body)}, **header)
    with pytest.raises(S3Error) as refused:
        ask(name, request, OneBucket(OWNED))
    assert refused.value.code == "AccessDenied"


def _md5(body: bytes) -> str:
    return b64encode(md5(body).digest()).decode()


def test_new_bucket_with_tags_is_made_by_who_may_give_them() -> None:
    with pytest.raises(S3Error) as refused:
        ask("CreateBucket", sent(None, permitted(policy("CreateBucket")), BUCKET), OneBucket({}))
    assert "s3:TagResource" in refused.value.message


def test_body_is_not_asked_of_whom_nothing_lets_in() -> None:
    # Its `receive` fails.
    request = request_to("bucket", "k", OWNER)
    request.caller, request.permissions = USER, NO_PERMISSIONS
    with pytest.raises(S3Error) as refused:
        ask("PutObjectTagging", request, OneBucket(OWNED))
    assert refused.value.code == "AccessDenied"


def test_bad_body_is_said_to_be_one_when_it_is_known_who_may() -> None:
    request = sent("k", permitted(policy("PutObjectTagging")), b"<Tagging")
    ask("PutObjectTagging", request, OneBucket(OWNED))
    assert request.ahead is not None and not request.body_keys
    denied = sent("k", permitted(policy("GetObject")), b"<Tagging")
    with pytest.raises(S3Error) as refused:
        ask("PutObjectTagging", denied, OneBucket(OWNED))
    assert refused.value.code == "AccessDenied"
