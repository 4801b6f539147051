"""The log as one replica's driver uses it: what is written, read, kept and released."""

from collections.abc import Callable, Iterable

from trioxygen.common.errors import NoSpace
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import HardState, Ready, SnapshotMeta
from trioxygen.metadata.raft.log.keeping import LogKeeping
from trioxygen.metadata.raft.log.reader import LogReader
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.log.writer import LogWriter
from trioxygen.metadata.raft.ports import GroupId


class LogSide:
    """Args:
    is_alone: there is nobody for whom entries would be kept, or who could replace them.
    keep_bytes: of entries, for followers that lag.
    hard_state: as recovered.
    snapshot, loaded: as `LogReader`'s.
    durable, drained, has_room, withdraw: as `LogWriter`'s.
    failed: the log is dead.

    Attributes:
    hard_state: the last one that the core gave out.
    writer: says whether the disk is full.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        group: GroupId,
        *,
        is_alone: bool,
        keep_bytes: int,
        hard_state: HardState,
        snapshot: Callable[[], SnapshotMeta | None],
        loaded: Callable[[], None],
        durable: Callable[[Ready], None],
        drained: Callable[[], None],
        has_room: Callable[[bool], None],
        withdraw: Callable[[NoSpace], bool],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._wal, self._group, self._is_alone = wal, group, is_alone
        self.hard_state = hard_state
        self._keeping, self._keep_bytes = LogKeeping(keep_bytes), keep_bytes
        self.reader = LogReader(
            wal, group, runtime.tasks, snapshot=snapshot, loaded=loaded, failed=failed
        )
        self.writer = LogWriter(
            wal,
            group,
            runtime.clock,
            runtime.tasks,
            durable=durable,
            drained=drained,
            has_room=has_room,
            withdraw=withdraw,
            failed=failed,
        )
        self.drain, self.stop = self.writer.drain, self.writer.stop
        self.ended = self.writer.ended
        self.before_write = wal.before_write

    @property
    def last_durable_index(self) -> int:
        return self._wal.last_index(self._group)

    def write(self, ready: Ready) -> None:
        if ready.hard_state is not None or not self._is_alone:
            self.note(ready)
        self.writer.write(ready)

    def note(self, ready: Ready) -> None:
        """What is to be written when its snapshot is installed."""
        if ready.hard_state is not None:
            self.hard_state = ready.hard_state
        entries = ready.entries
        if entries and not self._is_alone:
            if entries[0].index <= self._wal.last_index_queued(self._group):
                self.reader.forget()
            self._keeping.appended(entries)

    def write_after_snapshot(self, ready: Ready) -> None:
        """The snapshot has replaced the log."""
        self.reader.forget()
        self.writer.note(self.hard_state)
        self.writer.write(ready)

    def release(self, durable_index: int, held_by: Iterable[int] | None) -> None:
        """Drops what nobody needs. Args: as `LogKeeping.release_through`."""
        wal, group, through = self._wal, self._group, durable_index
        if not wal.is_short:
            # Followers that lag get a snapshot where there is no room for what they lack.
            far_back_index = wal.index_before(group, self._keep_bytes)
            through = self._keeping.release_through(through, held_by, far_back_index)
        if through >= wal.first_index(group):
            wal.release(group, through)
