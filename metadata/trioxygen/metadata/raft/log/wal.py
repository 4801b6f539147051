"""The write-ahead log: one for each disk, shared by all Raft groups of a process.

Appends wait in a queue while a sync is under way; the next write and fdatasync take all of them
(`write_queue`). Bytes are in `format`, files in `segment`, start in `recovery`. What an entry means
is none of this package's business.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from trioxygen.common import logs
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.contents import LogContents
from trioxygen.metadata.raft.log.index import GroupIndex
from trioxygen.metadata.raft.log.mending import StatesHeld
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.opening import open_segments
from trioxygen.metadata.raft.log.reading import Reading
from trioxygen.metadata.raft.log.reclaimer import Reclaimer
from trioxygen.metadata.raft.log.segment import Append, Segment
from trioxygen.metadata.raft.log.write_queue import WriteQueue
from trioxygen.metadata.raft.ports import Entry, GroupId

log = logs.get(__name__)


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
        self._name = name
        self._segments = segments
        self._writes = writes = WriteQueue(
            runtime,
            config,
            directory,
            name,
            metrics.of_log(name),
            segments,
            self._groups,
            self._known,
            end_offset=end_offset,
        )
        self._enqueue, self.before_write = writes.add, writes.before_write
        # How much one append may hold, its records' headers included.
        self.append_bytes_max = writes.append_bytes_max
        self._supply = writes.supply
        self.watch_pressure = self._supply.watch_pressure
        self._reclaimer = Reclaimer(
            runtime,
            name,
            segments,
            self._groups,
            spares_max=config.spare_segments_max,
            enqueue=self._enqueue,
            goes_on=writes.goes_on,
            ended=self._reclaimed,
        )
        self._reading = Reading(runtime.blocking, segments, ended=self._reclaimer.begin_if_possible)
        self._supply.prepare()

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
            Whatever it raises, be it that it is cancelled: nothing is open then.
        """
        opened = await open_segments(
            runtime,
            directory,
            segment_bytes=config.segment_bytes,
            spares_max=config.spare_segments_max,
            states=states,
        )
        wal = cls(
            runtime=runtime,
            config=config,
            directory=directory,
            name=name,
            metrics=metrics or WalMetrics(runtime.registry),
            segments=opened.segments,
            groups=opened.groups,
            end_offset=opened.end_offset,
        )
        try:
            await asyncio.gather(
                *(
                    wal._enqueue(Append(group, compacted=through, is_housekeeping=True))
                    for group, through in opened.obsolete_through.items()
                )
            )
        except BaseException:
            await wal.close()
            raise
        return wal

    # ---- reading ----

    async def read(self, group: GroupId, first_index: int, *, bytes_max: int) -> list[Entry]:
        """Synced entries from an index on: up to so many payload bytes, but at least one entry.

        Args:
            first_index: at least `first_index(group)`; beyond the last entry gives none.
        Raises: LogCorrupt, naming file and offset; OSError.
        """
        return await self._reading.read(self._index(group), first_index, bytes_max=bytes_max)

    # ---- space ----

    @property
    def is_short(self) -> bool:
        """Whether there is no room for a segment after the one in use: what is left of it should be
        kept for what frees space."""
        return self._supply.is_short

    # ---- appending ----

    def append(
        self,
        group: GroupId,
        entries: Sequence[Entry] = (),
        *,
        hard_state: bytes | None = None,
        is_bounded: bool = False,
        written: "Callable[[asyncio.Future[None]], None] | None" = None,
    ) -> "asyncio.Future[None]":
        """Queues a hard state, then entries. The future is done when they are on stable storage.

        Entries follow each other, and follow `last_index_queued` or replace entries from their
        first index on. Appends become durable in the order of the calls.

        Args:
            is_bounded: the caller sees to it that not too much waits; never Overloaded.
            written: as a callback of the future, but called in the same turn of the loop in which
                it is known that it is on stable storage.
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
            known = self._known(group)
            last_queued = known.last_index_queued
            assert entries[-1].index - first + 1 == len(entries), (group, first)
            assert known.index.compacted_index < first <= last_queued + 1, (group, first)
            if first <= last_queued:
                truncate_from = first
        append = Append(
            group,
            entries=entries,
            truncate_from=truncate_from,
            hard_state=hard_state,
            written=written,
        )
        return self._enqueue(append, is_bounded=is_bounded)

    def reset(self, group: GroupId, index: int, term: int) -> "asyncio.Future[None]":
        """Drops all entries; the next one is `index` + 1. Done and raises as `append`."""
        append = Append(group, truncate_from=0, compacted=(index, term))
        return self._enqueue(append, is_bounded=True)

    # ---- segments ----

    async def _reclaimed(self) -> None:
        if self.is_short:
            await self._supply.prepare_again()

    def release(self, group: GroupId, through_index: int) -> None:
        """Entries up to an index are obsolete: segments without any other are taken back, soon."""
        index = self._index(group)
        if through_index <= index.released_index:
            return
        assert through_index <= index.last_index, (group, through_index, index.last_index)
        index.released_index = through_index
        self._reclaimer.begin_if_possible()

    def index_before(self, group: GroupId, kept_bytes: int) -> int:
        """The group's last entry in segments that end so far before the newest one; 0: none."""
        limit = self._segments[-1].base_offset - kept_bytes
        far_back = [segment for segment in self._segments if segment.end_offset <= limit]
        return max([segment.last_index.get(group, 0) for segment in far_back], default=0)

    async def forget(self, group: GroupId) -> None:
        """The group is gone from this disk for good: its entries keep no segment, and nothing of it
        is said again in later ones. Nobody appends for it any more. Idempotent.

        Raises: as `append`; it may be tried again."""
        if group not in self._groups:
            return
        # What was queued for it is in the index then.
        await self._enqueue(Append(GroupId(0), is_mark=True, is_housekeeping=True))
        index = self._index(group)
        if len(index):
            last = index.last_index
            compacted = (last, index.term(last))
            await self._enqueue(Append(group, compacted=compacted, is_housekeeping=True))
        # Only now: older segments, which go first, may still name its entries.
        self._forget(group)
        for segment in self._segments:
            segment.last_index.pop(group, None)
        self._reclaimer.begin_if_possible()

    # ---- the end ----

    async def close(self) -> None:
        """Syncs what is queued, and ends. Idempotent."""
        mark = self._writes.stop()
        self._supply.end()
        ending: tuple[asyncio.Future[Any] | None, ...] = (
            mark,
            self._reclaimer.task,
            self._supply.preparing,
        )
        waiting: list[asyncio.Future[Any]] = [future for future in ending if future is not None]
        for ended in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(ended, BaseException):
                log.warning("log_closed_uncleanly", log=self._name, error=ended)
        self._writes.close()
        unused = self._supply.take_unused()
        for segment in [*self._segments, *([] if unused is None else [unused])]:
            segment.file.close()
        self._segments = []
