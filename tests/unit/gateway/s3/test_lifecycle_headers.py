"""What answers tell of lifecycle rules, and what they tell nothing of."""

import asyncio
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from trioxygen.common.errors import Corrupt, NoSuchBucket, TrioxygenError, Unavailable
from trioxygen.common.lifecycle import Expiration, Filter, Form, LifecycleRule, LifecycleRules
from trioxygen.common.units import DAY_MS
from trioxygen.gateway.s3.lifecycle_headers import (
    abort_headers,
    completed_headers,
    expiration_headers,
)
from trioxygen.gateway.s3.request import Headers
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket
from trioxygen.gateway.store.values.keys import Committed

BUCKET: Final = Bucket("s3v", "b", 7, "1", 0, "", lifecycle_revision=1)
# What a rule may say at most, and the last day that a date of HTTP can say, counted from 1970.
DAYS_MAX: Final = 2**31 - 1
LAST_DAY: Final = 2_932_896


def rules(days: int) -> LifecycleRules:
    rule = LifecycleRule(
        rule_id="r",
        is_enabled=True,
        filter=Filter(Form.FILTER),
        expiration=Expiration(days),
        abort_days=days,
    )
    return LifecycleRules((rule,))


class Lifecycles:
    def __init__(self, answer: LifecycleRules | TrioxygenError) -> None:
        self._answer = answer

    async def of(self, bucket: Bucket) -> LifecycleRules | None:
        assert bucket is BUCKET
        if isinstance(self._answer, TrioxygenError):
            raise self._answer
        return self._answer


def services_with(lifecycles: Lifecycles) -> Services:
    parts: Any = SimpleNamespace(lifecycles=lifecycles, config=SimpleNamespace(day_ms=DAY_MS))
    return cast(Services, parts)


def headers_with(lifecycles: Lifecycles) -> Headers:
    """Of an object that was written, and of an upload that was begun, in 1970."""
    services = services_with(lifecycles)

    async def both() -> Headers:
        return [
            *await expiration_headers(services, BUCKET, "k", size_bytes=1, tags=(), modified_ms=0),
            *await abort_headers(services, BUCKET, "k", begun_ms=0),
        ]

    return asyncio.run(both())


def test_last_day_of_http_is_told() -> None:
    assert headers_with(Lifecycles(rules(LAST_DAY))) == [
        (b"x-amz-expiration", b'expiry-date="Fri, 31 Dec 9999 00:00:00 GMT", rule-id="r"'),
        (b"x-amz-abort-date", b"Fri, 31 Dec 9999 00:00:00 GMT"),
        (b"x-amz-abort-rule-id", b"r"),
    ]


@pytest.mark.parametrize("days", [LAST_DAY + 1, DAYS_MAX])
def test_what_no_date_of_http_says_is_not_told(days: int) -> None:
    assert headers_with(Lifecycles(rules(days))) == []


@pytest.mark.parametrize("error", [Corrupt("rules"), Unavailable("the OM"), NoSuchBucket()])
def test_rules_that_cannot_be_read_fail_nothing_and_somebody_is_told(
    error: TrioxygenError, caplog: pytest.LogCaptureFixture
) -> None:
    assert headers_with(Lifecycles(error)) == []
    level = "ERROR" if isinstance(error, Corrupt) else "WARNING"
    assert {record.levelname for record in caplog.records} == {level}
    assert "lifecycle_header_left_out" in caplog.text and "bucket=b" in caplog.text


def test_completed_upload_that_cannot_be_looked_up_is_complete_all_the_same() -> None:
    async def unavailable(*_: object) -> None:
        raise Unavailable("the OM")

    services: Any = services_with(Lifecycles(rules(1)))
    services.store = SimpleNamespace(keys=SimpleNamespace(lookup=unavailable))
    committed = Committed(1, 0, None)
    assert asyncio.run(completed_headers(services, BUCKET, "k", committed)) == []
