"""The SCM leader's background work on namespaces: what is due is taken away, in bounded pieces."""

from collections.abc import Callable

from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round, execute_rows
from trioxygen.metadata.scm.containers.deletion import Deletions
from trioxygen.metadata.scm.schema import (
    DELETED_NAMESPACES,
    NAMESPACE_GARBAGE,
)
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1.scm_pb2 import CollectNamespaceGarbage


class NamespaceGarbageCollection:
    """Makes deletions of blocks that nobody refers to, when readers have had their time."""

    name = "scm-namespace-garbage"

    def __init__(
        self,
        executor: Executor,
        deletions: Deletions,
        leads: Callable[[], bool],
        interval_ms: float,
    ) -> None:
        self._executor, self._deletions, self._leads = executor, deletions, leads
        self.interval_ms = interval_ms
        self._round = Round()

    async def work(self) -> bool:
        if not self._leads():
            return False
        now_ms = self._executor.group_ms()
        page: dict[bytes, int] = {}
        with self._executor.store.read() as txn:
            for key, row in NAMESPACE_GARBAGE.scan(txn, prefix=b"", after=self._round.after):
                if row.not_before_ms > now_ms or len(page) == ROWS_AT_ONCE_MAX:
                    break
                page[key] = row.blocks.container
        is_full = len(page) == ROWS_AT_ONCE_MAX
        self._round.went_to([*page][-1] if is_full else None)
        if page:
            await execute_rows(
                self._executor,
                [*page],
                lambda keys: CollectNamespaceGarbage(
                    row_keys=keys, holders=self._deletions.holders(page[key] for key in keys)
                ),
            )
        return is_full


class NamespacePurge:
    """Takes away what deleted namespaces left behind."""

    name = "scm-namespace-purge"

    def __init__(self, executor: Executor, leads: Callable[[], bool], interval_ms: float) -> None:
        self._executor, self._leads, self.interval_ms = executor, leads, interval_ms
        self._round = Round()

    async def work(self) -> bool:
        if not self._leads():
            return False
        with self._executor.store.read() as txn:
            rows = txn.scan(DELETED_NAMESPACES.table, prefix=b"", after=self._round.after)
            first = next(rows, None)
        was_at = self._round.after
        self._round.went_to(first[0] if first is not None else None)
        if first is None:
            # Those before, if there were any, were not done or could not be.
            return False
        await self._executor.execute(
            namespaces.PurgeNamespace(
                namespace_id=int.from_bytes(first[0], "big"), rows_max=ROWS_AT_ONCE_MAX
            )
        )
        # Again, until nothing is left of it.
        self._round.went_to(was_at)
        return True
