"""Odd forms and preflights: each has an answer that S3 could give, and of what is refused nothing
is stored."""

import time
from collections.abc import Callable, Iterator
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.integration.endpoint import Endpoint, keys_of
from tests.integration.s3.fuzz.forms import odd_form, odd_preflight
from tests.integration.s3.fuzz.requests_sent import check_answer
from tests.integration.s3.wire import Answer, Connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Make = Callable[[Random, Endpoint, str], bytes]
_FEW: Final = 400
_MANY: Final = 10_000
_ANSWER_SECONDS_MAX: Final = 20


@pytest.fixture
def ruled(s3: "S3Client", bucket: str) -> Iterator[str]:
    rule: Any = {"AllowedOrigins": ["https://*.example"], "AllowedMethods": ["GET"]}
    rule["AllowedHeaders"] = ["*"]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    yield bucket


def _asked(endpoint: Endpoint, data: bytes) -> Answer:
    wire = Connection(endpoint.address)
    try:
        try:
            wire.send(data)
            # A body that is shorter than it says ends here.
            wire.half_close()
        except (BrokenPipeError, ConnectionResetError):
            # It has answered a part of it, and closed: the answer is there.
            pass
        return wire.answer()
    finally:
        wire.close()


def _stored(answer: Answer) -> str:
    """The key."""
    url = urlsplit(answer.fields["location"])
    if answer.status == 303:
        return parse_qs(url.query, keep_blank_values=True)["key"][0]
    return unquote(url.path).split("/", 2)[2]


def _fuzzed(endpoint: Endpoint, s3: "S3Client", bucket: str, make: Make, count: int) -> None:
    stored: set[str] = set()
    codes: dict[str, int] = {}
    for number in range(count):
        data = make(Random(f"forms-{number}"), endpoint, bucket)
        begun = time.monotonic()
        try:
            answer = _asked(endpoint, data)
            check_answer(answer, is_of_head=False)
        except (AssertionError, OSError, ValueError, KeyError) as error:
            raise AssertionError(f"forms-{number}: {error!r} of {data!r:.3000}") from error
        assert time.monotonic() - begun < _ANSWER_SECONDS_MAX, number
        if answer.status < 400 and data.startswith(b"POST"):
            stored.add(_stored(answer))
        said = answer.code if answer.status >= 400 else str(answer.status)
        codes[said] = codes.get(said, 0) + 1
    print(dict(sorted(codes.items(), key=lambda item: -item[1])))
    assert set(keys_of(s3, bucket)) == stored
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    # What is refused at once says nothing of what is behind it.
    assert len(codes) >= 5 and sum(codes.get(status, 0) for status in ("200", "204")) > count // 20


@pytest.mark.parametrize("make", [odd_form, odd_preflight])
def test_odd_ones_are_answered(endpoint: Endpoint, s3: "S3Client", ruled: str, make: Make) -> None:
    _fuzzed(endpoint, s3, ruled, make, _FEW)


@pytest.mark.slow
@pytest.mark.parametrize("make", [odd_form, odd_preflight])
def test_many_odd_ones_are_answered(
    endpoint: Endpoint, s3: "S3Client", ruled: str, make: Make
) -> None:
    _fuzzed(endpoint, s3, ruled, make, _MANY)
