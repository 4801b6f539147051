"""Bits that flip in the files of OM, SCM and the DataNode's index: found, named, never served."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ResponseStreamingError

from tests.integration.conftest import NewStore
from tests.integration.endpoint import keys_of, read
from tests.integration.store_process import StoreProcess, wait_until
from trioxygen.hdds.checksums import checksums_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What lies on the disk is looked for by what was sent.
UNSEALED = {"encryption.default": "none"}
SIZES = {"small": 3_000, "packed": 200_000, "large": 3_000_000}


def body_of(key: str) -> bytes:
    return random.Random(key).randbytes(SIZES[key.split("-")[0]])


def fill(store: StoreProcess) -> list[str]:
    keys = [f"{size}-{number}" for size in SIZES for number in range(4)]
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
        for key in keys:
            s3.put_object(Bucket="bucket", Key=key, Body=body_of(key))
    return sorted(keys)


def flip(file: Path, key: bytes, rng: random.Random) -> None:
    """One bit of whatever follows a key in each copy of its row."""
    data = bytearray(file.read_bytes())
    at = data.find(key)
    assert at >= 0
    while at >= 0:
        data[at + len(key) + rng.randrange(60)] ^= 1 << rng.randrange(8)
        at = data.find(key, at + 1)
    file.write_bytes(data)


def status_of(s3: "S3Client", key: str) -> int:
    try:
        read(s3, "bucket", key)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InternalError"
        assert "row" not in error.response["Error"].get("Message", "")
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return 200


def end(store: StoreProcess) -> None:
    assert store.process is not None
    store.process.terminate()
    store.process.communicate(timeout=120)
    assert store.process.returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bit_of_a_key_row_is_an_error_that_names_it(new_store: NewStore, seed: int) -> None:
    store = new_store().start()
    keys = fill(store)
    store.stop()
    rng = random.Random(seed)
    hit = rng.choice(keys)
    flip(store.data / "om" / "data.mdb", hit.encode(), rng)
    store.start()
    with store.endpoint.client() as s3:
        assert status_of(s3, hit) == 500
        for key in keys:
            if key != hit:
                assert read(s3, "bucket", key) == body_of(key)
        with pytest.raises(ClientError, match="InternalError"):
            keys_of(s3, "bucket")
        # What does not meet it goes on.
        s3.put_object(Bucket="bucket", Key="zzz", Body=b"new")
        assert read(s3, "bucket", "zzz") == b"new"
        assert keys_of(s3, "bucket", "zz") == ["zzz"]
    text = store.log_text()
    assert "a stored row is damaged" in text and hit in text
    assert "Traceback" not in text and "request_failed" not in text, text[-4_000:]
    end(store)
    output = store.o3("admin", "check", "om")
    assert output.returncode == 1 and hit in output.stdout, output
    output = store.o3("admin", "check", "om", "--remove")
    assert output.returncode == 0 and "1 removed" in output.stderr, output
    assert store.o3("admin", "check", "om").returncode == 0
    store.start()
    with store.endpoint.client() as s3:
        assert keys_of(s3, "bucket") == sorted({*keys, "zzz"} - {hit})
        s3.put_object(Bucket="bucket", Key=hit, Body=body_of(hit))
        assert read(s3, "bucket", hit) == body_of(hit)


@pytest.mark.parametrize("size", SIZES)
def test_flipped_bit_of_an_index_row_is_never_served(new_store: NewStore, size: str) -> None:
    store = new_store(UNSEALED).start()
    keys = fill(store)
    store.stop()
    # The row of a block holds the CRC32C of its first 64 KiB.
    hit = f"{size}-2"
    file = store.data / "datanode" / "index" / "data.mdb"
    stored = checksums_of(body_of(hit))[:4]
    data = file.read_bytes()
    assert stored in data
    file.write_bytes(data.replace(stored, bytes([stored[0] ^ 4]) + stored[1:]))
    store.start()
    with store.endpoint.client() as s3:
        assert status_of(s3, hit) == 500
        for key in keys:
            if key != hit:
                assert read(s3, "bucket", key) == body_of(key)
        s3.put_object(Bucket="bucket", Key="other", Body=b"new" * 1_000)
        assert read(s3, "bucket", "other") == b"new" * 1_000
        wait_until(lambda: store.status()["scm"]["corrupt_blocks"] == 1)
        s3.put_object(Bucket="bucket", Key=hit, Body=body_of(hit))
        assert read(s3, "bucket", hit) == body_of(hit)
    text = store.log_text()
    assert "a stored row is damaged" in text and "Traceback" not in text, text[-4_000:]


def test_body_that_is_damaged_in_its_middle_ends_early_and_is_one_line_of_the_log(
    new_store: NewStore,
) -> None:
    store = new_store(UNSEALED).start()
    keys = fill(store)
    store.stop()
    hit = "packed-1"
    [file] = [
        path
        for path in (store.data / "datanode" / "containers").rglob("*.data")
        if body_of(hit) in path.read_bytes()
    ]
    data = bytearray(file.read_bytes())
    data[data.find(body_of(hit)) + 150_000] ^= 16
    file.write_bytes(data)
    store.start()
    with store.endpoint.client() as s3:
        answer = s3.get_object(Bucket="bucket", Key=hit)
        with pytest.raises(ResponseStreamingError):
            answer["Body"].read()
        for key in keys:
            if key != hit:
                assert read(s3, "bucket", key) == body_of(key)
    store.stop()  # no traceback
    output = [line for line in store.log_text().splitlines() if "damaged_data_met" in line]
    assert len(output) == 1, output
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert f"request_id={request_id} operation=GetObject" in output[0]
