"""Where the bytes of streamed blocks lie that a log names, and no stream of this life brought."""

from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from trioxygen.common import logs
from trioxygen.common.disk import Disk
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import (
    OWN_FILE,
    Block,
    block_key,
    block_of_key,
    get_block,
)
from trioxygen.hdds.container.packed_segment import RECORD_HEADER_BYTES, Record, find_record
from trioxygen.hdds.container.segment import Place
from trioxygen.hdds.container.volume import Volume
from trioxygen.proto.v1.datanode_pb2 import PutBlockRequest

log = logs.get(__name__)


@dataclass(slots=True)
class Recovered:
    """Streamed blocks in packed segments that the index may not know yet, by block key."""

    records: dict[bytes, list[Record]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BlockPlace:
    segment: int
    offset_bytes: int
    record: Place | None = None
    is_missing: bool = False


class Places:
    """Of one volume. Only for the event loop."""

    def __init__(self, volume: Volume, recovered: Recovered) -> None:
        self._volume, self._records = volume, recovered.records
        # By container: each counts its segments, and has places of its own.
        self._held: set[tuple[int, Place]] = set()
        # Of those, what entries have named.
        self._named: set[tuple[int, Place]] = set()

    def replayed(self, awaited: Set[bytes], shared: Set[int]) -> None:
        """From here on entries come as they are committed.

        Args:
            awaited: keys of blocks whose PutBlock is in a log already, and not known to be
                committed: what of them is here must stay.
            shared: containers of rings with other members: a writer may count on what this one
                has said to have, and put it through another one. See `forget_unput`.
        """
        self._records = {
            key: records
            for key, records in self._records.items()
            if key in awaited or block_of_key(key)[0] in shared
        }
        for records in self._records.values():
            for record in records:
                self._hold(record, _place_of(record))

    def forget_unput(self, awaited: Set[bytes]) -> None:
        """Whoever sent what no entry has named does not put it any more."""
        for key in self._records.keys() - awaited:
            for record in self._records.pop(key):
                place = _place_of(record)
                container = self._volume.containers.get(record.container)
                of_container = (record.container, place)
                if of_container in self._held - self._named and container is not None:
                    container.release_record(place)

    def _hold(self, record: Record, place: Place) -> None:
        if (record.container, place) not in self._held:
            self._held.add((record.container, place))
            self._volume.containers[record.container].hold_record(place)

    async def of(self, request: PutBlockRequest) -> BlockPlace:
        """Bytes that are gone in a replay are mostly of a block that the log deletes later."""
        key = block_key(request.block.container, request.block.local)
        known = self._indexed(key)
        if known is not None and known.is_same_content(request.size_bytes, request.checksums):
            return BlockPlace(known.segment, known.offset_bytes)
        records = [
            record
            for record in self._records.get(key, ())
            if record.size_bytes == request.size_bytes
        ]
        volume = self._volume
        if records:
            located = await volume.blocking.run(_find_record, volume, records, request.checksums)
            if located is not None:
                place = _place_of(located)
                self._hold(located, place)
                self._named.add((located.container, place))
                return BlockPlace(located.segment, located.offset_bytes, place)
        path = volume.layout.block(request.block.container, request.block.local)
        is_there = await volume.blocking.run(_is_file_of, volume.disk, path, request.size_bytes)
        return BlockPlace(OWN_FILE, 0, is_missing=not is_there)

    def _indexed(self, key: bytes) -> Block | None:
        try:
            with self._volume.store.read() as txn:
                return get_block(txn, key)
        except DamagedRow as error:
            # It will be written anew, from the log.
            log.error("damaged_row_replaced", reason=error)
            return None


def _is_file_of(disk: Disk, path: Path, size_bytes: int) -> bool:
    """Whether there is one, of this size: a stream that ended early seals less."""
    if not disk.exists(path):
        return False
    file = disk.open(path)
    try:
        return file.size_bytes() == size_bytes
    finally:
        file.close()


def _place_of(record: Record) -> Place:
    return Place(record.segment, record.offset_bytes - RECORD_HEADER_BYTES)


def _find_record(volume: Volume, records: list[Record], checksums: bytes) -> Record | None:
    for record in records:
        file = volume.disk.open(volume.layout.segment(record.container, record.segment))
        try:
            record_at = find_record(file, [record], checksums)
        finally:
            file.close()
        if record_at is not None:
            return record_at
    return None
