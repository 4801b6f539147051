"""An SCM that begins to lead writes down what it has heard while another one led. DataNodes need
not register again then, and nobody waits for their reports."""

import asyncio
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.pace import Pace
from trioxygen.common.worker import Tasks
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.reports import Reports
from trioxygen.metadata.scm.nodes.nodes import NodeReport, Nodes
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import NODES

log = logs.get(__name__)

_NAME: Final = "scm-takeover"


class Takeover:
    """Args: reports: the leader's, which write down what follows from one."""

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        reports: Reports,
        tasks: Tasks,
        pace: Pace,
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._reports, self._tasks, self._pace = reports, tasks, pace
        self._taking: list[asyncio.Task[Any]] = []

    def begin(self) -> None:
        """A leader's term does."""
        known = self._nodes.begin_term()
        with self._executor.store.read() as txn:
            for node_id, report in list(known.items()):
                row = NODES.get(txn, node_id.encode())
                # One that no leader has taken in yet, or not at the place where it is now.
                if row is None or row.address != report.address:
                    self._nodes.forget_node(node_id)
                    del known[node_id]
            for node_id in self._replicas.node_ids():
                # The leader before has removed it, and nobody told the others.
                if not NODES.exists(txn, node_id.encode()):
                    self._replicas.forget_node(node_id)
        if known:
            term = self._executor.replica.term
            self._taking = [task for task in self._taking if not task.done()]
            self._taking.append(self._tasks.start(self._take(known, term), name=_NAME))

    async def stop(self) -> None:
        await self._tasks.end(*self._taking)

    async def _take(self, known: dict[str, NodeReport], term: int) -> None:
        for node_id, report in known.items():
            if self._executor.replica.term != term:
                return
            try:
                async with self._pace.piece():
                    await self._reports.take_all(node_id, [*report.pipelines])
            except TrioxygenError as error:
                # It tells it once more, if this SCM still leads.
                log.warning("datanode_not_taken_over", node=node_id, reason=error)
                if self._nodes.report(node_id) is report:
                    self._nodes.forget_node(node_id)
                continue
            if self._executor.replica.term == term and self._nodes.report(node_id) is report:
                report.fully_reported, report.has_untaken = True, False
