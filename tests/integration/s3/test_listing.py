"""ListObjects and ListObjectsV2: what is listed, in pages, with and without delimiter."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import keys_of, refusal, refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEYS = ["a", "b/1", "b/2", "b/c/1", "b/c/2", "c", "d/", "d/x", "z/y/x", "é"]


@pytest.fixture(scope="module")
def filled(s3: "S3Client", shared_bucket: str) -> Iterator[str]:
    for key in KEYS:
        s3.put_object(Bucket=shared_bucket, Key=key, Body=key.encode())
    yield shared_bucket


def keys_and_prefixes(page: Any) -> tuple[list[str], list[str]]:
    """(keys, common prefixes)."""
    keys = [entry["Key"] for entry in page.get("Contents", [])]
    return keys, [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]


def test_all_keys_come_in_order(s3: "S3Client", filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled)
    assert keys_and_prefixes(page) == (KEYS, [])
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (len(KEYS), 1_000, False)
    assert page["Name"] == filled and page.get("Prefix", "") == ""
    assert "NextContinuationToken" not in page
    assert keys_and_prefixes(s3.list_objects(Bucket=filled)) == (KEYS, [])


def test_entry_tells_of_the_object(s3: "S3Client", filled: str) -> None:
    head = s3.head_object(Bucket=filled, Key="b/1")
    [entry] = s3.list_objects_v2(Bucket=filled, Prefix="b/1")["Contents"]
    assert entry["ETag"] == head["ETag"] and entry["Size"] == 3
    assert entry["LastModified"] == head["LastModified"]
    assert entry["StorageClass"] == "STANDARD"
    assert entry["ChecksumAlgorithm"] == ["CRC32"] and entry["ChecksumType"] == "FULL_OBJECT"
    assert "Owner" not in entry


def test_owner_comes_when_asked_for(s3: "S3Client", filled: str) -> None:
    owner = s3.list_buckets()["Owner"]
    [entry] = s3.list_objects_v2(Bucket=filled, Prefix="a", FetchOwner=True)["Contents"]
    assert entry["Owner"]["ID"] == owner["ID"]
    [first] = s3.list_objects(Bucket=filled, Prefix="a")["Contents"]
    assert first["Owner"]["ID"] == owner["ID"]


@pytest.mark.parametrize(
    ("prefix", "delimiter", "keys", "prefixes"),
    [
        ("", "/", ["a", "c", "é"], ["b/", "d/", "z/"]),
        ("b/", "/", ["b/1", "b/2"], ["b/c/"]),
        ("b/c", "/", [], ["b/c/"]),
        ("b/c/", "/", ["b/c/1", "b/c/2"], []),
        ("d/", "/", ["d/", "d/x"], []),
        ("nothing", "/", [], []),
        ("b/", "", ["b/1", "b/2", "b/c/1", "b/c/2"], []),
        ("", "c/", ["a", "b/1", "b/2", "c", "d/", "d/x", "z/y/x", "é"], ["b/c/"]),
        ("", "1", ["a", "b/2", "b/c/2", "c", "d/", "d/x", "z/y/x", "é"], ["b/1", "b/c/1"]),
        ("é", "/", ["é"], []),
    ],
)
def test_delimiter_rolls_up_what_follows_the_prefix(
    s3: "S3Client", filled: str, prefix: str, delimiter: str, keys: list[str], prefixes: list[str]
) -> None:
    asked: Any = {"Bucket": filled, "Prefix": prefix, "Delimiter": delimiter}
    page = s3.list_objects_v2(**asked)
    assert keys_and_prefixes(page) == (keys, prefixes)
    assert page["KeyCount"] == len(keys) + len(prefixes)
    assert keys_and_prefixes(s3.list_objects(**asked)) == (keys, prefixes)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_neither_skip_nor_repeat(s3: "S3Client", filled: str, size: int) -> None:
    entries: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = s3.list_objects_v2(Bucket=filled, Delimiter="/", MaxKeys=size, **token)  # type: ignore[arg-type]
        keys, prefixes = keys_and_prefixes(page)
        assert len(keys) + len(prefixes) == page["KeyCount"] <= size
        entries += sorted(keys + prefixes)
        if not page["IsTruncated"]:
            break
        assert page["KeyCount"] == size
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert entries == ["a", "b/", "c", "d/", "z/", "é"]


@pytest.mark.parametrize("size", [1, 2, 4])
def test_pages_of_the_first_version_go_on_from_the_marker(
    s3: "S3Client", filled: str, size: int
) -> None:
    for delimiter, expected in (("/", ["a", "b/", "c", "d/", "z/", "é"]), ("", KEYS)):
        entries: list[str] = []
        marker = ""
        while True:
            page = s3.list_objects(Bucket=filled, Delimiter=delimiter, MaxKeys=size, Marker=marker)
            keys, prefixes = keys_and_prefixes(page)
            entries += sorted(keys + prefixes)
            if not page["IsTruncated"]:
                break
            # Without a delimiter there is no NextMarker: the last key is the marker.
            assert ("NextMarker" in page) is bool(delimiter)
            marker = page.get("NextMarker") or keys[-1]
        assert sorted(entries) == sorted(expected) and len(entries) == len(expected)


def test_listing_starts_after_a_key_that_need_not_exist(s3: "S3Client", filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, StartAfter="b/c/1")
    assert page["StartAfter"] == "b/c/1"
    assert keys_and_prefixes(page)[0] == ["b/c/2", "c", "d/", "d/x", "z/y/x", "é"]
    assert keys_and_prefixes(s3.list_objects_v2(Bucket=filled, StartAfter="bzzz"))[0][0] == "c"
    assert keys_and_prefixes(s3.list_objects(Bucket=filled, Marker="bzzz"))[0][0] == "c"


def test_token_counts_more_than_start_after(s3: "S3Client", filled: str) -> None:
    first = s3.list_objects_v2(Bucket=filled, MaxKeys=3, StartAfter="a")
    second = s3.list_objects_v2(
        Bucket=filled,
        MaxKeys=2,
        StartAfter="a",
        ContinuationToken=first["NextContinuationToken"],
    )
    assert keys_and_prefixes(second)[0] == ["b/c/2", "c"]
    assert second["ContinuationToken"] == first["NextContinuationToken"]


def test_page_of_no_keys_is_empty_and_not_truncated(s3: "S3Client", filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=0)
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (0, 0, False)
    assert keys_and_prefixes(page) == ([], [])


def test_page_has_a_thousand_keys_at_most(s3: "S3Client", filled: str) -> None:
    page = s3.list_objects_v2(Bucket=filled, MaxKeys=5_000)
    assert keys_and_prefixes(page)[0] == KEYS and page["MaxKeys"] == 1_000


def test_marker_after_the_last_key_gives_nothing(s3: "S3Client", filled: str) -> None:
    assert keys_and_prefixes(s3.list_objects_v2(Bucket=filled, StartAfter="\U0010ffff")) == ([], [])


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("max-keys", "-1", "maxKeys"),
        ("max-keys", "many", "max-keys"),
        ("encoding-type", "base64", "encoding-type"),
    ],
)
def test_impossible_argument_is_named(
    s3: "S3Client", filled: str, name: str, value: str, named: str
) -> None:
    def add(request: Any, **_: object) -> None:
        request.params = {name: value, "list-type": "2"}
        request.url = request.url.partition("?")[0]

    s3.meta.events.register_first("before-sign.s3.ListObjectsV2", add, "add")
    try:
        refused_as = refusal(s3.list_objects_v2, Bucket=filled)
    finally:
        s3.meta.events.unregister("before-sign.s3.ListObjectsV2", add, "add")
    assert (refused_as.status, refused_as.code) == (400, "InvalidArgument")
    assert refused_as.details["ArgumentName"] == named


def test_token_that_is_none_is_refused(s3: "S3Client", filled: str) -> None:
    answer = refused(s3.list_objects_v2, Bucket=filled, ContinuationToken="no token")
    assert answer == (400, "InvalidArgument")


def test_listing_of_a_bucket_that_is_not_there(s3: "S3Client") -> None:
    for call in (s3.list_objects, s3.list_objects_v2, s3.list_object_versions):
        assert refused(call, Bucket="o3-test-not-there") == (404, "NoSuchBucket")


def test_more_than_a_thousand_keys_come_in_pages(s3: "S3Client", bucket: str) -> None:
    keys = [f"k{number:05}" for number in range(1_101)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    page = s3.list_objects_v2(Bucket=bucket)
    assert page["KeyCount"] == 1_000 and page["IsTruncated"]
    assert keys_of(s3, bucket) == keys
    s3.delete_object(Bucket=bucket, Key=keys[1_000])
    rest = s3.list_objects_v2(Bucket=bucket, ContinuationToken=page["NextContinuationToken"])
    assert keys_and_prefixes(rest)[0] == keys[1_001:]
