"""Listing against a model: order of UTF-8 bytes, every prefix, delimiter and page size."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.endpoint import empty, keys_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# UTF-16 would put U+10000 (a surrogate pair) before U+FFFF; UTF-8 does not.
AWKWARD = ["\U00010000", "\uffff", "\ue000", "\U0010ffff", "~", "é", "e\u0301", " ", "!", "/", "//"]

ALPHABET = st.sampled_from(["a", "b", "/", "é", "\uffff", "\U0001f600"])
KEY = st.text(ALPHABET, min_size=1, max_size=6)


def listed(keys: list[str], prefix: str, delimiter: str) -> list[str]:
    """Keys and common prefixes as S3 documents them, in the order of their UTF-8 bytes."""
    entries: set[str] = set()
    for key in keys:
        if not key.startswith(prefix):
            continue
        rest = key[len(prefix) :]
        cut = rest.find(delimiter) if delimiter else -1
        entries.add(key if cut < 0 else prefix + rest[: cut + len(delimiter)])
    return sorted(entries, key=str.encode)


def walk(s3: "S3Client", bucket: str, prefix: str, delimiter: str, size: int) -> list[str]:
    entries: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = s3.list_objects_v2(
            Bucket=bucket,
            Prefix=prefix,
            Delimiter=delimiter,
            MaxKeys=size,
            **more,  # type: ignore[arg-type]
        )
        here = [entry["Key"] for entry in page.get("Contents", [])]
        here += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        entries += sorted(here, key=str.encode)
        if not page["IsTruncated"]:
            return entries
        assert len(here) == size
        more = {"ContinuationToken": page["NextContinuationToken"]}


def test_order_is_that_of_the_bytes(s3: "S3Client", bucket: str) -> None:
    for key in AWKWARD:
        s3.put_object(Bucket=bucket, Key=key)
    expected = sorted(AWKWARD, key=str.encode)
    assert keys_of(s3, bucket) == expected
    assert expected != sorted(AWKWARD, key=lambda key: key.encode("utf-16-be"))
    for index, key in enumerate(expected):
        page = s3.list_objects_v2(Bucket=bucket, StartAfter=key)
        assert [entry["Key"] for entry in page.get("Contents", [])] == expected[index + 1 :]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    keys=st.lists(KEY, max_size=12, unique=True),
    asked=st.lists(
        st.tuples(
            st.text(ALPHABET, max_size=3),
            st.sampled_from(["", "/", "//", "a", "\U0001f600"]),
            st.integers(1, 5),
        ),
        min_size=5,
        max_size=5,
    ),
)
def test_every_listing_is_what_the_model_says(
    s3: "S3Client", shared_bucket: str, keys: list[str], asked: list[tuple[str, str, int]]
) -> None:
    for key in keys:
        s3.put_object(Bucket=shared_bucket, Key=key)
    for prefix, delimiter, size in asked:
        expected = listed(keys, prefix, delimiter)
        assert walk(s3, shared_bucket, prefix, delimiter, size) == expected
    empty(s3, shared_bucket)


@pytest.mark.parametrize(
    "key", ["new\nline.", "tab\tbell\x07", "\x01\x1f\x7f", "a\r\nb", "a\ufffe"]
)
def test_key_that_xml_cannot_hold_is_listed_encoded(s3: "S3Client", bucket: str, key: str) -> None:
    # boto3 asks for encoding-type=url by itself and decodes what it gets.
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"x"
    assert keys_of(s3, bucket) == [key]
    [version] = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert version["Key"] == key
    page = s3.list_objects_v2(Bucket=bucket, Prefix=key[:1], Delimiter=key[-1])
    assert page["CommonPrefixes"] == [{"Prefix": key}] and page["Delimiter"] == key[-1]
