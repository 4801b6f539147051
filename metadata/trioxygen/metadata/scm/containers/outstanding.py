"""Which deletions nodes have not confirmed yet, by container: rows name blocks of many. The
leader's memory; it follows the table, where rows only come behind those that are there."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from trioxygen.common.paging import Room
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import AwaitDeletions, DeletedBlocksRow

_NO_TRANSACTIONS: Final[frozenset[int]] = frozenset()
_LOOKED_AT_AGAIN_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outstanding:
    """A transaction. Attributes: size_bytes: what is not known of it is taken from
    the mean size of its containers' blocks."""

    container_ids: tuple[int, ...]
    blocks: int
    size_bytes: int
    taken_ms: int


class OutstandingDeletions:
    """Args:
    copied_to: nodes that are being sent a replica of a container now.
    """

    def __init__(self, executor: Executor, *, copied_to: Callable[[int], set[str]]) -> None:
        self._executor, self._copied_to = executor, copied_to
        self._last_key: bytes | None = None
        # By transaction, the oldest first.
        self._outstanding: dict[int, Outstanding] = {}
        self._transactions: dict[int, set[int]] = {}
        # By node: those that may wait for it. See `of_node`.
        self._of_node: defaultdict[str, dict[int, None]] = defaultdict(dict)
        # Nodes that rows wait for also, once it is stored.
        self._missed: dict[str, set[int]] = {}
        self.blocks = self.size_bytes = 0
        self.is_counted = False
        # Containers in which nothing waits any more.
        self._done: set[int] = set()

    def forget(self) -> None:
        self._last_key = None
        for kept in (self._outstanding, self._transactions, self._missed, self._of_node):
            kept.clear()
        self._done.clear()
        self.blocks = self.size_bytes = 0
        self.is_counted = False

    def __len__(self) -> int:
        return len(self._outstanding)

    def oldest(self) -> tuple[int, Outstanding] | None:
        return next(iter(self._outstanding.items()), None)

    def catch_up(self) -> bool:
        """Takes in rows that have come. False: there are more."""
        with self._executor.store.read() as txn:
            self._look_again(txn)
            return self.follow(txn)

    def follow(self, txn: ReadTxn) -> bool:
        """`catch_up`, but for rows that have gone."""
        room = Room()
        for key, value in txn.scan(DELETED_BLOCKS.table, prefix=b"", after=self._last_key):
            if not room.takes(len(value)):
                return False
            self._note(txn, DeletedBlocksRow.FromString(value))
            self._last_key = key
        self.is_counted = True
        return True

    def _look_again(self, txn: ReadTxn) -> None:
        """At the oldest: rows also go because a node does, or an OM was put back."""
        for transaction_id in [*islice(self._outstanding, _LOOKED_AT_AGAIN_MAX)]:
            if not DELETED_BLOCKS.exists(txn, id_key(transaction_id)):
                self._end(transaction_id)

    def _note(self, txn: ReadTxn, row: DeletedBlocksRow) -> None:
        blocks = size_bytes = 0
        container_ids = dict.fromkeys(each.container for each in row.blocks)
        for each in row.blocks:
            blocks += each.count
            if each.HasField("size_bytes"):
                size_bytes += each.size_bytes
            else:
                size_bytes += int(each.count * _mean_bytes(txn, each.container))
        self._outstanding[row.transaction_id] = Outstanding(
            container_ids=tuple(container_ids),
            blocks=blocks,
            size_bytes=size_bytes,
            taken_ms=row.taken_ms,
        )
        self.blocks += blocks
        self.size_bytes += size_bytes
        for node_id in row.waiting_node_ids:
            self._of_node[node_id][row.transaction_id] = None
        for container_id in container_ids:
            self._transactions.setdefault(container_id, set()).add(row.transaction_id)
            for node_id in self._copied_to(container_id) - {*row.waiting_node_ids}:
                self._missed.setdefault(node_id, set()).add(row.transaction_id)

    def of_node(self, node_id: str, count_max: int) -> list[int]:
        """Transactions that may wait for it, the oldest first but for those that others were let
        pass."""
        return [*islice(self._of_node[node_id], count_max)]

    def waits_no_more(self, node_id: str, transaction_id: int) -> None:
        self._of_node[node_id].pop(transaction_id, None)

    def let_others_pass(self, node_id: str, transaction_id: int) -> None:
        """The node has not confirmed it in time: it comes behind all that wait for the node."""
        self.waits_no_more(node_id, transaction_id)
        self._of_node[node_id][transaction_id] = None

    def confirmed(self, node_id: str, transaction_ids: Iterable[int]) -> tuple[int, int]:
        """Those that nobody else is waited for have come to their end. Returns: their blocks, and
        the bytes of these."""
        blocks = size_bytes = 0
        with self._executor.store.read() as txn:
            for transaction_id in transaction_ids:
                self.waits_no_more(node_id, transaction_id)
                if not DELETED_BLOCKS.exists(txn, id_key(transaction_id)):
                    ended = self._end(transaction_id)
                    if ended is not None:
                        blocks += ended.blocks
                        size_bytes += ended.size_bytes
        return blocks, size_bytes

    def _end(self, transaction_id: int) -> Outstanding | None:
        """None: it has ended before."""
        ended = self._outstanding.pop(transaction_id, None)
        if ended is None:
            return None
        self.blocks -= ended.blocks
        self.size_bytes -= ended.size_bytes
        for container_id in ended.container_ids:
            of_it = self._transactions.get(container_id, set())
            of_it.discard(transaction_id)
            if not of_it:
                self._transactions.pop(container_id, None)
                self._done.add(container_id)
        return ended

    def take_done(self) -> Collection[int]:
        """Containers in which nothing waits any more, each once."""
        done, self._done = self._done, set()
        return done

    def of_container(self, txn: ReadTxn, container_id: int) -> frozenset[int]:
        """Transactions that wait."""
        for transaction_id in [*self._transactions.get(container_id, ())]:
            if not DELETED_BLOCKS.exists(txn, id_key(transaction_id)):
                self._end(transaction_id)
        return frozenset(self._transactions.get(container_id, _NO_TRANSACTIONS))

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
            self._of_node[node_id].update(dict.fromkeys(sorted(transactions)))


def _mean_bytes(txn: ReadTxn, container_id: int) -> float:
    row = CONTAINERS.get(txn, id_key(container_id))
    return row.used_bytes / row.block_count if row is not None and row.block_count else 0.0
