"""kill -9 at random moments under load: what was acknowledged is there, nothing is there by halves,
no space is lost. `O3_CRASH_SEED` repeats a run's choices, as far as threads repeat anything."""

import os
import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.crash.model import Content, Model, State
from tests.crash.version_writer import VersionWriter
from tests.crash.writer import BUCKET, Writer
from tests.integration.endpoint import empty, keys_of, read
from tests.integration.store_process import StoreProcess, wait_until
from tests.integration.test_space import used_bytes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1_200)]

ROUNDS: Final = 12
WRITERS: Final = 6
VERSION_WRITERS: Final = 3
NOTHING_BYTES: Final = 256 << 10
CONFIG: Final = {
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    # Small, so that segments of the logs end and begin, and containers close, while it runs.
    "metadata.log_segment_bytes": 4 << 20,
    "storage.log_segment_bytes": 4 << 20,
    "storage.container_bytes": 64 << 20,
    "storage.block_bytes": 2 << 20,
}


@pytest.fixture
def rng() -> random.Random:
    seed = int(os.environ.get("O3_CRASH_SEED") or secrets.randbits(32))
    print(f"O3_CRASH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreProcess]:
    made = StoreProcess(tmp_path, CONFIG)
    yield made
    made.discard()


def state_of(s3: "S3Client", key: str, model: Model) -> State:
    """The object's state; it must be one of those that are possible, byte for byte."""
    possible = model.possible(key)
    try:
        body = read(s3, BUCKET, key)
    except s3.exceptions.NoSuchKey:
        assert None in possible, (key, possible)
        return None
    for state in possible:
        if isinstance(state, Content) and state.size_bytes == len(body) and state.body == body:
            return state
    raise AssertionError(f"{key}: {len(body)} bytes that nobody wrote there: {possible}")


def check(s3: "S3Client", writers: list[Writer]) -> None:
    """Every key against its model; the listing against what is there."""
    there: dict[str, int] = {}
    for writer in writers:
        for key in writer.model.keys():
            state = state_of(s3, key, writer.model)
            writer.model.settle(key, state)
            if state is not None:
                there[key] = state.size_bytes
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    entries = [entry for page in pages for entry in page.get("Contents", [])]
    assert {entry["Key"]: entry["Size"] for entry in entries} == there
    for entry in entries:
        head = s3.head_object(Bucket=BUCKET, Key=entry["Key"])
        assert head["ContentLength"] == entry["Size"] and head["ETag"] == entry["ETag"]


def restart(store: StoreProcess, rng: random.Random) -> None:
    """Now and then the recovery itself is killed as well."""
    while rng.random() < 0.4:
        process = store.launch()
        time.sleep(rng.uniform(0.05, 1.0))
        process.kill()
        process.communicate()
    store.start()


def test_nothing_acknowledged_is_lost_and_no_space_leaks(
    store: StoreProcess, rng: random.Random
) -> None:
    store.start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket=BUCKET)
    writers = [Writer(number, random.Random(rng.random())) for number in range(WRITERS)]
    version_writers = [
        VersionWriter(number, random.Random(rng.random())) for number in range(VERSION_WRITERS)
    ]
    with store.endpoint.client() as s3:
        for version_writer in version_writers:
            version_writer.make_bucket(s3)
    clients = [*writers, *version_writers]
    for turn in range(ROUNDS):
        before = sum(client.acknowledged for client in clients)
        for client in clients:
            client.start(store.endpoint)
        # The moment is random, so it is slept for: nothing waits for a condition here.
        time.sleep(rng.uniform(0.2, 3.0))
        store.kill()
        for client in clients:
            client.join()
        acknowledged = sum(client.acknowledged for client in clients) - before
        restart(store, rng)
        with store.endpoint.client() as s3:
            check(s3, writers)
            for version_writer in version_writers:
                version_writer.check(s3)
        print(f"round {turn}: {acknowledged} acknowledged, ready in {store.ready_seconds:.2f} s")
    with store.endpoint.client() as s3:
        assert keys_of(s3, BUCKET)
        for bucket in (BUCKET, *(writer.bucket for writer in version_writers)):
            empty(s3, bucket)
            s3.delete_bucket(Bucket=bucket)
    wait_until(
        lambda: used_bytes(store) <= NOTHING_BYTES,
        seconds_max=120,
        output=lambda: f"{used_bytes(store)} bytes are still used",
    )
    wait_until(
        lambda: store.status()["containers"]["block_count"] == 0,
        seconds_max=120,
        output=lambda: store.status()["containers"],
    )
    assert store.status()["scm"]["corrupt_blocks"] == 0
    store.stop()
