"""The end of leases that nobody renewed."""

from itertools import islice

from trioxygen.metadata.om.state.schema import LEASES
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round, execute_rows
from trioxygen.proto.v1 import om_pb2 as om


class LeaseExpiry:
    name = "om-lease-expiry"

    def __init__(self, executor: Executor, *, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms
        self._round = Round()

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        now_ms = self._executor.group_ms()
        with self._executor.store.read() as txn:
            rows = LEASES.scan(txn, prefix=b"", after=self._round.after)
            page = list(
                islice((key for key, row in rows if row.expires_ms <= now_ms), ROWS_AT_ONCE_MAX)
            )
        is_full = len(page) == ROWS_AT_ONCE_MAX
        self._round.went_to(page[-1] if is_full else None)
        if not page:
            return False
        more = await execute_rows(
            self._executor,
            [int.from_bytes(key, "big") for key in page],
            lambda ids: om.ExpireLeases(lease_ids=ids),
        )
        return is_full or more
