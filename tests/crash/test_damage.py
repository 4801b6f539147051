"""Bits that flip on the disk: such bytes are never served, and `o3 status` tells."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.integration.endpoint import read
from tests.integration.store_process import StoreProcess, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.crash
MIB = 1 << 20
# Bytes are looked for on the disk as they were sent.
UNSEALED = {"encryption.default": "none"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreProcess]:
    made = StoreProcess(tmp_path, UNSEALED)
    try:
        yield made.start()
    finally:
        made.discard()


def body_of(number: int, size: int) -> bytes:
    return random.Random(number).randbytes(size)


def place_of(data: Path, body: bytes) -> tuple[Path, int] | None:
    """The file and offset at which a body lies."""
    for file in sorted((data / "datanode" / "containers").rglob("*")):
        if file.is_file():
            at = file.read_bytes().find(body)
            if at >= 0:
                return file, at
    return None


def flip(store: StoreProcess, body: bytes, position: int) -> None:
    """Waits until the body is read from a file, and changes one bit of it there."""
    store.wait_flushed()
    actual = place_of(store.data, body)
    assert actual is not None
    file, at = actual
    with file.open("r+b") as opened:
        opened.seek(at + position)
        [byte] = opened.read(1)
        opened.seek(at + position)
        opened.write(bytes([byte ^ 0x10]))


def access_log(store: StoreProcess) -> str:
    return (store.data / "logs" / "access.log").read_text()


def served(s3: "S3Client", key: str) -> bytes | None:
    """What a reader gets: all bytes, or None for an error, in the answer or by its early end."""
    try:
        with closing(s3.get_object(Bucket="bucket", Key=key)["Body"]) as body:
            return body.read()
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        return None
    except BotoCoreError:
        return None


@pytest.mark.parametrize(
    ("size", "position"),
    [(1_000, 0), (60_000, 59_999), (300_000, 150_000), (6 * MIB, 0), (6 * MIB, 5 * MIB)],
)
@pytest.mark.parametrize("restarts", [False, True])
def test_flipped_bit_is_never_served(
    store: StoreProcess, size: int, position: int, restarts: bool
) -> None:
    body = body_of(1, size)
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="before", Body=body_of(2, size))
        s3.put_object(Bucket="bucket", Key="damaged", Body=body)
        s3.put_object(Bucket="bucket", Key="after", Body=body_of(3, size))
    flip(store, body, position)
    if restarts:
        store.stop()
        store.start()
    with store.endpoint.client(response_checksum_validation="when_required") as s3:
        for _ in range(3):
            assert served(s3, "damaged") is None
        wait_until(lambda: store.status()["scm"]["corrupt_blocks"] == 1)
        assert "corrupt" in store.o3("status").stdout
        # What lies beside it is whole.
        assert read(s3, "bucket", "before") == body_of(2, size)
        assert read(s3, "bucket", "after") == body_of(3, size)
        # Pieces that are whole may be read; none of the damaged one.
        piece = position - position % 65_536
        asked = f"bytes={piece}-{min(size, piece + 65_536) - 1}"
        with pytest.raises((ClientError, BotoCoreError)):
            read(s3, "bucket", "damaged", Range=asked)
        # Written again, the object is well; deleted, its damage is forgotten.
        s3.put_object(Bucket="bucket", Key="damaged", Body=body)
        assert read(s3, "bucket", "damaged") == body


def test_missing_block_file_is_an_error(store: StoreProcess) -> None:
    body = body_of(1, 6 * MIB)
    with store.endpoint.client(response_checksum_validation="when_required") as s3:
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="gone", Body=body)
        wait_until(lambda: place_of(store.data, body) is not None)
        actual = place_of(store.data, body)
        assert actual is not None
        store.stop()
        actual[0].unlink()
    store.start()
    with store.endpoint.client(response_checksum_validation="when_required") as s3:
        assert served(s3, "gone") is None
        # The log tells what was answered.
        wait_until(lambda: '"GetObject"' in access_log(store))
        [line] = [
            json.loads(line) for line in access_log(store).splitlines() if "GetObject" in line
        ]
        assert (line["status"], line["error_code"]) == (500, "InternalError")
        wait_until(lambda: store.status()["scm"]["corrupt_blocks"] == 1)
