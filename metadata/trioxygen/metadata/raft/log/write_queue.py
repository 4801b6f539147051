"""What waits to be written to a log: in batches to the log's own thread, one sync for each."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

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
from trioxygen.common.states import move
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.index import GroupLog
from trioxygen.metadata.raft.log.metrics import LogMetrics
from trioxygen.metadata.raft.log.segment import (
    Append,
    LogFailed,
    Segment,
    SegmentWriter,
    append_bytes_max,
)
from trioxygen.metadata.raft.log.supply import SegmentSupply
from trioxygen.metadata.raft.log.writing import MOVES, Writing, refuse, run_all, tell
from trioxygen.metadata.raft.ports import GroupId

log = logs.get(__name__)


class WriteQueue:
    """Args:
        segments: of the log, oldest first; the last is in use, and ends at `end_offset` so far.
        groups, group_log: what is queued and what is durable of each group, noted here; of one that
            may be new.
    Attributes:
        append_bytes_max: how much one append may hold, its records' headers included.
        supply: of the segment after the one in use.
    """

    def __init__(
        self,
        runtime: Runtime,
        config: WalConfig,
        directory: Path,
        name: str,
        metrics: LogMetrics,
        segments: list[Segment],
        groups: Mapping[GroupId, GroupLog],
        group_log: Callable[[GroupId], GroupLog],
        *,
        end_offset: int,
    ) -> None:
        self._name, self._metrics, self._queued_bytes_max = name, metrics, config.queued_bytes_max
        self._groups, self._group_log = groups, group_log
        self.append_bytes_max = append_bytes_max(config.segment_bytes)
        self._writer = SegmentWriter(segments[-1], end_offset)
        self._lane = runtime.blocking.lane(f"wal-{name}")
        self._queue: deque[Append] = deque()
        self._queued_bytes = 0
        self._turns: deque[Callable[[], None]] = deque()
        self._batch: list[Append] = []
        self._state = Writing.IDLE
        self._refusal: TrioxygenError | None = None
        self.supply = SegmentSupply(
            runtime,
            name,
            directory,
            segments,
            segment_bytes=config.segment_bytes,
            is_wanted=self.goes_on,
            ready=self._segment_ready,
            no_space=self._no_segment,
            failed=lambda error: self._fail((), error),
        )

    def goes_on(self) -> bool:
        return self._refusal is None

    def add(self, append: Append, *, is_bounded: bool = False) -> "asyncio.Future[None]":
        """As `WriteAheadLog.append`, which says what is raised."""
        if self._refusal is not None:
            raise again(self._refusal)
        size_bytes = append.size_bytes
        if size_bytes > self.append_bytes_max:
            raise InvalidRequest(
                "too much for one append", size_bytes=size_bytes, most=self.append_bytes_max
            )
        if (
            not is_bounded
            and self._queued_bytes
            and self._queued_bytes + size_bytes > self._queued_bytes_max
            and not append.is_housekeeping
        ):
            raise Overloaded(
                "the log has too much to write", log=self._name, bytes=self._queued_bytes
            )
        if not append.is_mark:
            append.note_queued(self._group_log(append.group))
        done = append.done = asyncio.get_running_loop().create_future()
        self._queue.append(append)
        self._queued_bytes += size_bytes
        if self._state is Writing.IDLE or self._state is Writing.WAITING:
            self._write_soon()
        return done

    def before_write(self, turn: Callable[[], None]) -> None:
        """Calls it in the next turn of the loop; what it appends shares the sync, if one begins."""
        if self._state is Writing.IDLE:
            self._write_soon()
        if self._state is Writing.DUE:
            self._turns.append(turn)
        else:
            asyncio.get_running_loop().call_soon(turn)

    def _write_soon(self) -> None:
        # Not at once: whoever else runs in this turn of the loop shares the sync. Measured with 8
        # in flight: 24,000 to 30,000 appends/s instead of 17,000, with half the CPU for each.
        self._state = move(MOVES, self._state, Writing.DUE)
        asyncio.get_running_loop().call_soon(self._write_queued)

    def _write_queued(self) -> None:
        """Sends what is queued to the log's thread, as much as fits in one segment."""
        if self._turns:
            run_all(self._turns, self._write_queued)
        if not self._queue:
            self._state = move(MOVES, self._state, Writing.IDLE)
            return
        first = self._queue[0]
        following = None
        if first.size_bytes > self._writer.room_bytes(housekeeping=first.is_housekeeping):
            if not self.supply.is_ready:
                # Goes on when the next segment is there, or cannot be had.
                self._state = move(MOVES, self._state, Writing.WAITING)
                self.supply.prepare()
                return
            following = self.supply.hand_out()
        room_bytes_housekeeping = self._writer.room_bytes(following, housekeeping=True)
        room_bytes = room_bytes_housekeeping - (following or self._writer.segment).reserve_bytes
        batch: list[Append] = []
        size_bytes = 0
        queue = self._queue
        while queue:
            append = queue[0]
            size_bytes += append.size_bytes
            if size_bytes > (room_bytes_housekeeping if append.is_housekeeping else room_bytes):
                break
            batch.append(queue.popleft())
        assert batch, "an append that fits in no segment was queued"
        self._state = move(MOVES, self._state, Writing.WRITING)
        self._batch = batch
        writing = self._lane.run(self._writer.write, batch, following)
        writing.add_done_callback(
            self._written if following is None else self._written_with_following
        )

    def _written_with_following(self, writing: "asyncio.Future[None]") -> None:
        self.supply.settle(self._writer.segment)
        self._written(writing)

    def _written(self, writing: "asyncio.Future[None]") -> None:
        batch, self._batch = self._batch, []
        self._state = move(MOVES, self._state, Writing.IDLE)
        error = writing.exception()
        if error is None:
            size_bytes = sum([append.size_bytes for append in batch])
            self._queued_bytes -= size_bytes
            self._metrics.synced(appends=len(batch), size_bytes=size_bytes)
            for append in batch:
                if not append.is_mark:
                    append.note_durable(self._groups[append.group].index, self._writer.segment)
                if not append.done.done():
                    append.done.set_result(None)
        elif isinstance(error, NoSpace):
            self._give_back(batch, error)
        else:
            self._fail(batch, error)
        if self._queue:
            self._write_soon()
        if error is None:
            tell(deque([append for append in batch if append.written is not None]))

    # ---- what can go wrong ----

    def _give_back(self, batch: Sequence[Append], error: NoSpace) -> None:
        """Refuses a batch and all that was queued after it: entries must follow each other."""
        self._metrics.ran_out_of_space()
        log.warning("log_out_of_space", log=self._name, error=error)
        refused = self._take_queue(batch)
        for known in self._groups.values():
            known.forget_queued()
        refuse(refused, error)

    def _take_queue(self, batch: Sequence[Append]) -> list[Append]:
        taken = [*batch, *self._queue]
        self._queue.clear()
        self._queued_bytes = 0
        if self._state is Writing.WAITING:
            self._state = move(MOVES, self._state, Writing.IDLE)
        return taken

    def _fail(self, batch: Sequence[Append], error: BaseException) -> None:
        log.error("log_failed", log=self._name, error=error)
        self._refusal = LogFailed(
            "the write-ahead log has failed", log=self._name, cause=str(error)
        )
        self._refusal.__cause__ = error
        refuse(self._take_queue(batch), self._refusal)

    # ---- segments ----

    def _segment_ready(self) -> None:
        if self._state is Writing.WAITING:
            self._write_soon()

    def _no_segment(self, error: NoSpace) -> None:
        # Tried again by the next append that needs it.
        if self._state is Writing.WAITING:
            self._give_back((), error)
        elif not self.supply.is_short:
            self._metrics.ran_out_of_space()
            log.warning("log_out_of_space", log=self._name, error=error)

    # ---- the end ----

    def stop(self) -> "asyncio.Future[None] | None":
        """Takes nothing more. Done when what is queued is synced; None: it was stopped before."""
        if self._refusal is not None:
            return None
        mark = self.add(Append(GroupId(0), is_mark=True, is_housekeeping=True))
        self._refusal = Stopping("the log is closed", log=self._name)
        return mark

    def close(self) -> None:
        """After the last batch. Blocks until the thread has ended."""
        self._lane.close()
