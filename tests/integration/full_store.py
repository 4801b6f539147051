"""A store on a small file system of its own, for tests that fill it to the last byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.integration.store_process import StoreProcess
from tests.small_disk import SmallDisk, small_disk

MIB: Final = 1 << 20
RESERVED_BYTES: Final = 32 * MIB
_DISK_BYTES: Final = 256 * MIB
# Space comes back soon, and logs leave most of the disk to data.
_CONFIG: Final = {
    "metadata.gc_delay_seconds": 0,
    "metadata.lease_duration_seconds": 10,
    "metadata.log_segment_bytes": 2 * MIB,
    "storage.log_segment_bytes": 2 * MIB,
    "storage.reserved_bytes": RESERVED_BYTES,
}


@contextmanager
def disk_of_store(folder: Path) -> Iterator[SmallDisk]:
    with small_disk(folder / "disk", _DISK_BYTES) as made:
        yield made


@contextmanager
def store_on(disk: SmallDisk, folder: Path) -> Iterator[StoreProcess]:
    """Not started; its log is beside the disk."""
    made = StoreProcess(disk.path, _CONFIG)
    made.log = folder / "server.log"
    try:
        yield made
    finally:
        made.discard()
