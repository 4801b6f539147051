"""Checksums of multipart uploads: composite and of the full object, given, wrong and missing."""

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import Endpoint, refusal, refused
from tests.integration.s3.test_checksums import ALGORITHMS, DIGESTS, digest, shown
from tests.integration.s3.uploads import PART_MIN, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BODIES: Final = [b"a" * PART_MIN, b"b" * PART_MIN, b"the end"]
WHOLE: Final = b"".join(BODIES)
FULL: Final = ["CRC32", "CRC32C", "CRC64NVME"]
COMPOSITE: Final = [name for name in ALGORITHMS if name != "CRC64NVME"]


def composite(algorithm: str) -> str:
    """The checksum of the parts' checksums, as S3 shows it."""
    digests = b"".join(b64decode(digest(algorithm, body)) for body in BODIES)
    return f"{b64encode(DIGESTS[algorithm](digests)).decode()}-{len(BODIES)}"


def upload_all(upload: Upload, algorithm: Any) -> None:
    for number, body in enumerate(BODIES, start=1):
        given: dict[str, Any] = {f"Checksum{algorithm}": digest(algorithm, body)}
        answer = upload.put(number, body, **given)
        assert answer[f"Checksum{algorithm}"] == digest(algorithm, body)


@pytest.mark.parametrize("algorithm", COMPOSITE)
def test_composite_is_the_checksum_of_checksums(
    s3: "S3Client", bucket: str, algorithm: Any
) -> None:
    made = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm)
    assert made["ChecksumAlgorithm"] == algorithm and made["ChecksumType"] == "COMPOSITE"
    upload = Upload(s3, bucket, "k", made["UploadId"])
    upload_all(upload, algorithm)
    expected = {algorithm: composite(algorithm)}
    done = upload.complete()
    assert shown(done) == expected and done["ChecksumType"] == "COMPOSITE"
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert shown(head) == expected and head["ChecksumType"] == "COMPOSITE"
    part = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED", PartNumber=2)
    assert shown(part) == {algorithm: digest(algorithm, BODIES[1])}
    asked: Any = ["Checksum", "ObjectParts"]
    told = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=asked)
    assert shown(told["Checksum"]) == {algorithm: composite(algorithm).partition("-")[0]}
    assert shown(told["ObjectParts"]["Parts"][2]) == {algorithm: digest(algorithm, BODIES[2])}


@pytest.mark.parametrize("algorithm", FULL)
def test_full_object_is_the_checksum_of_the_bytes(
    s3: "S3Client", bucket: str, algorithm: Any
) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    upload_all(upload, algorithm)
    expected = {algorithm: digest(algorithm, WHOLE)}
    claim: dict[str, Any] = {f"Checksum{algorithm}": expected[algorithm]}
    done = upload.complete(ChecksumType="FULL_OBJECT", **claim)
    assert shown(done) == expected and done["ChecksumType"] == "FULL_OBJECT"
    got = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert got["Body"].read() == WHOLE and shown(got) == expected


@pytest.mark.parametrize("algorithm", FULL)
def test_wrong_claim_of_the_whole_is_refused(s3: "S3Client", bucket: str, algorithm: Any) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    upload_all(upload, algorithm)
    claim: dict[str, Any] = {f"Checksum{algorithm}": digest(algorithm, b"other")}
    error = refusal(upload.complete, ChecksumType="FULL_OBJECT", **claim)
    assert (error.status, error.code) == (400, "BadDigest")
    assert refused(s3.head_object, Bucket=bucket, Key="k") == (404, "404")
    upload.complete()


def test_upload_that_asks_for_nothing_gets_crc64nvme(endpoint: Endpoint, bucket: str) -> None:
    with endpoint.client(request_checksum_calculation="when_required") as s3:
        made = s3.create_multipart_upload(Bucket=bucket, Key="k")
        # Which S3 says nothing of before it is done.
        assert "ChecksumAlgorithm" not in made and "ChecksumType" not in made
        upload = Upload(s3, bucket, "k", made["UploadId"])
        for number, body in enumerate(BODIES, start=1):
            upload.put(number, body)
        done = upload.complete()
    assert shown(done) == {"CRC64NVME": digest("CRC64NVME", WHOLE)}


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [(name, "FULL_OBJECT") for name in ALGORITHMS if name not in FULL]
    + [("CRC64NVME", "COMPOSITE")],
)
def test_impossible_type_is_refused(s3: "S3Client", bucket: str, algorithm: Any, kind: Any) -> None:
    answer = refused(
        s3.create_multipart_upload,
        Bucket=bucket,
        Key="k",
        ChecksumAlgorithm=algorithm,
        ChecksumType=kind,
    )
    assert answer == (400, "InvalidRequest")


def test_part_with_a_wrong_checksum_is_not_stored(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    wrong = digest("SHA256", b"other")
    answer = refused(lambda: upload.put(1, b"x", ChecksumSHA256=wrong))
    assert answer == (400, "BadDigest")
    assert s3.list_parts(**upload.names).get("Parts", []) == []


def test_part_with_another_algorithm_is_refused(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    answer = refused(lambda: upload.put(1, b"x", ChecksumAlgorithm="CRC32C"))
    assert answer == (400, "InvalidRequest")


def test_part_of_a_composite_upload_comes_with_its_checksum(
    endpoint: Endpoint, bucket: str
) -> None:
    with endpoint.client(request_checksum_calculation="when_required") as s3:
        upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA256")
        error = refusal(upload.put, number=1, body=b"x")
        assert (error.status, error.code) == (400, "InvalidRequest")
        assert error.message == (
            "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type:"
            " null"
        )
        upload.put(1, b"x", ChecksumAlgorithm="SHA256")
        del upload.parts[1]["ChecksumSHA256"]
        error = refusal(upload.complete)
    assert (error.status, error.code) == (400, "InvalidRequest")
    assert error.message == (
        "The upload was created using a sha256 checksum. The complete request must include the"
        " checksum for each part. It was missing for part 1 in the request."
    )


@pytest.mark.parametrize("more", [{"ChecksumSHA256": "?"}, {"ChecksumCRC32": "AAAAAA=="}])
def test_ill_formed_checksum_of_a_part_in_complete_is_refused(
    s3: "S3Client", bucket: str, more: dict[str, str]
) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    upload.put(1, b"x", ChecksumAlgorithm="SHA256")
    upload.parts[1].update(more)
    error = refusal(upload.complete)
    assert (error.status, error.code) == (400, "InvalidArgument")
    assert error.message == "Invalid Base64 or multiple checksums present in request"


def test_wrong_checksum_of_a_part_in_complete_is_refused(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA256")
    upload.put(1, b"x", ChecksumAlgorithm="SHA256")
    upload.parts[1]["ChecksumSHA256"] = digest("SHA256", b"other")
    assert refused(upload.complete) == (400, "InvalidPart")


def test_listed_parts_and_uploads_tell_their_checksums(s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "k", ChecksumAlgorithm="SHA1")
    upload.put(1, b"x", ChecksumAlgorithm="SHA1")
    listed = s3.list_parts(**upload.names)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == ("SHA1", "COMPOSITE")
    assert shown(listed["Parts"][0]) == {"SHA1": digest("SHA1", b"x")}
    [entry] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert (entry["ChecksumAlgorithm"], entry["ChecksumType"]) == ("SHA1", "COMPOSITE")
