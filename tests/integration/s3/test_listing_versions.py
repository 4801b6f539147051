"""ListObjectVersions of buckets that never had versioning: one version of each key, `null`."""

from typing import TYPE_CHECKING

from tests.integration.endpoint import refused

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
