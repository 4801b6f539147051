"""Where the bytes of streamed blocks lie that a log names, and no stream of this life brought."""

from collections.abc import Set
from dataclasses import dataclass, field

from trioxygen.common import logs
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key, get_block
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
        self._held: set[Place] = set()
        self._is_replaying = True

    def replayed(self, awaited: Set[bytes]) -> None:
        """From here on entries come as they are committed.

        Args:
            awaited: keys of blocks whose PutBlock is in a log already, and not known to be
                committed: what of them is here must stay.
        """
        self._is_replaying = False
        self._records = {key: record for key, record in self._records.items() if key in awaited}
        for records in self._records.values():
            for record in records:
                self._hold(record, _place_of(record))

    def _hold(self, record: Record, place: Place) -> None:
        if place not in self._held:
            self._held.add(place)
            self._volume.containers[record.container].hold_record(place)

    async def of(self, request: PutBlockRequest) -> BlockPlace:
        """Bytes that are gone in a replay are of a block that was deleted later in the log. Should
        the log not say so, it is named as missing by every read and by the scrubber."""
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
                return BlockPlace(located.segment, located.offset_bytes, place)
        if self._is_replaying:
            return BlockPlace(OWN_FILE, 0)
        path = volume.layout.block(request.block.container, request.block.local)
        is_there = await volume.blocking.run(volume.disk.exists, path)
        return BlockPlace(OWN_FILE, 0, is_missing=not is_there)

    def _indexed(self, key: bytes) -> Block | None:
        try:
            with self._volume.store.read() as txn:
                return get_block(txn, key)
        except DamagedRow as error:
            # It will be written anew, from the log.
            log.error("damaged_row_replaced", reason=error)
            return None


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
