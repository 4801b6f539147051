"""kill -9, SIGTERM and restarts at random moments while many writers keep the disk full. What was
acknowledged is there; in the end all space comes back. `O3_CRASH_SEED` repeats a run's choices."""

import os
import random
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.integration.endpoint import Endpoint, empty, read
from tests.integration.full_store import MIB, disk_of_store, store_on
from tests.integration.store_process import StoreProcess, wait_until
from tests.small_disk import SmallDisk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

ROUNDS: Final = 6
WRITERS: Final = 32
SIZES: Final = (3 * MIB, 300_000, 20_000, 0)


class Writer(threading.Thread):
    """Puts keys of its own, and deletes one now and then, until the store goes away."""

    def __init__(self, number: int, endpoint: Endpoint, acknowledged: dict[str, int]) -> None:
        super().__init__()
        self._number, self._endpoint, self._acknowledged = number, endpoint, acknowledged
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            with self._endpoint.client(read_timeout=30) as s3:
                while True:
                    self._step(s3)
        except BotoCoreError:
            return
        except BaseException as error:
            self.failure = error

    def _step(self, s3: "S3Client") -> None:
        size = SIZES[self._number % len(SIZES)]
        key = f"{self._number:02}/{secrets.token_hex(6)}"
        try:
            s3.put_object(Bucket="bucket", Key=key, Body=key[:2].encode() * (size // 2))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            assert code in ("InsufficientStorage", "ServiceUnavailable", "SlowDown"), error
            own = [each for each in list(self._acknowledged) if each.startswith(key[:3])]
            if own and secrets.randbelow(4) == 0:
                self._acknowledged.pop(own[0])
                s3.delete_object(Bucket="bucket", Key=own[0])
        else:
            self._acknowledged[key] = size // 2 * 2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with disk_of_store(tmp_path) as made:
        yield made


@pytest.fixture
def store(disk: SmallDisk, tmp_path: Path) -> Iterator[StoreProcess]:
    with store_on(disk, tmp_path) as made:
        yield made


def test_store_survives_kills_while_it_is_full(store: StoreProcess, disk: SmallDisk) -> None:
    seed = int(os.environ.get("O3_CRASH_SEED") or secrets.randbits(32))
    print(f"O3_CRASH_SEED={seed}")
    rng = random.Random(seed)
    acknowledged: dict[str, int] = {}
    store.start()
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="bucket")
    for turn in range(ROUNDS):
        writers = [Writer(number, store.endpoint, acknowledged) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        # The moment is random, so it is slept for: nothing waits for a condition here.
        time.sleep(rng.uniform(1.0, 4.0))
        if rng.random() < 0.5:
            # Another program takes the reserve too.
            disk.fill()
        if rng.random() < 0.7:
            store.kill()
        else:
            store.stop()
        for writer in writers:
            writer.join()
            if writer.failure is not None:
                raise writer.failure
        store.start()
        disk.free()
        print(f"round {turn}: {len(acknowledged)} objects, ready in {store.ready_seconds:.2f} s")
    with store.endpoint.client() as s3:
        for key, size in acknowledged.items():
            assert read(s3, "bucket", key) == key[:2].encode() * (size // 2)
        empty(s3, "bucket")
        wait_until(lambda: disk.free_bytes >= 150 * MIB, output=lambda: disk.free_bytes)

        def is_stored() -> bool:
            """That there is room again is heard of a moment later."""
            try:
                s3.put_object(Bucket="bucket", Key="again", Body=bytes(8 * MIB))
            except ClientError as error:
                assert error.response["Error"]["Code"] == "InsufficientStorage", error
                return False
            return True

        wait_until(is_stored, output=lambda: disk.free_bytes)
    store.stop()
