"""Which deletions nodes have not confirmed yet, by container: rows name blocks of many. The
leader's memory; it follows the table, where rows only come behind those that are there."""

from collections.abc import Callable, Iterable
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.schema import DELETED_BLOCKS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import AwaitDeletions, DeletedBlocksRow

_NO_TRANSACTIONS: Final[frozenset[int]] = frozenset()


class OutstandingDeletions:
    """Args:
    copied_to: nodes that are being sent a replica of a container now.
    awaited: called with a node that earlier rows wait for as well now.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        copied_to: Callable[[int], set[str]],
        awaited: Callable[[str], None],
    ) -> None:
        self._executor, self._copied_to, self._awaited = executor, copied_to, awaited
        self._last_key: bytes | None = None
        self._transactions: dict[int, set[int]] = {}
        # Nodes that rows wait for also, once it is stored.
        self._missed: dict[str, set[int]] = {}

    def forget(self) -> None:
        self._last_key = None
        self._transactions.clear()
        self._missed.clear()

    def catch_up(self) -> bool:
        """Takes in rows that have come. False: there are more."""
        with self._executor.store.read() as txn:
            room = Room()
            for key, value in txn.scan(DELETED_BLOCKS.table, prefix=b"", after=self._last_key):
                if not room.takes(len(value)):
                    return False
                self._note(DeletedBlocksRow.FromString(value))
                self._last_key = key
        return True

    def _note(self, row: DeletedBlocksRow) -> None:
        for container_id in {blocks.container for blocks in row.blocks}:
            self._transactions.setdefault(container_id, set()).add(row.transaction_id)
            for node_id in self._copied_to(container_id) - {*row.waiting_node_ids}:
                self._missed.setdefault(node_id, set()).add(row.transaction_id)

    def of_container(self, txn: ReadTxn, container_id: int) -> frozenset[int]:
        """Transactions that wait."""
        known = self._transactions.get(container_id)
        if known is None:
            return _NO_TRANSACTIONS
        gone = {each for each in known if not DELETED_BLOCKS.exists(txn, id_key(each))}
        known -= gone
        if not known:
            del self._transactions[container_id]
        return frozenset(known)

    def waits(self, txn: ReadTxn, container_id: int) -> bool:
        return container_id in self._transactions and bool(self.of_container(txn, container_id))

    async def await_also(self, container_id: int, node_ids: Iterable[str]) -> None:
        """What waits in a container waits for these nodes, too. Raises: what the executor
        raises."""
        with self._executor.store.read() as txn:
            transactions = self.of_container(txn, container_id)
        if transactions:
            for node_id in node_ids:
                self._missed.setdefault(node_id, set()).update(transactions)
        await self.settle()

    async def settle(self) -> None:
        """Stores who else is waited for. Raises: what the executor raises."""
        while self._missed:
            node_id, transactions = next(iter(self._missed.items()))
            await self._executor.execute(
                AwaitDeletions(node_id=node_id, transaction_ids=sorted(transactions))
            )
            left = self._missed.get(node_id, set()) - transactions
            if left:
                self._missed[node_id] = left
            else:
                self._missed.pop(node_id, None)
            self._awaited(node_id)
