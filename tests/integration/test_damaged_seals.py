"""Sealed bytes that were changed where they lie, so that no checksum of the store finds it, are
never served as an object's: neither whole, nor as a range, a part or a copy."""

import random
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from tests.integration.conftest import NewStore
from tests.integration.endpoint import read, refused
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.store_process import StoreProcess
from trioxygen.common.sealed_sizes import SEALED_FRAME_BYTES, sealed_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGE: Final = random.Random(1).randbytes(3_000_000)
PARTS: Final = (random.Random(2).randbytes(PART_MIN), random.Random(3).randbytes(PART_MIN + 1))
FRAME: Final = 5
# What lies in the frame that is changed.
INSIDE: Final = FRAME * (SEALED_FRAME_BYTES - 16) + 100
# The polynomial of CRC32C, as bytes hold it: whatever it is added to keeps its checksum.
_CRC32C: Final = int(f"{0x11EDC6F41:b}"[::-1], 2).to_bytes(5, "little")


def change(store: StoreProcess, plain_bytes: int) -> None:
    """A frame of the block that an object, or a part, of so many bytes is."""
    [path] = [
        path
        for path, status in store.container_files().items()
        if path.suffix == ".block" and status.st_size == sealed_bytes(plain_bytes)
    ]
    with path.open("r+b") as file:
        file.seek(FRAME * SEALED_FRAME_BYTES + 77)
        there = file.read(len(_CRC32C))
        file.seek(-len(there), 1)
        file.write(bytes(one ^ other for one, other in zip(there, _CRC32C, strict=True)))


def got(s3: "S3Client", key: str, **arguments: Any) -> tuple[bytes, bool]:
    """What comes, and whether it ends well."""
    came = b""
    try:
        for piece in s3.get_object(Bucket="books", Key=key, **arguments)["Body"].iter_chunks(8_192):
            came += piece
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InternalError"
        return came, False
    except (BotoCoreError, HTTPError):
        return came, False
    return came, True


def check_cut(s3: "S3Client", key: str, body: bytes, **arguments: Any) -> None:
    came, is_whole = got(s3, key, **arguments)
    assert not is_whole and len(came) < len(body) and body.startswith(came), key


def test_changed_frame_is_served_to_nobody(new_store: NewStore) -> None:
    store = new_store().start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="books")
        s3.put_object(Bucket="books", Key="large", Body=LARGE)
        upload = Upload.begin(s3, "books", "parts")
        for number, part in enumerate(PARTS, 1):
            upload.put(number, part)
        upload.complete()
        assert read(s3, "books", "large") == LARGE and read(s3, "books", "parts") == b"".join(PARTS)
        change(store, len(LARGE))
        change(store, len(PARTS[1]))
        check_cut(s3, "large", LARGE)
        check_cut(s3, "parts", b"".join(PARTS))
        check_ranges(s3)
        check_copies(s3)
    store.stop()
    assert "damaged_data_met" in store.log_text()


def check_ranges(s3: "S3Client") -> None:
    for first, last in ((INSIDE, INSIDE), (INSIDE - 70_000, INSIDE), (1_000, len(LARGE) - 1)):
        check_cut(s3, "large", LARGE[first : last + 1], Range=f"bytes={first}-{last}")
    for first, last in ((0, INSIDE - 1_000), (INSIDE + 70_000, len(LARGE) - 1)):
        came, is_whole = got(s3, "large", Range=f"bytes={first}-{last}")
        assert is_whole and came == LARGE[first : last + 1]
    assert got(s3, "parts", PartNumber=1) == (PARTS[0], True)
    check_cut(s3, "parts", PARTS[1], PartNumber=2)


def check_copies(s3: "S3Client") -> None:
    """A copy shares the bytes, and so what was done to them."""
    source: Any = {"Bucket": "books", "Key": "large"}
    customer: Any = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    s3.copy_object(Bucket="books", Key="copy", CopySource=source)
    check_cut(s3, "copy", LARGE)
    s3.copy_object(Bucket="books", Key="own", CopySource=source, **customer)
    check_cut(s3, "own", LARGE, **customer)
    upload = Upload.begin(s3, "books", "of parts")
    part: Any = {**upload.names, "PartNumber": 1, "CopySource": source}
    assert refused(s3.upload_part_copy, **part, CopySourceRange=f"bytes=10-{len(LARGE) - 1}") == (
        *(500, "InternalError"),
    )
    upload.abort()
