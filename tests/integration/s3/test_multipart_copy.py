"""UploadPartCopy: whole sources and ranges of them, conditions, what is refused."""

import hashlib
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import read, refused
from tests.integration.s3.test_checksums import digest
from tests.integration.s3.uploads import PART_MIN, Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SOURCE: Final = random.Random(5).randbytes(2 * PART_MIN + 1_000)


@pytest.fixture(scope="module")
def filled(s3: "S3Client", shared_bucket: str) -> Iterator[str]:
    s3.put_object(Bucket=shared_bucket, Key="source", Body=SOURCE)
    s3.put_object(Bucket=shared_bucket, Key="small", Body=b"small")
    yield shared_bucket


def test_parts_are_cut_from_a_source(s3: "S3Client", filled: str) -> None:
    upload = Upload.begin(s3, filled, "made")
    ranges = [(7, 7 + PART_MIN), (0, PART_MIN + 3), (len(SOURCE) - 1, len(SOURCE) - 1)]
    for number, (first, last) in enumerate(ranges, start=1):
        made = upload.copy(number, "source", CopySourceRange=f"bytes={first}-{last}")
        piece = SOURCE[first : last + 1]
        assert made["ETag"] == f'"{hashlib.md5(piece).hexdigest()}"'
        assert made["LastModified"].tzinfo is not None
    upload.put(4, b"own")
    done = upload.complete([1, 2])
    expected = b"".join(SOURCE[first : last + 1] for first, last in ranges[:2])
    assert read(s3, filled, "made") == expected
    assert done["ETag"].endswith('-2"')


def test_whole_source_is_one_part(s3: "S3Client", filled: str) -> None:
    upload = Upload.begin(s3, filled, "made")
    upload.copy(1, "source")
    upload.copy(2, "small")
    upload.complete()
    assert read(s3, filled, "made") == SOURCE + b"small"


def test_part_outlives_its_source(s3: "S3Client", filled: str) -> None:
    s3.put_object(Bucket=filled, Key="short-lived", Body=b"kept")
    upload = Upload.begin(s3, filled, "made")
    upload.copy(1, "short-lived")
    s3.delete_object(Bucket=filled, Key="short-lived")
    upload.complete()
    assert read(s3, filled, "made") == b"kept"


@pytest.mark.parametrize("algorithm", ["CRC64NVME", "SHA256"])
def test_parts_of_a_source_of_parts_are_copied(s3: "S3Client", filled: str, algorithm: Any) -> None:
    """Its own parts, which are known, and what lies across them, which is read."""
    bodies = [SOURCE[:PART_MIN], SOURCE[PART_MIN : 2 * PART_MIN], b"the end"]
    whole = b"".join(bodies)
    first = Upload.begin(s3, filled, "of-parts", ChecksumAlgorithm="CRC64NVME")
    for number, body in enumerate(bodies, start=1):
        first.put(number, body, ChecksumAlgorithm="CRC64NVME")
    first.complete()
    upload = Upload.begin(s3, filled, "made", ChecksumAlgorithm=algorithm)
    size = len(whole)
    ranges = [(0, PART_MIN), (PART_MIN, 2 * PART_MIN), (1, size - 1), (2 * PART_MIN, size)]
    for number, (start, end) in enumerate(ranges, start=1):
        made = upload.copy(number, "of-parts", CopySourceRange=f"bytes={start}-{end - 1}")
        assert made["ETag"] == f'"{hashlib.md5(whole[start:end]).hexdigest()}"'
        assert made[f"Checksum{algorithm}"] == digest(algorithm, whole[start:end])
    s3.delete_object(Bucket=filled, Key="of-parts")
    done = upload.complete()
    expected = b"".join(whole[start:end] for start, end in ranges)
    assert read(s3, filled, "made") == expected
    digests = b"".join(hashlib.md5(whole[start:end]).digest() for start, end in ranges)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-4"'
    # A copy of what is shared, in turn.
    again = Upload.begin(s3, filled, "again")
    again.copy(1, "made", CopySourceRange=f"bytes=3-{len(expected) - 2}")
    again.complete()
    assert read(s3, filled, "again") == expected[3:-1]


def test_part_of_another_storage_class_is_written_again(s3: "S3Client", filled: str) -> None:
    upload = Upload.begin(s3, filled, "made", StorageClass="REDUCED_REDUNDANCY")
    upload.copy(1, "source", CopySourceRange=f"bytes=1-{PART_MIN}")
    upload.complete()
    assert read(s3, filled, "made") == SOURCE[1 : PART_MIN + 1]


@pytest.mark.parametrize(
    "wanted",
    ["bytes=0-5", "bytes=5-5", "bytes=2-1", "bytes=0-", "bytes=-3", "0-2", "bytes=0-1,3-4"],
)
def test_range_that_is_not_within_the_source_is_refused(
    s3: "S3Client", filled: str, wanted: str
) -> None:
    upload = Upload.begin(s3, filled, "made")
    answer = refused(lambda: upload.copy(1, "small", CopySourceRange=wanted))
    assert answer == (400, "InvalidArgument")
    upload.abort()


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"CopySourceIfMatch": "right"}, 200),
        ({"CopySourceIfMatch": "wrong"}, 412),
        ({"CopySourceIfNoneMatch": "right"}, 412),
        ({"CopySourceIfNoneMatch": "wrong"}, 200),
    ],
)
def test_conditions_on_the_source_are_checked(
    s3: "S3Client", filled: str, condition: dict[str, str], status: int
) -> None:
    right = s3.head_object(Bucket=filled, Key="small")["ETag"]
    sent: Any = {name: right if value == "right" else "x" for name, value in condition.items()}
    upload = Upload.begin(s3, filled, "made")
    if status == 200:
        upload.copy(1, "small", **sent)
    else:
        answer = refused(lambda: upload.copy(1, "small", **sent))
        assert answer == (412, "PreconditionFailed")
    upload.abort()


def test_missing_source_and_missing_upload_are_told_apart(s3: "S3Client", filled: str) -> None:
    upload = Upload.begin(s3, filled, "made")
    assert refused(lambda: upload.copy(1, "not there")) == (404, "NoSuchKey")
    upload.abort()
    assert refused(lambda: upload.copy(1, "small")) == (404, "NoSuchUpload")
