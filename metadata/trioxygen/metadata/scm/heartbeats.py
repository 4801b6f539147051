"""A DataNode's heartbeat at the SCM: what it says is taken in, and its answer carries commands."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from trioxygen.common.pace import Pace
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.container_care import ContainerCare
from trioxygen.metadata.scm.containers.deletion import Deletions
from trioxygen.metadata.scm.containers.reports import Reports
from trioxygen.metadata.scm.nodes.nodes import NodeReport, Nodes
from trioxygen.metadata.scm.pipelines.memberships import Memberships
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.proto.v1.scm_pb2 import HeartbeatReply, HeartbeatRequest

_COMMAND_VALID_MS: Final = 60_000
# Between heartbeats that are wanted sooner than usual; and of all nodes in a second, at most: a
# thousand that hurried would leave the SCM no time to vote.
_URGENT_INTERVAL_MS_MIN: Final = 300
_URGENT_A_SECOND_MAX: Final = 300
# Containers in a heartbeat. Those with more keep to the pace: a thousand nodes that report at once
# hold up nobody else's call, and no vote.
_FEW_MAX: Final = 100


def urgent_interval_ms(node_count: int) -> int:
    """Between heartbeats of a node while rings are being formed of it, or no SCM leads."""
    return max(_URGENT_INTERVAL_MS_MIN, node_count * SECOND_MS // _URGENT_A_SECOND_MAX)


class Heartbeats:
    """Every SCM takes them, and so knows where replicas are. `reports` and what follows it is the
    leader's."""

    def __init__(
        self,
        executor: Executor,
        nodes: Nodes,
        replicas: Replicas,
        reports: Reports,
        pace: Pace,
        *,
        memberships: Memberships,
        care: ContainerCare,
        deletions: Deletions,
    ) -> None:
        self._executor, self._nodes, self._replicas = executor, nodes, replicas
        self._reports, self._memberships = reports, memberships
        self._care, self._deletions = care, deletions
        self._pace = pace

    def forget(self) -> None:
        """What was kept in memory of a former term."""
        self._care.forget()
        self._deletions.forget()
        self._memberships.forget()

    async def ended(self) -> None:
        """Nothing that one brought about is under way any more. After the executor's end."""
        await self._memberships.ended()

    def registered(self, node_id: str, address: str, *, instance: int = 0) -> None:
        """It begins anew: with a report of all that it has."""
        self._replicas.registered(node_id, address)
        self._nodes.registered(node_id, address=address, instance=instance)
        self._care.nodes_changed()

    async def follow(self, heartbeat: HeartbeatRequest) -> HeartbeatReply:
        """At an SCM that does not lead: where replicas are is known here too."""
        if not self._nodes.is_registered(heartbeat):
            return HeartbeatReply(register_again=True)
        report = self._nodes.heard(heartbeat)
        async with self._piece_of(heartbeat):
            is_former = self._nodes.report(heartbeat.node_id) is not report
            # It leads by now: what follows from this has to be written down, too.
            if is_former or self._executor.replica.is_leader():
                return HeartbeatReply(register_again=True)
            self._replicas.heard(heartbeat)
        self._nodes.taken(heartbeat, report)
        return HeartbeatReply(again_after_ms=self._urgent_interval_ms())

    async def receive(self, heartbeat: HeartbeatRequest) -> HeartbeatReply:
        """At the leader."""
        node_id = heartbeat.node_id
        if not self._nodes.is_registered(heartbeat):
            return HeartbeatReply(register_again=True, leader=True)
        # What is decided below bears it, also where another SCM leads by then.
        term = self._executor.replica.term
        report = self._nodes.heard(heartbeat)
        async with self._piece_of(heartbeat):
            # It may have been removed meanwhile, or have begun anew.
            if self._nodes.report(node_id) is not report:
                return HeartbeatReply(register_again=True, leader=True)
            await self._take(heartbeat, report)
        self._care.failed(node_id, heartbeat.failed_repairs)
        await self._memberships.look_after(node_id, report)
        commands = [
            *self._memberships.commands(node_id, report),
            *self._care.commands(node_id),
            *self._deletions.commands(node_id),
        ]
        for command in commands:
            command.term = term
            command.valid_ms = command.valid_ms or _COMMAND_VALID_MS
        are_forming = self._memberships.are_forming(node_id)
        again_after_ms = self._urgent_interval_ms() if are_forming else 0
        return HeartbeatReply(leader=True, commands=commands, again_after_ms=again_after_ms)

    def _urgent_interval_ms(self) -> int:
        return urgent_interval_ms(self._nodes.registered_count)

    def _piece_of(self, heartbeat: HeartbeatRequest) -> AbstractAsyncContextManager[None]:
        return self._pace.piece() if len(heartbeat.containers) > _FEW_MAX else nullcontext()

    async def _take(self, heartbeat: HeartbeatRequest, report: NodeReport) -> None:
        heard = self._replicas.heard(heartbeat, compares_all=report.takes_all)
        try:
            await self._reports.take(heartbeat, heard)
            self._nodes.taken(heartbeat, report)
            await self._deletions.confirmed(heartbeat)
        except BaseException:
            report.has_untaken = True
            raise
        finally:
            # Said once: when the node says it again, nothing of it has changed.
            self._care.reported(heartbeat.node_id, heard.changed)
