"""ListParts and ListMultipartUploads, in pages."""

from typing import TYPE_CHECKING, Any

from tests.integration.endpoint import refused
from tests.integration.s3.uploads import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_parts_come_by_number_in_pages(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", StorageClass="GLACIER_IR")
    for number in (9_000, 3, 1, 20, 300):
        upload.put(number, b"x" * (number % 7))
    upload.put(20, b"again")
    numbers: list[int] = []
    marker = 0
    while True:
        page = s3.list_parts(MaxParts=2, PartNumberMarker=marker, **upload.names)
        assert page["MaxParts"] == 2 and page["StorageClass"] == "GLACIER_IR"
        assert page["Initiator"]["ID"] == page["Owner"]["ID"]
        assert (page["Bucket"], page["Key"], page["UploadId"]) == tuple(upload.names.values())
        for part in page["Parts"]:
            assert part["ETag"] == upload.parts[part["PartNumber"]]["ETag"]
            assert part["LastModified"].tzinfo is not None
        numbers += [part["PartNumber"] for part in page["Parts"]]
        if not page["IsTruncated"]:
            break
        assert len(page["Parts"]) == 2
        marker = page["NextPartNumberMarker"]
    assert numbers == [1, 3, 20, 300, 9_000]
    sizes = [part["Size"] for part in s3.list_parts(**upload.names)["Parts"]]
    assert sizes == [1, 3, 5, 300 % 7, 9_000 % 7]


def test_uploads_come_by_key_and_age_in_pages(s3: "S3Client", bucket: str) -> None:
    made = [Upload.begin(s3, bucket, key) for key in ("b", "a/1", "b", "a/2", "c/1", "b", "ä")]
    expected = [
        (upload.key, upload.upload_id)
        for key in ("a/1", "a/2", "b", "c/1", "ä")
        for upload in made
        if upload.key == key
    ]
    for size in (1, 2, 3, 1_000):
        actual: list[tuple[str, str]] = []
        markers: dict[str, str] = {}
        while True:
            page = s3.list_multipart_uploads(Bucket=bucket, MaxUploads=size, **markers)  # type: ignore[arg-type]
            actual += [(entry["Key"], entry["UploadId"]) for entry in page["Uploads"]]
            if not page["IsTruncated"]:
                break
            assert len(page["Uploads"]) == size
            markers = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }
        assert [key for key, _ in actual] == [key for key, _ in expected]
        assert sorted(actual) == sorted(expected)


def test_uploads_have_prefixes_and_delimiters(s3: "S3Client", bucket: str) -> None:
    for key in ("a", "b/1", "b/2", "b/c/1", "d/1"):
        Upload.begin(s3, bucket, key)

    def listed(**asked: Any) -> tuple[list[str], list[str]]:
        page = s3.list_multipart_uploads(Bucket=bucket, **asked)
        keys = [entry["Key"] for entry in page.get("Uploads", [])]
        return keys, [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]

    assert listed(Delimiter="/") == (["a"], ["b/", "d/"])
    assert listed(Prefix="b/", Delimiter="/") == (["b/1", "b/2"], ["b/c/"])
    assert listed(Prefix="b/") == (["b/1", "b/2", "b/c/1"], [])
    assert listed(KeyMarker="b/1") == (["b/2", "b/c/1", "d/1"], [])
    first = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/", MaxUploads=2)
    assert first["IsTruncated"] and first["CommonPrefixes"] == [{"Prefix": "b/"}]
    assert listed(Delimiter="/", KeyMarker=first["NextKeyMarker"]) == ([], ["d/"])


def test_listed_upload_tells_who_began_it(s3: "S3Client", bucket: str) -> None:
    Upload.begin(s3, bucket, "k", StorageClass="STANDARD_IA")
    owner = s3.list_buckets()["Owner"]["ID"]
    [entry] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert entry["Owner"]["ID"] == entry["Initiator"]["ID"] == owner
    assert entry["StorageClass"] == "STANDARD_IA" and entry["Initiated"].tzinfo is not None


def test_upload_marker_that_is_none_is_refused(s3: "S3Client", bucket: str) -> None:
    answer = refused(
        s3.list_multipart_uploads, Bucket=bucket, KeyMarker="a", UploadIdMarker="no id"
    )
    assert answer == (400, "InvalidArgument")


def test_page_of_no_parts_is_empty_and_not_truncated(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k")
    upload.put(7, b"x")
    page = s3.list_parts(MaxParts=0, **upload.names)
    assert "Parts" not in page and page["IsTruncated"] is False
    assert (page["MaxParts"], page["NextPartNumberMarker"]) == (0, 0)


def test_last_page_of_uploads_names_its_last_one_too(s3: "S3Client", bucket: str) -> None:
    last = [Upload.begin(s3, bucket, key) for key in ("a", "b/1", "b/2")][-1]
    page: Any = s3.list_multipart_uploads(Bucket=bucket)
    assert page["IsTruncated"] is False
    assert (page["NextKeyMarker"], page["NextUploadIdMarker"]) == ("b/2", last.upload_id)
    page = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert (page["NextKeyMarker"], page.get("NextUploadIdMarker", "")) == ("b/", "")
    page = s3.list_multipart_uploads(Bucket=bucket, Prefix="c")
    assert (page.get("NextKeyMarker", ""), page.get("NextUploadIdMarker", "")) == ("", "")
