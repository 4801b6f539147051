"""The end of leases that nobody renewed."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from google.protobuf.message import Message

from trioxygen.metadata.leases.rows import LeaseRow
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round, execute_rows
from trioxygen.metadata.store.ports import ReadTxn


class LeaseTable(Protocol):
    def scan(
        self, txn: ReadTxn, *, prefix: bytes, after: bytes | None = None
    ) -> Iterator[tuple[bytes, LeaseRow]]: ...


class LeaseExpiry:
    """A Worker, of the leader.

    Args:
        leads: whether this replica does.
        ending: the command that ends leases, by the keys of their rows.
    """

    def __init__(
        self,
        name: str,
        executor: Executor,
        leases: LeaseTable,
        *,
        leads: Callable[[], bool],
        ending: Callable[[Sequence[bytes]], Message],
        interval_ms: float,
    ) -> None:
        self.name, self._executor, self._leases = name, executor, leases
        self._leads, self._ending, self.interval_ms = leads, ending, interval_ms
        self._round = Round()

    async def work(self) -> bool:
        if not self._leads():
            return False
        now_ms = self._executor.group_ms()
        with self._executor.store.read() as txn:
            rows = self._leases.scan(txn, prefix=b"", after=self._round.after)
            page = list(
                islice((key for key, row in rows if row.expires_ms <= now_ms), ROWS_AT_ONCE_MAX)
            )
        is_full = len(page) == ROWS_AT_ONCE_MAX
        self._round.went_to(page[-1] if is_full else None)
        if not page:
            return False
        return await execute_rows(self._executor, page, self._ending) or is_full
