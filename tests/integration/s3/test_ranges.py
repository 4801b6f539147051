"""Range and partNumber of GetObject and HeadObject."""

import random
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.endpoint import refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
SMALL = random.Random(1).randbytes(1_000)
LARGE = random.Random(2).randbytes(9 * MIB + 17)
BODIES = {"small": SMALL, "large": LARGE}


@pytest.fixture(scope="module")
def filled(s3: "S3Client", shared_bucket: str) -> Iterator[str]:
    for key, body in BODIES.items():
        s3.put_object(Bucket=shared_bucket, Key=key, Body=body)
    s3.put_object(Bucket=shared_bucket, Key="empty", Body=b"")
    yield shared_bucket


@pytest.mark.parametrize("key", list(BODIES))
@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, -1),
        ("bytes=5-9", 5, 9),
        ("bytes=999-999", 999, 999),
        ("bytes=990-", 990, -1),
        ("bytes=10-99999999999", 10, -1),
        ("bytes=-1", -1, -1),
        ("bytes=-500", -500, -1),
        ("bytes=-99999999999", 0, -1),
    ],
)
def test_range_is_cut_out(
    s3: "S3Client", filled: str, key: str, wanted: str, first: int, last: int
) -> None:
    body = BODIES[key]
    first, last = first % len(body), last % len(body)
    got = s3.get_object(Bucket=filled, Key=key, Range=wanted)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {first}-{last}/{len(body)}"
    assert got["Body"].read() == body[first : last + 1]
    head = s3.head_object(Bucket=filled, Key=key, Range=wanted)
    assert head["ContentLength"] == last - first + 1
    assert head["ContentRange"] == got["ContentRange"]


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("small", "bytes=1000-"),
        ("small", "bytes=1000-1001"),
        ("small", "bytes=-0"),
        ("empty", "bytes=0-0"),
        ("empty", "bytes=0-"),
    ],
)
def test_range_beyond_the_end_is_refused(
    s3: "S3Client", filled: str, key: str, wanted: str
) -> None:
    error = refusal(s3.get_object, Bucket=filled, Key=key, Range=wanted)
    assert (error.status, error.code) == (416, "InvalidRange")
    size = len(BODIES.get(key, b""))
    assert error.details["RangeRequested"] == wanted
    assert error.details["ActualObjectSize"] == str(size)
    assert error.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "wanted", ["bytes=5-4", "bytes=a-b", "bytes", "lines=0-1", "bytes=0-1,3-4", "bytes=-", ""]
)
def test_range_that_is_none_or_several_gives_the_whole(
    s3: "S3Client", filled: str, wanted: str
) -> None:
    got = s3.get_object(Bucket=filled, Key="small", Range=wanted)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert got["Body"].read() == SMALL


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.integers(0, len(LARGE) - 1), size=st.integers(1, 3 * MIB))
def test_any_range_of_a_large_object_is_exact(
    s3: "S3Client", filled: str, first: int, size: int
) -> None:
    got = s3.get_object(Bucket=filled, Key="large", Range=f"bytes={first}-{first + size - 1}")
    assert got["Body"].read() == LARGE[first : first + size]


def test_part_one_of_an_object_without_parts_is_the_whole(s3: "S3Client", filled: str) -> None:
    got = s3.get_object(Bucket=filled, Key="small", PartNumber=1)
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["Body"].read() == SMALL and "PartsCount" not in got
    assert got["ContentRange"] == "bytes 0-999/1000"
    error = refusal(s3.get_object, Bucket=filled, Key="small", PartNumber=2)
    assert (error.status, error.code) == (416, "InvalidPartNumber")
    assert error.details["ActualPartCount"] == "1"


def test_part_number_and_range_exclude_each_other(s3: "S3Client", filled: str) -> None:
    answer = refused(s3.get_object, Bucket=filled, Key="small", PartNumber=1, Range="bytes=0-1")
    assert answer == (400, "InvalidRequest")


@pytest.mark.parametrize("number", [0, 10_001])
def test_part_number_has_bounds(s3: "S3Client", filled: str, number: int) -> None:
    answer = refused(s3.get_object, Bucket=filled, Key="small", PartNumber=number)
    assert answer == (400, "InvalidArgument")
