"""The durable log as the core reads it: terms from memory, entries from disk on demand."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from trioxygen.common.errors import LogCorrupt
from trioxygen.common.units import MIB
from trioxygen.common.worker import Tasks
from trioxygen.metadata.raft.core.errors import EntriesNotLoaded
from trioxygen.metadata.raft.core.types import Entry, SnapshotMeta
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, LogCompacted

# Of those who read at once: the own state machine, and followers that lag.
_RUNS_MAX: Final = 4
_READ_BYTES: Final = 4 * MIB


class LogReader:
    """Implements `core.log.LogReader`.

    Args:
        snapshot: what could be streamed now.
        loaded: to be told to the core, which asks again.
    """

    def __init__(
        self,
        wal: WriteAheadLog,
        group: GroupId,
        tasks: Tasks,
        *,
        snapshot: Callable[[], SnapshotMeta | None],
        loaded: Callable[[], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._wal, self._group, self._tasks = wal, group, tasks
        self.snapshot, self._loaded, self._failed = snapshot, loaded, failed
        self._runs: deque[Sequence[Entry]] = deque(maxlen=_RUNS_MAX)
        self._loading: set[int] = set()
        self._version = 0

    def first_index(self) -> int:
        return self._wal.first_index(self._group)

    def last_index(self) -> int:
        return self._wal.last_index(self._group)

    def term(self, index: int) -> int:
        return self._wal.term(self._group, index)

    def entries(self, first: int, last: int, *, bytes_max: int) -> Sequence[Entry]:
        for run in self._runs:
            start = first - run[0].index
            if 0 <= start < len(run):
                entries = _cut(run, start, last - run[0].index + 1, bytes_max)
                if entries[-1].term == self.term(entries[-1].index):
                    return entries
                # Read after entries were replaced here and before that was on the disk.
                self._runs.remove(run)
                break
        if first not in self._loading:
            self._loading.add(first)
            self._tasks.start(self._load(first, bytes_max), name=f"log-{self._group}-load")
        raise EntriesNotLoaded(first, last)

    async def _load(self, first: int, bytes_max: int) -> None:
        version = self._version
        try:
            # Else it was compacted meanwhile, which the core sees when it asks again.
            if first >= self.first_index():
                run = await self._wal.read(
                    self._group, first, bytes_max=max(bytes_max, _READ_BYTES)
                )
                if run and version == self._version:
                    self._runs.append(run)
        except (LogCorrupt, OSError) as error:
            self._failed(error)
            return
        finally:
            self._loading.discard(first)
        self._loaded()

    def forget(self) -> None:
        """Entries are being replaced."""
        self._version += 1
        self._runs.clear()


def _cut(run: Sequence[Entry], start: int, end: int, bytes_max: int) -> Sequence[Entry]:
    """At least one."""
    end = min(end, len(run))
    for position in range(start, end):
        bytes_max -= len(run[position].payload)
        if bytes_max < 0 and position > start:
            return run[start:position]
    return run[start:end]


async def read_kept(
    wal: WriteAheadLog, group: GroupId, first_index: int, *, bytes_max: int
) -> Sequence[Entry]:
    """As `ports.Replica.read_log`."""
    if first_index < wal.first_index(group):
        raise LogCompacted(
            "the log begins later",
            group=group,
            first_index=wal.first_index(group),
            wanted_index=first_index,
        )
    return await wal.read(group, first_index, bytes_max=bytes_max)
