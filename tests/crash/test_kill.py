"""kill -9 at random moments under load: what was acknowledged is there, nothing is there by halves,
no space is lost. `O3_CRASH_SEED` repeats a run's choices, as far as threads repeat anything."""

import json
import os
import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

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


class Crowd:
    """Clients that write, each with keys of its own."""

    def __init__(self, store: StoreProcess, rng: random.Random) -> None:
        self.store, self.rng = store, rng
        self.writers = [Writer(number, random.Random(rng.random())) for number in range(WRITERS)]
        self.version_writers = [
            VersionWriter(number, random.Random(rng.random())) for number in range(VERSION_WRITERS)
        ]
        self.buckets = [BUCKET, *(writer.bucket for writer in self.version_writers)]
        with store.endpoint.client() as s3:
            s3.create_bucket(Bucket=BUCKET)
            for version_writer in self.version_writers:
                version_writer.make_bucket(s3)

    def writes_while_it_is_killed(self, rounds: int) -> None:
        clients = [*self.writers, *self.version_writers]
        for turn in range(rounds):
            before = sum(client.acknowledged for client in clients)
            for client in clients:
                client.start(self.store.endpoint)
            # The moment is random, so it is slept for: nothing waits for a condition here.
            time.sleep(self.rng.uniform(0.2, 3.0))
            self.store.kill()
            for client in clients:
                client.join()
            acknowledged = sum(client.acknowledged for client in clients) - before
            restart(self.store, self.rng)
            with self.store.endpoint.client() as s3:
                check(s3, self.writers)
                for version_writer in self.version_writers:
                    version_writer.check(s3)
            ready_seconds = self.store.ready_seconds
            print(f"round {turn}: {acknowledged} acknowledged, ready in {ready_seconds:.2f} s")

    def removes_all(self) -> None:
        with self.store.endpoint.client() as s3:
            assert keys_of(s3, BUCKET)
            for bucket in self.buckets:
                empty(s3, bucket)
                s3.delete_bucket(Bucket=bucket)


def test_nothing_acknowledged_is_lost_and_no_space_leaks(
    store: StoreProcess, rng: random.Random
) -> None:
    crowd = Crowd(store.start(), rng)
    crowd.writes_while_it_is_killed(ROUNDS)
    crowd.removes_all()
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


def test_what_is_moved_to_another_class_meanwhile_is_whole(
    store: StoreProcess, rng: random.Random
) -> None:
    """Written again by then, on as many DataNodes: there is only this one."""
    store.configure({"lifecycle.day_seconds": 1, "s3.storage_classes": "GLACIER_IR=RATIS/ONE"})
    crowd = Crowd(store.start(), rng)
    move: Any = {"Days": 0, "StorageClass": "GLACIER_IR"}
    rule: Any = {
        "Status": "Enabled",
        # Else only what is large is moved.
        "Filter": {"ObjectSizeGreaterThan": 1},
        "Transitions": [move],
        "NoncurrentVersionTransitions": [{"NoncurrentDays": 0, "StorageClass": "GLACIER_IR"}],
    }
    with store.endpoint.client() as s3:
        for bucket in crowd.buckets:
            s3.put_bucket_lifecycle_configuration(
                Bucket=bucket, LifecycleConfiguration={"Rules": [rule]}
            )
    crowd.writes_while_it_is_killed(ROUNDS)
    # What was taken when the store was killed is nobody's for ten minutes: these are free.
    with store.endpoint.client() as s3:
        for bucket in crowd.buckets:
            s3.put_object(Bucket=bucket, Key="late", Body=b"late")

    def moved() -> dict[str, int]:
        shown = json.loads(store.o3("lifecycle", "status", "--json").stdout)
        return {row["bucket"]: row["transitioned"] for row in shown}

    wait_until(
        lambda: all(moved().get(bucket) for bucket in crowd.buckets),
        seconds_max=120,
        output=moved,
    )
    crowd.removes_all()

    # Where objects were is kept for a while, for readers under way; nothing else is.
    def kept() -> tuple[int, int]:
        status = store.status()
        return status["containers"]["block_count"], status["om"]["rows"]["gc"]

    wait_until(lambda: kept()[0] == kept()[1], seconds_max=120, output=kept)
    assert store.status()["scm"]["corrupt_blocks"] == 0
    store.stop()
