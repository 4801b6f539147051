"""Packed segments: files that hold many small blocks, one after the other.

Blocks that came through the ring's log are appended bare, in batches: the log has them until the
index knows their place. A streamed block is not in the log, so it starts at a multiple of 4 KiB
with a record header, by which its place is found again when the process ended before the index was
written.
"""

import asyncio
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common.blocking import Lane
from trioxygen.common.disk import Buffer, File
from trioxygen.common.errors import Internal, NoSpace
from trioxygen.common.units import KIB, MIB
from trioxygen.common.worker import Tasks
from trioxygen.hdds.checksums import RunningChecksums, checksums_of, crc32c

RECORD_ALIGNMENT_BYTES: Final = 4 * KIB

_MAGIC: Final = b"O3BLOCK1"
# magic, container, local, size of the data; then the CRC32C of these.
_HEADER: Final = struct.Struct("<8sQQI")
RECORD_HEADER_BYTES: Final = _HEADER.size + 4
_SCAN_BYTES: Final = 1 * MIB


def record_header(container: int, local: int, size_bytes: int) -> bytes:
    header = _HEADER.pack(_MAGIC, container, local, size_bytes)
    return header + crc32c(header).to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Record:
    """A streamed block as found in a segment; `offset_bytes` is that of its data."""

    container: int
    local: int
    size_bytes: int
    segment: int
    offset_bytes: int


def scan_records(file: File, *, segment: int, container: int, from_bytes: int) -> Iterator[Record]:
    """Records whose headers are whole, at or after an offset. Their data is not checked here."""
    end_bytes = file.size_bytes()
    at = from_bytes + -from_bytes % RECORD_ALIGNMENT_BYTES
    while at < end_bytes:
        data = file.pread(_SCAN_BYTES, at)
        for start in range(0, len(data), RECORD_ALIGNMENT_BYTES):
            header = data[start : start + _HEADER.size]
            if not header.startswith(_MAGIC) or len(header) < _HEADER.size:
                continue
            stored = data[start + _HEADER.size : start + RECORD_HEADER_BYTES]
            if crc32c(header).to_bytes(4, "little") != stored:
                continue
            _, of_container, local, size_bytes = _HEADER.unpack(header)
            offset_bytes = at + start + RECORD_HEADER_BYTES
            if of_container == container and offset_bytes + size_bytes <= end_bytes:
                yield Record(container, local, size_bytes, segment, offset_bytes)
        at += _SCAN_BYTES


def find_record(file: File, records: Sequence[Record], checksums: bytes) -> Record | None:
    """The one of a segment whose bytes have these checksums."""
    for record in records:
        if checksums_of(file.pread(record.size_bytes, record.offset_bytes)) == checksums:
            return record
    return None


@dataclass(slots=True)
class _Append:
    file: File
    header: bytes
    buffers: Sequence[Buffer]
    offset_bytes: int
    done: "asyncio.Future[bytes]"


_Outcome = tuple[_Append, bytes | BaseException]


def _append_all(appends: list[_Append]) -> list[_Outcome]:
    """Writes all, then syncs each file once: what arrived during the last sync shares the next."""
    outcomes: list[_Outcome] = []
    written: list[tuple[_Append, bytes]] = []
    for append in appends:
        checksums = RunningChecksums()
        checksums.update(append.buffers)
        try:
            append.file.pwrite((append.header, *append.buffers), append.offset_bytes)
        except (NoSpace, OSError) as error:
            outcomes.append((append, error))
        else:
            written.append((append, checksums.finish()))
    failed: dict[int, BaseException] = {}
    for file in {id(append.file): append.file for append, _ in written}.values():
        try:
            file.datasync()
        except (NoSpace, OSError) as error:
            failed[id(file)] = error
    for append, stored in written:
        outcomes.append((append, failed.get(id(append.file), stored)))
    return outcomes


class SegmentAppender:
    """Appends streamed blocks durably, many with one sync. One for a volume."""

    def __init__(self, lane: Lane, tasks: Tasks) -> None:
        self._lane, self._tasks = lane, tasks
        self._queue: list[_Append] = []
        self._running = False
        self.syncs = 0

    async def append(
        self, file: File, header: bytes, buffers: Sequence[Buffer], offset_bytes: int
    ) -> bytes:
        """Writes header and data at the offset; the data's checksums, once it is on stable storage.

        The write may still happen when the caller is cancelled: keep the file open until `drained`.
        Raises: NoSpace.
        """
        done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._queue.append(_Append(file, header, buffers, offset_bytes, done))
        if not self._running:
            self._running = True
            self._tasks.start(self._drain(), name="segment_appender")
        return await done

    async def _drain(self) -> None:
        batch: list[_Append] = []
        try:
            while self._queue:
                batch, self._queue = self._queue, []
                for append, outcome in await self._lane.run(_append_all, batch):
                    if append.done.done():
                        continue
                    if isinstance(outcome, BaseException):
                        append.done.set_exception(outcome)
                    else:
                        append.done.set_result(outcome)
                self.syncs += 1
        finally:
            self._running = False
            for append in batch:
                if not append.done.done():
                    append.done.set_exception(Internal("the append was given up"))
