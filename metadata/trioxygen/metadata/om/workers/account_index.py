"""Once for each store, when it is new or of before there was an index of accounts."""

from trioxygen.metadata.om.state.account_names import is_whole
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX
from trioxygen.proto.v1 import om_pb2 as om


class AccountIndex:
    name = "om-account-index"

    def __init__(self, executor: Executor, *, interval_ms: float) -> None:
        self._executor, self.interval_ms = executor, interval_ms

    async def work(self) -> bool:
        if not self._executor.replica.is_leader():
            return False
        with self._executor.store.read() as txn:
            if is_whole(txn):
                return False
        await self._executor.execute(om.IndexAccounts(rows_max=ROWS_AT_ONCE_MAX))
        return True
