"""A disk that is full: writes are refused at once and clearly, deleting works, space comes back,
and the store stops and starts at every moment."""

import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import empty, keys_of, read, refused
from tests.integration.full_store import MIB, RESERVED_BYTES, disk_of_store, store_on
from tests.integration.store_process import StoreProcess, wait_until
from tests.small_disk import SmallDisk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FULL: Final = (507, "InsufficientStorage")
# Of what happens at once: before anybody gives up or stops waiting, which takes 30 s.
SOON_SECONDS: Final = 25
WRITERS: Final = 32


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with disk_of_store(tmp_path) as made:
        yield made


@pytest.fixture
def store(disk: SmallDisk, tmp_path: Path) -> Iterator[StoreProcess]:
    with store_on(disk, tmp_path) as made:
        yield made.start()


@pytest.fixture
def s3(store: StoreProcess) -> "Iterator[S3Client]":
    with store.endpoint.client() as client:
        client.create_bucket(Bucket="bucket")
        yield client


def fill(s3: "S3Client", sizes: list[int], name: str = "w") -> int:
    """Many writers at once until each is refused; how many objects were stored."""
    stored = [0] * WRITERS

    def write(number: int) -> None:
        size = sizes[number % len(sizes)]
        while True:
            key = f"{name}{number:02}/{stored[number]:04}"
            try:
                s3.put_object(Bucket="bucket", Key=key, Body=bytes([number]) * size)
            except ClientError as error:
                output = error.response
                status = output["ResponseMetadata"]["HTTPStatusCode"]
                assert (status, output["Error"]["Code"]) == FULL, output
                return
            stored[number] += 1

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    return sum(stored)


def health(store: StoreProcess) -> tuple[int, str]:
    with urllib.request.urlopen(f"{store.url}/_health/ready", timeout=60) as answer:
        return answer.status, answer.read().decode()


@contextmanager
def soon() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON_SECONDS


def goes_on(s3: "S3Client") -> None:
    """A PUT works again, by itself."""

    def put() -> bool:
        try:
            s3.put_object(Bucket="bucket", Key="again", Body=bytes(4 * MIB))
        except ClientError as error:
            assert error.response["Error"]["Code"] == FULL[1], error
            return False
        return True

    wait_until(put)
    assert read(s3, "bucket", "again") == bytes(4 * MIB)


def test_full_store_refuses_writes_and_gives_space_back(
    store: StoreProcess, s3: "S3Client", disk: SmallDisk
) -> None:
    assert fill(s3, [8 * MIB, 3 * MIB, 300_000, 20_000]) > 20
    # The logs may have made a segment or two meanwhile.
    assert disk.free_bytes >= RESERVED_BYTES - 8 * MIB
    with soon():
        assert refused(s3.put_object, Bucket="bucket", Key="k", Body=bytes(8 * MIB)) == FULL
    turns = count()

    def is_full() -> bool:
        """As it says. What a log gives back, or has been counted twice until it was flushed, is
        filled as well."""
        fill(s3, [20_000], name=f"more-{next(turns)}-")
        return health(store) == (200, "full\n") and store.status()["is_full"]

    wait_until(is_full)
    keys = keys_of(s3, "bucket")
    with soon():
        s3.delete_object(Bucket="bucket", Key=keys[0])
    assert read(s3, "bucket", keys[1])
    empty(s3, "bucket")
    goes_on(s3)
    assert health(store) == (200, "ok\n")
    store.stop()


def test_ten_large_puts_together_leave_the_reserve(
    store: StoreProcess, s3: "S3Client", disk: SmallDisk
) -> None:
    lowest, stop = [disk.free_bytes], threading.Event()

    def watch() -> None:
        while not stop.wait(0.002):
            lowest[0] = min(lowest[0], disk.free_bytes)

    watcher = threading.Thread(target=watch)
    watcher.start()
    body = bytes(48 * MIB)

    def put(number: int) -> bool:
        try:
            s3.put_object(Bucket="bucket", Key=f"k{number}", Body=body)
        except ClientError as error:
            assert error.response["Error"]["Code"] == FULL[1], error
            return False
        return True

    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(put, range(10)))
    stop.set()
    watcher.join()
    assert not all(done)
    assert lowest[0] >= RESERVED_BYTES - 4 * MIB


def test_store_deletes_stops_and_starts_with_no_byte_left(
    store: StoreProcess, s3: "S3Client", disk: SmallDisk
) -> None:
    for number in range(8):
        s3.put_object(Bucket="bucket", Key=f"large{number}", Body=bytes(4 * MIB))
        s3.put_object(Bucket="bucket", Key=f"small{number}", Body=bytes(20_000))
    disk.fill()
    with soon():
        assert refused(s3.put_object, Bucket="bucket", Key="k", Body=b"x" * 1_000) == FULL
    with soon():
        s3.delete_object(Bucket="bucket", Key="small0")
        assert read(s3, "bucket", "small1") == bytes(20_000)
    disk.fill()
    with soon():
        store.stop()
    disk.fill()
    store.start()
    with store.endpoint.client() as client:
        disk.fill()
        assert refused(client.put_object, Bucket="bucket", Key="k", Body=b"x" * 1_000) == FULL
        store.kill()
    disk.fill()
    store.start()
    with store.endpoint.client() as client:
        for number in range(8):
            client.delete_object(Bucket="bucket", Key=f"large{number}")
        wait_until(lambda: disk.free_bytes >= 24 * MIB)
        disk.free()
        goes_on(client)
    store.stop()
