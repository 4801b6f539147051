"""Heartbeats to one SCM: registers with it, reports, and does what a leader's answers say."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from trioxygen.common import logs
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.container.volume import Unreported, Volume
from trioxygen.hdds.copying.failures import Failures
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.description import volume_report
from trioxygen.hdds.datanode.ports import ScmClient
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.proto.v1.scm_pb2 import (
    DELETED,
    ContainerReport,
    FailedRepair,
    HeartbeatRequest,
    RegisterDataNodeRequest,
    VolumeReport,
)

log = logs.get(__name__)

_INTERVAL_MS_FIRST = 1_000.0
_ACKNOWLEDGED_AT_ONCE_MAX = 50_000
# Of those that are corrupt, and of those that are no more. The SCM keeps fewer, and the next full
# report puts right what one leaves out.
_CORRUPT_AT_ONCE_MAX = 10_000
# Between heartbeats while no SCM leads, as far as is known here: whoever will waits for them. SCMs
# say themselves how soon: they know how many nodes there are.
_INTERVAL_MS_LEADERLESS = 250.0
# News that come closer together are told together.
_NEWS_PAUSE_MS = 50.0


def rest_ms(interval_ms: float, *, again_after_ms: float, leads: bool, has_leader: bool) -> float:
    """Until the next one, by itself.

    Args:
        again_after_ms: as the SCM wants it; 0: it has not said. Rings are made when the last of
            their nodes has come, and some wait already to write.
        leads: the SCM.
        has_leader: one of the SCMs said so last."""
    if has_leader and not (leads and again_after_ms):
        return interval_ms
    return min(interval_ms, max(again_after_ms or _INTERVAL_MS_LEADERLESS, _NEWS_PAUSE_MS))


class Heartbeat:
    """A Worker; the SCM gives the interval, and news do not wait for it. There is one for each SCM:
    all are told where replicas are, the one that leads gives commands, and one that is away holds
    up no other.

    Args:
        name: of the worker.
        instance: drawn at this start: the SCM tells two processes from each other that say they are
            this node.
        works: of the volumes in service, as they are now.
        failed_volumes: reports of those that were taken out.
        commands, failures: shared by the senders of a node.
        registered: is told the cluster id, and whether the SCM led.
        ring_known: called when the SCM that leads knows of a ring: blocks of this node are given.
        leading: names of the senders, of all of this node, whose SCM leads; they share it.
        reported_at_once_max: containers in one request; more are in those that follow at once.
    """

    def __init__(
        self,
        *,
        name: str,
        node_id: str,
        address: str,
        instance: int,
        scm: ScmClient,
        runtime: Runtime,
        works: Sequence[VolumeWork],
        failed_volumes: Callable[[], Sequence[VolumeReport]],
        commands: Commands,
        failures: Failures,
        registered: Callable[[str, bool], Awaitable[None]],
        ring_known: Callable[[], None],
        leading: set[str],
        reported_at_once_max: int,
    ) -> None:
        self.name = name
        self._node_id, self._address = node_id, address
        self._instance = instance
        self._scm, self._works = scm, works
        self._commands, self._failures = commands, failures
        self._clock, self._rng, self._tasks = runtime.clock, runtime.rng, runtime.tasks
        # Set: there are news.
        self.wake = asyncio.Event()
        self._failed_volumes = failed_volumes
        self._volumes: list[tuple[Volume, Unreported]] = []
        self._registered, self._ring_known = registered, ring_known
        self._leading, self._reported_at_once_max = leading, reported_at_once_max
        self.interval_ms = _INTERVAL_MS_FIRST
        # As the last answer wants it; 0: it is as always.
        self._again_after_ms = 0.0
        self._cluster_id = ""
        # Containers that the request had no room for: the next one has.
        self._left: list[tuple[Unreported, int]] = []
        self._is_registered = False
        self._full_report = True
        # Between reports of all containers, and when the next is due; 0: none is.
        self._report_interval_ms = self._report_due_ms = 0.0
        # By this SCM, as far as it has said.
        self._is_led = False
        self._follow_volumes()

    async def work(self) -> bool:
        self.wake.clear()
        try:
            has_more = await self._beat()
        except BaseException:
            self._leading.discard(self.name)
            raise
        if not has_more:
            await self._rest()
        return True

    async def _rest(self) -> None:
        began_ms = self._clock.monotonic_ms()
        interval_ms = rest_ms(
            self.interval_ms,
            again_after_ms=self._again_after_ms,
            leads=self._is_led,
            has_leader=bool(self._leading),
        )
        is_due = await self._tasks.run_unless(
            self.wake, self._clock.sleep_ms(interval_ms), name=f"{self.name}, at rest"
        )
        rested_ms = self._clock.monotonic_ms() - began_ms
        if not is_due and rested_ms < _NEWS_PAUSE_MS:
            await self._clock.sleep_ms(_NEWS_PAUSE_MS - rested_ms)

    async def _beat(self) -> bool:
        """Whether there is more to be told already."""
        if not self._is_registered:
            await self._register()
        if self._report_due_ms and self._clock.monotonic_ms() >= self._report_due_ms:
            self._full_report = True
        if self._is_led:
            await self._commands.try_again()
        self._follow_volumes()
        waiting = self._commands.deleted_transaction_ids
        acknowledged = set(islice(waiting, _ACKNOWLEDGED_AT_ONCE_MAX))
        failures = self._failures.untold()
        request = self._request(acknowledged, failures)
        reports = [unreported.take() for _, unreported in self._volumes]
        asked_ms = self._clock.monotonic_ms()
        try:
            reply = await self._scm.heartbeat(request)
        except BaseException:
            for (_, unreported), former in zip(self._volumes, reports, strict=True):
                unreported.give_back(former)
            raise
        if self._full_report:
            self._report_due_ms = self._next_report_ms()
        if reply.leader and not self._is_led:
            # It had followed, and needs no registration.
            await self._registered(self._cluster_id, True)
        self._note_leader(reply.leader)
        self._again_after_ms = float(reply.again_after_ms)
        self._full_report = False
        for unreported, container_id in self._left:
            unreported.container_changed(container_id)
        if reply.register_again:
            # It has taken nothing of this.
            self._is_registered = False
            return True
        if reply.leader:
            # The others write nothing down.
            self._commands.deleted_transaction_ids -= acknowledged
            self._failures.forget(failures)
            if request.pipelines:
                self._ring_known()
        await self._commands.carry_out(reply, asked_ms=asked_ms)
        # What was done and what is left is told at once: the SCM waits for it.
        has_joined = len(request.pipelines) < sum(len(work.rings) for work in self._works)
        is_news = has_joined or bool(self._commands.deleted_transaction_ids)
        return bool(self._left) or (reply.leader and is_news)

    def _note_leader(self, leads: bool) -> None:
        self._is_led = leads
        if leads:
            self._leading.add(self.name)
        else:
            self._leading.discard(self.name)

    def _next_report_ms(self) -> float:
        """By chance a little sooner or later: nodes that registered together do not report
        together for ever."""
        if not self._report_interval_ms:
            return 0.0
        share = 0.5 + self._rng.random()
        return self._clock.monotonic_ms() + share * self._report_interval_ms

    def _follow_volumes(self) -> None:
        """A disk that has gone out, or come in: all of the containers are told anew."""
        volumes = [work.volume for work in self._works]
        if volumes == [volume for volume, _ in self._volumes]:
            return
        known = {id(volume): unreported for volume, unreported in self._volumes}
        self._volumes = [
            (volume, known.get(id(volume)) or volume.unreported(self.wake)) for volume in volumes
        ]
        self._full_report = True

    async def _register(self) -> None:
        reply = await self._scm.register(
            RegisterDataNodeRequest(
                node_id=self._node_id,
                address=self._address,
                cluster_id=self._cluster_id,
                instance=self._instance,
            )
        )
        RULES.check(reply, "StorageContainerManager/RegisterDataNode")
        await self._registered(reply.cluster_id, reply.leader)
        self._cluster_id = reply.cluster_id
        if reply.leader:
            self._commands.follow(reply.term)
        self.interval_ms = float(reply.heartbeat_interval_ms) or _INTERVAL_MS_FIRST
        self._report_interval_ms = float(reply.report_interval_ms)
        self._is_registered = self._full_report = True
        log.info(
            "datanode_registered",
            node=self._node_id,
            cluster=reply.cluster_id,
            leader=reply.leader,
        )

    def _gone(self) -> list[ContainerReport]:
        """Those that were taken off a volume, and are on no other one."""
        known = [volume.containers for volume, _ in self._volumes]
        return [
            ContainerReport(container_id=container_id, state=DELETED)
            for _, unreported in self._volumes
            for container_id in sorted(unreported.containers)
            if not any(container_id in containers for containers in known)
        ]

    def _request(
        self, acknowledged: set[int], failures: Sequence[FailedRepair]
    ) -> HeartbeatRequest:
        containers: list[ContainerReport] = []
        self._left = []
        for volume, unreported in self._volumes:
            for container_id, container in volume.containers.items():
                if not container.has_proper_id:
                    continue  # set aside: the SCM would refuse the whole report
                if not self._full_report and container_id not in unreported.containers:
                    continue
                if len(containers) < self._reported_at_once_max:
                    containers.append(container.report(self._node_id))
                else:
                    self._left.append((unreported, container_id))
        containers += self._gone()
        corrupt = [
            block
            for volume, unreported in self._volumes
            for block in volume.corrupt_blocks(None if self._full_report else unreported.corrupt)
            if RULES.fault(block) is None
        ]
        mended = [
            block
            for volume, unreported in self._volumes
            for block in volume.mended_blocks(unreported.corrupt)
            if not self._full_report and RULES.fault(block) is None
        ]
        return HeartbeatRequest(
            node_id=self._node_id,
            full_report=self._full_report,
            volumes=[*map(volume_report, self._works), *self._failed_volumes()],
            containers=containers,
            deleted_transaction_ids=sorted(acknowledged),
            corrupt_blocks=corrupt[:_CORRUPT_AT_ONCE_MAX],
            mended_blocks=mended[:_CORRUPT_AT_ONCE_MAX],
            more=bool(self._left),
            instance=self._instance,
            pipelines=[ring.report() for work in self._works for ring in work.rings],
            failed_repairs=failures,
        )
