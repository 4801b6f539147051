"""The write-ahead log: one for each disk, shared by all Raft groups of a process.

Appends wait in a queue while a sync is under way; the next write and fdatasync take all of them,
one hop to the log's own thread for each batch. Bytes are in `wal_format`, files in `wal_segment`,
start in `wal_recovery`. What an entry means is none of this package's business.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.errors import (
    InvalidRequest,
    NoSpace,
    Overloaded,
    Stopping,
    TrioxygenError,
    again,
)
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.ports import Entry, GroupId
from trioxygen.metadata.raft.wal_config import WalConfig
from trioxygen.metadata.raft.wal_contents import LogContents
from trioxygen.metadata.raft.wal_format import SEGMENT_HEADER_BYTES, SegmentHeader
from trioxygen.metadata.raft.wal_index import GroupIndex, GroupLog
from trioxygen.metadata.raft.wal_mending import StatesHeld
from trioxygen.metadata.raft.wal_metrics import WalMetrics
from trioxygen.metadata.raft.wal_reading import place, read_entries
from trioxygen.metadata.raft.wal_reclaim import is_obsolete, to_carry
from trioxygen.metadata.raft.wal_recovery import recover
from trioxygen.metadata.raft.wal_room import RoomSearch
from trioxygen.metadata.raft.wal_segment import (
    Append,
    LogFailed,
    Segment,
    SegmentWriter,
    append_bytes_max,
    make_segment,
    retire_segment,
)

__all__ = ["WalConfig", "WriteAheadLog"]

log = logs.get(__name__)

# More than that are there because some group has not released its entries for long.
_SEGMENTS_CALM: Final = 4


@dataclass(slots=True, eq=False)
class _Queued:
    append: Append
    done: "asyncio.Future[None]"


class WriteAheadLog(LogContents):
    """Make one with `open`. Used from one event loop."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        config: WalConfig,
        directory: Path,
        name: str,
        metrics: WalMetrics,
        segments: list[Segment],
        groups: dict[GroupId, GroupIndex],
        end_offset: int,
    ) -> None:
        super().__init__(groups)
        self._runtime, self._config = runtime, config
        self._directory, self._name = directory, name
        self._metrics = metrics.of_log(name)
        self._segments = segments
        self._writer = SegmentWriter(segments[-1], end_offset)
        self._lane = runtime.blocking.lane(f"wal-{name}")
        self._queue: deque[_Queued] = deque()
        self._queued_bytes = 0
        self._writing: list[_Queued] = []
        self._is_due = False
        self._needs_segment = False
        self._next: Segment | None = None
        self._following: Segment | None = None
        self._preparing: asyncio.Future[Segment] | None = None
        self._reclaiming: asyncio.Task[None] | None = None
        self._refusal: TrioxygenError | None = None
        self._room = RoomSearch(runtime, name, self._prepare_again)
        self.watch_pressure = self._room.watch
        self._prepare()

    @classmethod
    async def open(
        cls,
        directory: Path,
        runtime: Runtime,
        config: WalConfig,
        *,
        name: str = "raft",
        metrics: WalMetrics | None = None,
        states: StatesHeld | None = None,
    ) -> "WriteAheadLog":
        """Recovers the log in a folder of its own, or starts one there.

        Args:
            name: tells logs of one process apart, in metrics.
            metrics: shared by all logs of a runtime; may be left out when there is only one.
            states: what the groups' states hold; asked only when a part of the log is damaged,
                which is mended where all that it held is applied.
        Raises:
            LogCorrupt, UnknownFormat: as recovered.
            NoSpace: a new log found no space for its first segment.
        """
        disk, run = runtime.disk, runtime.blocking.run
        await run(disk.make_directory, directory)
        spares_max = config.spare_segments_max
        recovered = await run(
            partial(recover, disk, directory, spares_max=spares_max, states=states)
        )
        segments, end_offset = recovered.segments, recovered.end_offset
        if not segments:
            header = SegmentHeader(
                log_id=runtime.rng.getrandbits(64),
                base_offset=0,
                size_bytes=config.segment_bytes,
                salt=runtime.rng.getrandbits(64),
            )
            segments = [await run(make_segment, disk, directory, header)]
            end_offset = SEGMENT_HEADER_BYTES
        wal = cls(
            runtime=runtime,
            config=config,
            directory=directory,
            name=name,
            metrics=metrics or WalMetrics(runtime.registry),
            segments=segments,
            groups=recovered.groups,
            end_offset=end_offset,
        )
        await asyncio.gather(
            *(
                wal._enqueue(Append(group, compacted=through, is_housekeeping=True))
                for group, through in recovered.obsolete_through.items()
            )
        )
        return wal

    # ---- reading ----

    async def read(self, group: GroupId, first_index: int, *, bytes_max: int) -> list[Entry]:
        """Synced entries from an index on: up to so many payload bytes, but at least one entry.

        Args:
            first_index: at least `first_index(group)`; beyond the last entry gives none.
        Raises: LogCorrupt, naming file and offset; OSError.
        """
        index = self._index(group)
        if first_index > index.last_index:
            return []
        places = place(self._segments, index.locate(first_index, bytes_max=bytes_max))
        used = list({one.segment.base_offset: one.segment for one in places}.values())
        for segment in used:
            segment.readers += 1
        reading = self._runtime.blocking.run(read_entries, group, first_index, places)
        # The thread reads on when the caller is cancelled: only its own end sets the files free.
        reading.add_done_callback(lambda _: self._read_ended(used))
        return await asyncio.shield(reading)

    def _read_ended(self, used: Iterable[Segment]) -> None:
        for segment in used:
            segment.readers -= 1
        self._reclaim_if_possible()

    # ---- space ----

    @property
    def is_short(self) -> bool:
        """Whether there is no room for a segment after the one in use: what is left of it should be
        kept for what frees space."""
        return self._room.is_under_way and self._next is None

    # ---- appending ----

    @property
    def append_bytes_max(self) -> int:
        """How much one append may hold, its records' headers included."""
        return append_bytes_max(self._config.segment_bytes)

    def append(
        self,
        group: GroupId,
        entries: Sequence[Entry] = (),
        *,
        hard_state: bytes | None = None,
        is_bounded: bool = False,
    ) -> "asyncio.Future[None]":
        """Queues a hard state, then entries. The future is done when they are on stable storage.

        Entries follow each other, and follow `last_index_queued` or replace entries from their
        first index on. Appends become durable in the order of the calls.

        Args:
            is_bounded: the caller sees to it that not too much waits; never Overloaded.
        Raises (here or from the future):
            Overloaded: too many bytes wait.
            InvalidRequest: more than fits in one segment.
            NoSpace: it is not in the log, nor is what was queued after it; may be tried again.
            LogFailed: the disk failed; unknown what is in the log, which takes nothing more.
            Stopping: closed.
        """
        truncate_from = None
        if entries:
            first = entries[0].index
            last_queued = self.last_index_queued(group)
            assert entries[-1].index - first + 1 == len(entries), (group, first)
            assert self._index(group).compacted_index < first <= last_queued + 1, (group, first)
            if first <= last_queued:
                truncate_from = first
        append = Append(group, entries=entries, truncate_from=truncate_from, hard_state=hard_state)
        return self._enqueue(append, is_bounded=is_bounded)

    def reset(self, group: GroupId, index: int, term: int) -> "asyncio.Future[None]":
        """Drops all entries; the next one is `index` + 1. Done and raises as `append`."""
        append = Append(group, truncate_from=0, compacted=(index, term))
        return self._enqueue(append, is_bounded=True)

    def _enqueue(self, append: Append, *, is_bounded: bool = False) -> "asyncio.Future[None]":
        if self._refusal is not None:
            raise again(self._refusal)
        size_bytes = append.size_bytes
        most = append_bytes_max(self._config.segment_bytes)
        if size_bytes > most:
            raise InvalidRequest("too much for one append", size_bytes=size_bytes, most=most)
        too_much = self._queued_bytes + size_bytes > self._config.queued_bytes_max
        if too_much and self._queued_bytes and not (is_bounded or append.is_housekeeping):
            raise Overloaded(
                "the log has too much to write", log=self._name, bytes=self._queued_bytes
            )
        if not append.is_mark:
            known = self._groups.get(append.group)
            if known is None:
                known = self._groups[append.group] = GroupLog(GroupIndex(append.group))
            append.note_queued(known)
        queued = _Queued(append, asyncio.get_running_loop().create_future())
        self._queue.append(queued)
        self._queued_bytes += size_bytes
        if not self._writing:
            self._write_soon()
        return queued.done

    def _write_soon(self) -> None:
        # Not at once: whoever else runs in this turn of the loop shares the sync. Measured with 8
        # in flight: 24,000 to 30,000 appends/s instead of 17,000, with half the CPU for each.
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._write_queued)

    def _write_queued(self) -> None:
        """Sends what is queued to the log's thread, as much as fits in one segment."""
        self._is_due = self._needs_segment = False
        if self._writing or not self._queue:
            return
        first = self._queue[0].append
        following = None
        if first.size_bytes > self._writer.room_bytes(housekeeping=first.is_housekeeping):
            if self._next is None:
                # Goes on when the next segment is there, or cannot be had.
                self._needs_segment = True
                self._prepare()
                return
            following, self._next = self._next, None
        room_bytes = self._writer.room_bytes(following)
        room_bytes_housekeeping = self._writer.room_bytes(following, housekeeping=True)
        batch: list[_Queued] = []
        size_bytes = 0
        queue = self._queue
        while queue:
            append = queue[0].append
            size_bytes += append.size_bytes
            if size_bytes > (room_bytes_housekeeping if append.is_housekeeping else room_bytes):
                break
            batch.append(queue.popleft())
        assert batch, "an append that fits in no segment was queued"
        self._writing, self._following = batch, following
        writing = self._lane.run(self._writer.write, [one.append for one in batch], following)
        writing.add_done_callback(self._written)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        batch, self._writing = self._writing, []
        following, self._following = self._following, None
        if following is not None and following is self._writer.segment:
            self._segments.append(following)
            self._prepare()
            if len(self._segments) > _SEGMENTS_CALM:
                self._room.press()
        elif following is not None:
            self._next = following
        error = writing.exception()
        if isinstance(error, NoSpace):
            self._give_back(batch, error)
        elif error is not None:
            self._fail(batch, error)
        else:
            size_bytes = sum([one.append.size_bytes for one in batch])
            self._queued_bytes -= size_bytes
            self._metrics.synced(appends=len(batch), size_bytes=size_bytes)
            for one in batch:
                append = one.append
                if not append.is_mark:
                    append.note_durable(self._groups[append.group].index, self._writer.segment)
                if not one.done.done():
                    one.done.set_result(None)
        self._write_soon()

    # ---- what can go wrong ----

    def _give_back(self, batch: Sequence[_Queued], error: NoSpace) -> None:
        """Refuses a batch and all that was queued after it: entries must follow each other."""
        self._metrics.ran_out_of_space()
        log.warning("log_out_of_space", log=self._name, error=error)
        refused = [*batch, *self._queue]
        self._queue.clear()
        self._queued_bytes = 0
        for known in self._groups.values():
            known.forget_queued()
        _refuse(refused, error)

    def _fail(self, batch: Sequence[_Queued], error: BaseException) -> None:
        log.error("log_failed", log=self._name, error=error)
        self._refusal = LogFailed(
            "the write-ahead log has failed", log=self._name, cause=str(error)
        )
        self._refusal.__cause__ = error
        refused = [*batch, *self._queue]
        self._queue.clear()
        self._queued_bytes = 0
        _refuse(refused, self._refusal)

    # ---- segments ----

    def _prepare(self) -> None:
        """Makes the next segment ahead of need."""
        if self._preparing is not None:
            return
        header = SegmentHeader(
            log_id=self._segments[-1].header.log_id,
            base_offset=self._segments[-1].end_offset,
            size_bytes=self._config.segment_bytes,
            salt=self._runtime.rng.getrandbits(64),
        )
        self._preparing = self._runtime.blocking.run(
            make_segment, self._runtime.disk, self._directory, header
        )
        self._preparing.add_done_callback(self._prepared)

    def _prepared(self, preparing: "asyncio.Future[Segment]") -> None:
        self._preparing = None
        error = preparing.exception()
        if error is None:
            self._next = preparing.result()
        if isinstance(error, NoSpace):
            # Tried again by the next append that needs it.
            if self._needs_segment and not self._writing:
                self._give_back((), error)
            elif not self.is_short:
                self._metrics.ran_out_of_space()
                log.warning("log_out_of_space", log=self._name, error=error)
            if self._refusal is None:
                self._room.begin()
        elif error is not None:
            self._fail((), error)
        else:
            self._write_soon()

    async def _prepare_again(self) -> bool:
        """Whether the next segment is there, in use already, or not wanted any more."""
        if self._lacks_segment():
            self._prepare()
            if self._preparing is not None:
                await asyncio.wait((self._preparing,))
        return not self._lacks_segment()

    def _lacks_segment(self) -> bool:
        return self._next is None and self._following is None and self._refusal is None

    def release(self, group: GroupId, through_index: int) -> None:
        """Entries up to an index are obsolete: segments without any other are taken back, soon."""
        index = self._index(group)
        if through_index <= index.released_index:
            return
        assert through_index <= index.last_index, (group, through_index, index.last_index)
        index.released_index = through_index
        self._reclaim_if_possible()

    def _oldest_is_obsolete(self) -> bool:
        return len(self._segments) > 1 and is_obsolete(self._segments[0], self._groups)

    def _reclaim_if_possible(self) -> None:
        if self._reclaiming is None and self._refusal is None and self._oldest_is_obsolete():
            self._reclaiming = self._runtime.tasks.start(
                self._reclaim(), name=f"wal-{self._name}-reclaim"
            )

    async def _reclaim(self) -> None:
        try:
            while self._refusal is None and self._oldest_is_obsolete():
                oldest = self._segments[0]
                # First the log says, durably and further on, what only this segment says.
                carried = [self._enqueue(append) for append in to_carry(oldest, self._groups)]
                if carried:
                    await asyncio.gather(*carried)
                if oldest.readers:
                    return
                del self._segments[0]
                spares_max = self._config.spare_segments_max
                disk = self._runtime.disk
                retiring = self._runtime.blocking.run(
                    partial(retire_segment, disk, oldest, spares_max=spares_max)
                )
                await asyncio.shield(retiring)
            if self.is_short:
                await self._prepare_again()
        except (NoSpace, Overloaded, Stopping) as error:
            # Nothing is lost; the next release tries again.
            log.warning("log_not_reclaimed", log=self._name, error=error)
        finally:
            self._reclaiming = None

    # ---- the end ----

    async def close(self) -> None:
        """Syncs what is queued, and ends. Idempotent."""
        mark = None
        if self._refusal is None:
            mark = self._enqueue(Append(GroupId(0), is_mark=True, is_housekeeping=True))
            self._refusal = Stopping("the log is closed", log=self._name)
        self._room.end()
        ending: tuple[asyncio.Future[Any] | None, ...] = (mark, self._reclaiming, self._preparing)
        waiting: list[asyncio.Future[Any]] = [one for one in ending if one is not None]
        for ended in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(ended, BaseException):
                log.warning("log_closed_uncleanly", log=self._name, error=ended)
        self._lane.close()
        unused, self._next = self._next, None
        for segment in [*self._segments, *([] if unused is None else [unused])]:
            segment.file.close()
        self._segments = []


def _refuse(refused: Sequence[_Queued], error: TrioxygenError) -> None:
    for one in refused:
        if not one.done.done():
            one.done.set_exception(again(error))
