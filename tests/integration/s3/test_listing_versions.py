"""ListObjectVersions: of buckets that never kept versions, and of those that do, page by page."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import Endpoint, refusal, refused
from tests.integration.s3.versions import put, set_versioning, shown
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_every_key_has_one_latest_null_version(s3: "S3Client", bucket: str) -> None:
    for key in ("a", "b", "b/1"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
        s3.put_object(Bucket=bucket, Key=key, Body=b"22")
    answer = s3.list_object_versions(Bucket=bucket)
    assert [version["Key"] for version in answer["Versions"]] == ["a", "b", "b/1"]
    for version in answer["Versions"]:
        assert version["VersionId"] == "null" and version["IsLatest"] is True
        assert version["Size"] == 2 and version["StorageClass"] == "STANDARD"
        assert version["Owner"]["ID"]
    assert "DeleteMarkers" not in answer and answer["IsTruncated"] is False


def test_pages_go_on_from_both_markers(s3: "S3Client", bucket: str) -> None:
    keys = ["a", "b/1", "b/2", "c", "d/1"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)
    for delimiter, expected in (("", keys), ("/", ["a", "b/", "c", "d/"])):
        entries: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = s3.list_object_versions(
                Bucket=bucket,
                MaxKeys=1,
                Delimiter=delimiter,
                **more,  # type: ignore[arg-type]
            )
            entries += [version["Key"] for version in page.get("Versions", [])]
            entries += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
            if not page["IsTruncated"]:
                break
            more = {"KeyMarker": page["NextKeyMarker"]}
            if page.get("NextVersionIdMarker"):
                more["VersionIdMarker"] = page["NextVersionIdMarker"]
        assert entries == expected


def test_version_marker_without_key_marker_is_refused(s3: "S3Client", bucket: str) -> None:
    answer = refused(s3.list_object_versions, Bucket=bucket, VersionIdMarker="null")
    assert answer == (400, "InvalidArgument")


def test_null_is_the_version_that_is_read_and_deleted(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"x"
    answer = refused(s3.get_object, Bucket=bucket, Key="k", VersionId="0123456789abcdef")
    assert answer == (404, "NoSuchVersion")
    answer = refused(s3.get_object, Bucket=bucket, Key="k", VersionId="3sL4kqtJlcpXroDTDmJ")
    assert answer == (400, "InvalidArgument")
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert refused(s3.get_object, Bucket=bucket, Key="k") == (404, "NoSuchKey")


def all_pages(s3: "S3Client", bucket: str, size: int, **more: Any) -> list[tuple[str, str]]:
    """(key, version id), and (prefix, ""), page by page; each page in the order of the wire."""
    seen: list[tuple[str, str]] = []
    marker: dict[str, Any] = {}
    while True:
        page: Any = s3.list_object_versions(Bucket=bucket, MaxKeys=size, **more, **marker)
        rows = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        items = [(row["Key"], row["VersionId"]) for row in rows]
        items += [(each["Prefix"], "") for each in page.get("CommonPrefixes", [])]
        assert len(items) <= size
        seen += sorted(items, key=lambda item: item[0])
        if not page["IsTruncated"]:
            return seen
        assert len(items) == size, "a page that is not the last is full"
        assert page["NextKeyMarker"] == max(item[0] for item in items)
        marker = {"KeyMarker": page["NextKeyMarker"]}
        if "NextVersionIdMarker" in page:
            marker["VersionIdMarker"] = page["NextVersionIdMarker"]
        else:
            assert page["NextKeyMarker"] in {each["Prefix"] for each in page["CommonPrefixes"]}


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_any_size_show_every_version_once(s3: "S3Client", bucket: str, size: int) -> None:
    put(s3, bucket, "b/1")
    put(s3, bucket, "d")
    set_versioning(s3, bucket, "Enabled")
    for key in ("a", "b/1", "b/2", "b", "d", "d", "é"):
        put(s3, bucket, key)
    for key in ("a", "b/2", "c/x"):
        s3.delete_object(Bucket=bucket, Key=key)
    put(s3, bucket, "a")
    every = all_pages(s3, bucket, 1_000)
    assert [key for key, _ in every] == (
        ["a"] * 3 + ["b"] + ["b/1"] * 2 + ["b/2"] * 2 + ["c/x"] + ["d"] * 3 + ["é"]
    )
    # Of one page of one size versions and markers are told apart; so the order is the wire's.
    assert sorted(all_pages(s3, bucket, size)) == sorted(every)
    rolled = [("a", version) for key, version in every if key == "a"]
    rolled += [(key, version) for key, version in every if key == "b"]
    rolled += [("b/", ""), ("c/", "")]
    rolled += [(key, version) for key, version in every if key in ("d", "é")]
    assert sorted(all_pages(s3, bucket, size, Delimiter="/")) == sorted(rolled)
    within = [item for item in every if item[0].startswith("b/")]
    assert sorted(all_pages(s3, bucket, size, Prefix="b/", Delimiter="/")) == sorted(within)


def test_key_marker_alone_is_behind_all_versions_of_its_key(s3: "S3Client", versioned: str) -> None:
    ids = [put(s3, versioned, key) for key in ("a", "a", "b")]
    assert [row[1] for row in shown(s3, versioned, KeyMarker="a")] == [ids[2]]
    assert [row[1] for row in shown(s3, versioned, KeyMarker="a", VersionIdMarker=ids[1])] == [
        ids[0],
        ids[2],
    ]
    assert shown(s3, versioned, MaxKeys=0) == []
    error = refusal(
        s3.list_object_versions, Bucket=versioned, KeyMarker="a", VersionIdMarker="no-id"
    )
    assert (error.status, error.code) == (400, "InvalidArgument")


def test_page_goes_on_although_the_version_it_ended_with_is_gone(
    s3: "S3Client", versioned: str
) -> None:
    """What was below it is the latest then, also when that is a marker."""
    put(s3, versioned, "k", b"1")
    marker = s3.delete_object(Bucket=versioned, Key="k")["VersionId"]
    top = put(s3, versioned, "k", b"2")
    s3.delete_object(Bucket=versioned, Key="k", VersionId=top)
    rest = shown(s3, versioned, KeyMarker="k", VersionIdMarker=top)
    assert [row[2] for row in rest] == [False, True] and rest[1][1] == marker


def test_versions_and_markers_are_mixed_in_one_order(
    endpoint: Endpoint, s3: "S3Client", versioned: str
) -> None:
    put(s3, versioned, "a")
    s3.delete_object(Bucket=versioned, Key="a")
    put(s3, versioned, "a")
    s3.delete_object(Bucket=versioned, Key="b")
    body = send(endpoint, Request("GET", f"/{versioned}", "versions")).body
    kinds = [part.split(b">")[0] for part in body.split(b"<")]
    assert [kind for kind in kinds if kind in (b"Version", b"DeleteMarker")] == [
        b"Version",
        b"DeleteMarker",
        b"Version",
        b"DeleteMarker",
    ]
    assert b"<KeyMarker></KeyMarker><VersionIdMarker></VersionIdMarker>" in body
    assert b"&quot;d41d8cd98f00b204e9800998ecf8427e&quot;" in body
