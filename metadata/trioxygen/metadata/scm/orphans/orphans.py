"""Replicas that the SCM has no row of, or a row of another container: noticed by reports, said,
kept for a time, then removed. The leader's background work; since when is in the state."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.container_state import ContainerState
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.orphans.config import OrphanConfig
from trioxygen.metadata.scm.orphans.foreign_ids import foreign_ids, is_in
from trioxygen.metadata.scm.orphans.standing import Act, OrphanReplica, Why, act
from trioxygen.metadata.scm.pipelines.pipelines import is_at_home
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, NODES, ORPHANS, id_key, orphan_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import (
    BeginForeignIds,
    CloseContainerCommand,
    ContainerReport,
    DataNodeCommand,
    DeleteContainerCommand,
    ForgetOrphans,
    NoteOrphans,
    OrphanRow,
)

log = logs.get(__name__)

_INTERVAL_MS: Final = 5_000.0
_ROWS_AT_ONCE_MAX: Final = 1_000
# Those beyond are noted when others have gone: reports name them again.
_NOTED_MAX: Final = 100_000
_COMMANDS_MAX: Final = 20
_SAID_AGAIN_MS: Final = 3_600_000.0

# (container, node)
_Place = tuple[int, str]


class Orphans:
    """A Worker.

    Args:
        leads: whether this SCM does, and has begun its term.
        may_remove: reports have shown what there is.
    """

    name = "scm-orphans"
    interval_ms = _INTERVAL_MS

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        clock: Clock,
        config: OrphanConfig,
        *,
        leads: Callable[[], bool],
        may_remove: Callable[[], bool],
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._clock, self._leads, self._may_remove = clock, leads, may_remove
        self.keep_ms, self._resend_after_ms = config.keep_ms, config.resend_after_ms
        self.known = self.removed = 0
        self.forget()

    def forget(self) -> None:
        """A leader's term begins."""
        # Named by reports, and not noted yet.
        self._named: dict[_Place, None] = {}
        # By node: containers whose replica there is to go.
        self._due: dict[str, set[int]] = {}
        self._sent_ms: dict[_Place, float] = {}
        self._after: bytes | None = None
        self._said_ms = -_SAID_AGAIN_MS

    # ---- with heartbeats ----

    def is_foreign(self, txn: ReadTxn, container_id: int) -> bool:
        """Whether a container without a row may be another state's."""
        spans = foreign_ids(txn)
        return spans is None or is_in(spans, container_id)

    def named(self, node_id: str, container_ids: Iterable[int]) -> None:
        """By a report: nobody knows them."""
        for container_id in container_ids:
            if len(self._named) < _NOTED_MAX:
                self._named[container_id, node_id] = None

    def commands(self, node_id: str) -> list[DataNodeCommand]:
        """To close or remove what is to go, looked at once more."""
        due = self._due.get(node_id)
        if not due or not self._may_remove():
            return []
        now_ms, commands = self._clock.monotonic_ms(), list[DataNodeCommand]()
        with self._executor.store.read() as txn:
            for container_id in [*due]:
                sent_ms = self._sent_ms.get((container_id, node_id))
                if sent_ms is not None and now_ms - sent_ms < self._resend_after_ms:
                    continue
                row = ORPHANS.get(txn, orphan_key(container_id, node_id))
                orphan = self.observed(txn, row) if row is not None else None
                command = self._command(orphan, container_id, node_id)
                if command is None:
                    due.discard(container_id)
                    continue
                self._sent_ms[container_id, node_id] = now_ms
                commands.append(command)
                if len(commands) >= _COMMANDS_MAX:
                    break
        return commands

    def _command(
        self, orphan: OrphanReplica | None, container_id: int, node_id: str
    ) -> DataNodeCommand | None:
        if orphan is None:
            return None
        match act(orphan, self.keep_ms):
            case Act.KEEP:
                return None
            case Act.CLOSE:
                close = CloseContainerCommand(container_id=container_id, force=True)
                return DataNodeCommand(close_container=close)
            case Act.REMOVE:
                report = self._replicas.of_node(node_id)[container_id]
                log.warning("orphan_replica_goes", node=node_id, container=container_id)
                delete = DeleteContainerCommand(
                    container_id=container_id, replica_index=report.replica_index, force=True
                )
                return DataNodeCommand(delete_container=delete)

    # ---- in turns ----

    def observed(self, txn: ReadTxn, row: OrphanRow) -> OrphanReplica | None:
        """As it is now. None: its node does not have it any more, or it is somebody's."""
        report = self._replicas.of_node(row.node_id).get(row.container_id)
        why = None if report is None else self._why(txn, report, row.node_id)
        if report is None or why is None:
            return None
        return OrphanReplica(
            why=why,
            state=ContainerState(report.state),
            age_ms=max(0, self._executor.group_ms() - row.since_ms),
            is_to_go=row.to_go,
        )

    def _why(self, txn: ReadTxn, report: ContainerReport, node_id: str) -> Why | None:
        container = CONTAINERS.get(txn, id_key(report.container_id))
        if container is None:
            return None if self.is_foreign(txn, report.container_id) else Why.NO_CONTAINER
        is_ours = is_at_home(txn, container, report, node_id)
        return None if is_ours else Why.ANOTHER_CONTAINER

    async def work(self) -> bool:
        """Raises: what the executor raises."""
        if not self._leads():
            return False
        with self._executor.store.read() as txn:
            is_begun = foreign_ids(txn) is not None
        if not is_begun:
            await self._executor.execute(BeginForeignIds())
        await self._note()
        return await self._look()

    async def _note(self) -> None:
        named = [*islice(self._named, _ROWS_AT_ONCE_MAX)]
        rows: list[OrphanRow] = []
        with self._executor.store.read() as txn:
            for container_id, node_id in named:
                del self._named[container_id, node_id]
                row = OrphanRow(container_id=container_id, node_id=node_id)
                is_known = ORPHANS.exists(txn, orphan_key(container_id, node_id))
                orphan = None if is_known else self.observed(txn, row)
                if orphan is not None and self.known + len(rows) < _NOTED_MAX:
                    rows.append(row)
                    log.warning(
                        "orphan_replica",
                        node=node_id,
                        container=container_id,
                        state=orphan.state.name,
                        reason=orphan.why.value,
                    )
        if rows:
            await self._executor.execute(NoteOrphans(orphans=rows))

    async def _look(self) -> bool:
        """At the next rows: what is to go, and what is none any more."""
        gone: list[OrphanRow] = []
        with self._executor.store.read() as txn:
            page = [*islice(ORPHANS.scan(txn, prefix=b"", after=self._after), _ROWS_AT_ONCE_MAX)]
            for _, row in page:
                orphan = self.observed(txn, row)
                if orphan is not None:
                    if act(orphan, self.keep_ms) is not Act.KEEP:
                        self._due.setdefault(row.node_id, set()).add(row.container_id)
                elif self._is_settled(txn, row):
                    gone.append(row)
            self.known = self._executor.store.count(ORPHANS.table)
        is_full = len(page) == _ROWS_AT_ONCE_MAX
        self._after = page[-1][0] if is_full else None
        if gone:
            for row in gone:
                sent_ms = self._sent_ms.pop((row.container_id, row.node_id), None)
                self.removed += sent_ms is not None
            await self._executor.execute(ForgetOrphans(orphans=gone))
        self._say()
        return is_full

    def _is_settled(self, txn: ReadTxn, row: OrphanRow) -> bool:
        """What its node has is known, or the node is no more."""
        is_removed = not NODES.exists(txn, row.node_id.encode())
        return is_removed or self._nodes.fully_reported(row.node_id)

    def _say(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if self.known and now_ms - self._said_ms >= _SAID_AGAIN_MS:
            self._said_ms = now_ms
            log.warning("orphan_replicas", count=self.known, kept_s=self.keep_ms // 1_000)

    def rows(self, txn: ReadTxn, after: bytes) -> Iterator[tuple[bytes, OrphanRow]]:
        return ORPHANS.scan(txn, prefix=b"", after=after or None)
