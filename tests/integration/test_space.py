"""Disk space comes back: of what is overwritten, deleted, aborted, abandoned."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.integration.endpoint import empty, read, refused
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import UNSIGNED, Connection, Request, sign
from tests.integration.store_process import StoreProcess, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
# What an empty store may hold: files that are kept open to be written to.
NOTHING_BYTES = 256 << 10
CONFIG = {"metadata.gc_delay_seconds": 0, "metadata.lease_duration_seconds": 10}
PATIENCE_SECONDS = 120


def used_bytes(store: StoreProcess) -> int:
    """What the blocks take on disk."""
    return sum(stat.st_blocks * 512 for stat in store.container_files().values())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    made = StoreProcess(tmp_path_factory.mktemp("space"), CONFIG)
    try:
        yield made.start()
        made.stop()
    finally:
        made.discard()


@pytest.fixture
def s3(store: StoreProcess) -> "Iterator[S3Client]":
    with store.endpoint.client() as client:
        yield client


@pytest.fixture
def bucket(store: StoreProcess, s3: "S3Client") -> Iterator[str]:
    """A bucket whose space has come back at the end of the test."""
    s3.create_bucket(Bucket="space")
    yield "space"
    # Not `s3`: the store may have another port by now.
    with store.endpoint.client() as client:
        empty(client, "space")
        client.delete_bucket(Bucket="space")
    falls_to(store, NOTHING_BYTES)


def falls_to(store: StoreProcess, limit_bytes: int) -> None:
    wait_until(
        lambda: used_bytes(store) <= limit_bytes,
        seconds_max=PATIENCE_SECONDS,
        output=lambda: f"{used_bytes(store)} bytes are used, not {limit_bytes}",
    )


def body_of(number: int, size: int) -> bytes:
    return random.Random(number).randbytes(size)


def test_overwritten_versions_go(store: StoreProcess, s3: "S3Client", bucket: str) -> None:
    for number in range(8):
        s3.put_object(Bucket=bucket, Key="k", Body=body_of(number, 8 * MIB))
    falls_to(store, 8 * MIB + NOTHING_BYTES)
    assert read(s3, bucket, "k") == body_of(7, 8 * MIB)
    s3.delete_object(Bucket=bucket, Key="k")
    falls_to(store, NOTHING_BYTES)


def test_small_objects_go_from_their_segments(
    store: StoreProcess, s3: "S3Client", bucket: str
) -> None:
    keys = [f"k{number:04}" for number in range(1_200)]

    def put(key: str) -> None:
        s3.put_object(Bucket=bucket, Key=key, Body=body_of(int(key[1:]), 16_000))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, keys))
    wait_until(lambda: used_bytes(store) >= 1_200 * 16_000)
    full = used_bytes(store)
    kept = keys[::4]
    doomed = [{"Key": key} for key in keys if key not in set(kept)]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})  # type: ignore[typeddict-item]
    falls_to(store, full // 2)
    for key in kept:
        assert read(s3, bucket, key) == body_of(int(key[1:]), 16_000)
    empty(s3, bucket)
    falls_to(store, NOTHING_BYTES)


def test_objects_between_packed_and_large_go(
    store: StoreProcess, s3: "S3Client", bucket: str
) -> None:
    sizes = [65_536, 65_537, 500_000, MIB, MIB + 1, 3 * MIB]
    for number, size in enumerate(sizes * 4):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=body_of(number, size))
    wait_until(lambda: used_bytes(store) >= 4 * sum(sizes))
    empty(s3, bucket)
    falls_to(store, NOTHING_BYTES)


def test_aborted_and_replaced_parts_go(store: StoreProcess, s3: "S3Client", bucket: str) -> None:
    upload = Upload.begin(s3, bucket, "aborted")
    for number in (1, 2, 3):
        upload.put(number, body_of(number, PART_MIN))
    for _ in range(3):
        upload.put(1, body_of(9, PART_MIN))
    falls_to(store, 3 * PART_MIN + NOTHING_BYTES)
    upload.abort()
    falls_to(store, NOTHING_BYTES)
    upload = Upload.begin(s3, bucket, "completed")
    for number in (1, 2, 3, 4):
        upload.put(number, body_of(number, PART_MIN))
    upload.complete([1, 4])
    falls_to(store, 2 * PART_MIN + NOTHING_BYTES)
    assert read(s3, bucket, "completed") == body_of(1, PART_MIN) + body_of(4, PART_MIN)


def test_copies_share_their_space_until_the_last_goes(
    store: StoreProcess, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=body_of(1, 8 * MIB))
    for number in range(5):
        s3.copy_object(Bucket=bucket, Key=f"copy{number}", CopySource=f"{bucket}/k")
    assert used_bytes(store) <= 8 * MIB + NOTHING_BYTES
    for key in ("k", "copy0", "copy1", "copy2", "copy3"):
        s3.delete_object(Bucket=bucket, Key=key)
    # Time for a wrong deletion to happen: that of an object deleted now has.
    s3.put_object(Bucket=bucket, Key="other", Body=body_of(2, 8 * MIB))
    s3.delete_object(Bucket=bucket, Key="other")
    falls_to(store, 8 * MIB + NOTHING_BYTES)
    assert read(s3, bucket, "copy4") == body_of(1, 8 * MIB)


def test_refused_writes_leave_nothing(store: StoreProcess, s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    for number, size in enumerate((10_000, 500_000, 4 * MIB) * 3):
        body = body_of(number, size)
        answer = refused(s3.put_object, Bucket=bucket, Key="k", Body=body, IfNoneMatch="*")
        assert answer == (412, "PreconditionFailed")
        answer = refused(
            s3.put_object, Bucket=bucket, Key="k2", Body=body, ChecksumSHA1="A" * 27 + "="
        )
        assert answer == (400, "BadDigest")
    s3.delete_object(Bucket=bucket, Key="k")
    falls_to(store, NOTHING_BYTES)


def test_client_that_goes_away_leaves_nothing(
    store: StoreProcess, s3: "S3Client", bucket: str
) -> None:
    endpoint = store.endpoint
    upload = Upload.begin(s3, bucket, "upload")
    for query in ("", f"partNumber=1&uploadId={upload.upload_id}"):
        for _ in range(3):
            asked = Request("PUT", f"/{bucket}/upload", query)
            asked.fields["Content-Length"] = str(64 * MIB)
            wire = Connection(endpoint.address)
            wire.send(sign(endpoint, asked, payload=UNSIGNED).bytes)
            wire.send(body_of(1, 6 * MIB))
            wait_until(lambda: used_bytes(store) >= MIB)
            wire.close()
    falls_to(store, NOTHING_BYTES)


def test_uploads_cut_by_a_crash_leave_nothing(
    store: StoreProcess, s3: "S3Client", bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="kept", Body=body_of(1, 2 * MIB))
    endpoint = store.endpoint
    wires: list[Connection] = []
    for number in range(4):
        asked = Request("PUT", f"/{bucket}/cut{number}", fields={"Content-Length": str(64 * MIB)})
        wires.append(Connection(endpoint.address))
        wires[-1].send(sign(endpoint, asked, payload=UNSIGNED).bytes + body_of(1, 6 * MIB))
    wait_until(lambda: used_bytes(store) >= 10 * MIB)
    store.kill()
    for wire in wires:
        wire.close()
    store.start()
    with store.endpoint.client() as after:
        assert read(after, bucket, "kept") == body_of(1, 2 * MIB)
    falls_to(store, 2 * MIB + NOTHING_BYTES)
