"""A disk that is smaller than what a large one keeps free: data finds room there with no setting,
metadata keeps its own, and each start says what may be written."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from botocore.exceptions import ClientError

from tests.integration.endpoint import read, refused
from tests.integration.store_process import StoreProcess, wait_until
from tests.small_disk import SmallDisk, small_disk

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB: Final = 1 << 20
DISK_BYTES: Final = 512 * MIB
RESERVED_BYTES: Final = DISK_BYTES // 20
FULL: Final = (507, "InsufficientStorage")
SOON: Final = {"metadata.gc_delay_seconds": 0}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", DISK_BYTES) as made:
        yield made


def started(disk: SmallDisk, tmp_path: Path, config: Mapping[str, object]) -> StoreProcess:
    made = StoreProcess(disk.path, config)
    made.log = tmp_path / "server.log"
    made.log.unlink(missing_ok=True)
    return made.start()


def lines(store: StoreProcess, event: str) -> list[dict[str, str]]:
    """Fields of every line of this event."""
    actual = [line.partition(f" {event} ")[2] for line in store.log_text().splitlines()]
    return [
        dict(pair.split("=", 1) for pair in line.split() if "=" in pair) for line in actual if line
    ]


def fill(s3: "S3Client") -> int:
    for number in range(200):
        try:
            s3.put_object(Bucket="bucket", Key=f"{number:03}", Body=bytes(8 * MIB))
        except ClientError as error:
            assert error.response["Error"]["Code"] == FULL[1]
            return number
    raise AssertionError("it does not become full")


def test_small_disk_takes_data_without_a_setting(disk: SmallDisk, tmp_path: Path) -> None:
    store = started(disk, tmp_path, SOON)
    try:
        [output] = lines(store, "volume_has_room")
        assert int(output["reserved_bytes"]) == RESERVED_BYTES
        assert int(output["capacity_bytes"]) == DISK_BYTES
        assert DISK_BYTES // 3 < int(output["room_bytes"]) <= DISK_BYTES - RESERVED_BYTES
        with store.endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
            stored = fill(s3)
            assert stored * 8 * MIB > DISK_BYTES // 3
            # What metadata works with is not taken, and the store's own free space is what it was.
            assert disk.free_bytes > RESERVED_BYTES - 8 * MIB
            s3.copy_object(Bucket="bucket", Key="copy", CopySource="bucket/000")
            s3.delete_object(Bucket="bucket", Key="001")
            assert "for new data" in store.o3("status").stdout
            store.stop()
        store = started(disk, tmp_path, SOON)
        with store.endpoint.client() as s3:
            assert read(s3, "bucket", "000") == bytes(8 * MIB)
            for number in range(2, stored):
                s3.delete_object(Bucket="bucket", Key=f"{number:03}")
            wait_until(lambda: not _is_refused(s3), seconds_max=120)
        store.stop()
    finally:
        store.discard()


def _is_refused(s3: "S3Client") -> bool:
    try:
        s3.put_object(Bucket="bucket", Key="again", Body=bytes(8 * MIB))
    except ClientError:
        return True
    return False


def test_reserve_that_leaves_no_room_is_said_at_the_start(disk: SmallDisk, tmp_path: Path) -> None:
    store = started(disk, tmp_path, {"storage.reserved_bytes": 1 << 30})
    try:
        [output] = lines(store, "volume_has_no_room")
        assert (output["room_bytes"], output["reserved_bytes"]) == ("0", str(1 << 30))
        assert "storage.reserved_bytes" in store.log_text() and " WARNING " in store.log_text()
        assert lines(store, "volume_has_room") == []
        with store.endpoint.client() as s3:
            s3.create_bucket(Bucket="bucket")
            assert refused(s3.put_object, Bucket="bucket", Key="k", Body=b"x") == FULL
        assert "0 B for new data" in store.o3("status").stdout
        store.stop()
    finally:
        store.discard()


@pytest.mark.parametrize("value", ["1", str(16 * MIB - 1)])
def test_reserve_that_is_of_no_use_is_refused(tmp_path: Path, value: str) -> None:
    store = StoreProcess(tmp_path, {"storage.reserved_bytes": value})
    process = store.launch()
    process.communicate(timeout=120)
    assert process.returncode == 2 and "at least 16777216" in store.log_text()
