"""What answers tell of lifecycle rules, and what they tell nothing of."""

import asyncio
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from trioxygen.common.lifecycle import Expiration, Filter, Form, LifecycleRule, LifecycleRules
from trioxygen.common.units import DAY_MS
from trioxygen.gateway.s3.lifecycle_headers import abort_headers, expiration_headers
from trioxygen.gateway.s3.request import Headers
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket

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
    def __init__(self, answer: LifecycleRules) -> None:
        self._answer = answer

    async def of(self, bucket: Bucket) -> LifecycleRules | None:
        assert bucket is BUCKET
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
