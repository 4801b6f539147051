"""DataNodes as an SCM sees them: each registers with all SCMs over sessions of its own, tells what
it holds, and does at once what it is told. No disks, no rings, no bytes."""

import asyncio
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bench.scm_scale.rows import address_of
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS, TIB
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import scm_pb2
from trioxygen.proto.v1.scm_pb2 import (
    ContainerReport,
    DataNodeCommand,
    HeartbeatReply,
    HeartbeatRequest,
    PipelineReport,
    RegisterDataNodeRequest,
    VolumeReport,
)

_DISKS: Final = 4
_DISK_BYTES: Final = 16 * TIB
# As `hdds/datanode/heartbeat` has it.
_NEWS_PAUSE_SECONDS: Final = 0.05
_LEADERLESS_SECONDS: Final = 0.25
_TRIED_AGAIN_SECONDS: Final = 1.0
_CALL_TIMEOUT_MS: Final = 30_000.0
# Connections that are made at once: a kernel's queue of those that wait is short.
_CONNECTING_MAX: Final = 64


@dataclass(slots=True)
class Answers:
    """What heartbeats cost who waited. In seconds; of the SCMs that lead, and of the others.

    Attributes: errors: of the failed calls the first three.
    """

    of_leader: list[float] = field(default_factory=list)
    of_others: list[float] = field(default_factory=list)
    reports: int = 0
    failed: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Crowd:
    """What all share.

    Attributes:
    reports: containers are told again after the interval that SCMs give, besides what changes.
    told: containers that nodes were told to send to another one.
    """

    scm_addresses: Sequence[str]
    runtime: Runtime
    network: GrpcNetwork
    cluster_id: str
    rng: random.Random
    nodes: dict[str, "FakeDataNode"] = field(default_factory=dict)
    reports: bool = True
    answers: Answers = field(default_factory=Answers)
    told: set[int] = field(default_factory=set)
    connecting: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(_CONNECTING_MAX)
    )

    def add(self, node_id: str, containers: Iterable[ContainerReport]) -> None:
        self.nodes[node_id] = FakeDataNode(self, node_id, {c.container_id: c for c in containers})

    def start(self) -> None:
        for node in self.nodes.values():
            node.start()

    async def stop(self) -> None:
        await asyncio.gather(*(node.stop() for node in self.nodes.values()))

    def take_answers(self) -> Answers:
        answers, self.answers = self.answers, Answers()
        return answers

    def opened(self, container_id: int, pipeline_id: int, node_ids: Iterable[str]) -> None:
        """Blocks were given in a container: its nodes have it from the first that is written."""
        report = ContainerReport(
            container_id=container_id,
            state=scm_pb2.OPEN,
            used_bytes=1,
            block_count=1,
            highest_local=1,
            pipeline_id=pipeline_id,
            commit_sequence=1,
        )
        for node_id in node_ids:
            self.nodes[node_id].got(report)


class FakeDataNode:
    def __init__(
        self, crowd: Crowd, node_id: str, containers: Mapping[int, ContainerReport]
    ) -> None:
        self.node_id, self._crowd = node_id, crowd
        self.address = address_of(node_id)
        self.instance = crowd.rng.getrandbits(63) | 1
        self.containers = dict(containers)
        self._used_bytes = sum(each.used_bytes for each in containers.values())
        self.rings: dict[int, PipelineReport] = {}
        self.deleted_transaction_ids: set[int] = set()
        # Addresses of SCMs that said last that they lead.
        self.leading: set[str] = set()
        self._volume_ids = [f"{node_id}-{disk}" for disk in range(_DISKS)]
        self._whole: HeartbeatRequest | None = None
        network = crowd.network.as_role(Role.DATANODE, node_id)
        runtime = replace(crowd.runtime, network=network)
        self._senders = [_Sender(crowd, self, runtime, each) for each in crowd.scm_addresses]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(sender.run()) for sender in self._senders]

    async def stop(self) -> None:
        """Silent from now on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def got(self, report: ContainerReport) -> None:
        self._forget(report.container_id)
        self.containers[report.container_id] = report
        self._used_bytes += report.used_bytes
        self._changed(report.container_id)

    def lost(self, container_id: int) -> None:
        self._forget(container_id)
        self._changed(container_id)

    def _forget(self, container_id: int) -> None:
        held = self.containers.pop(container_id, None)
        self._used_bytes -= held.used_bytes if held is not None else 0

    def _changed(self, container_id: int) -> None:
        self._whole = None
        for sender in self._senders:
            sender.changed.add(container_id)
        self._wake()

    def _wake(self) -> None:
        for sender in self._senders:
            sender.wake.set()

    def request(self) -> HeartbeatRequest:
        """Without containers."""
        used_bytes = self._used_bytes // _DISKS
        return HeartbeatRequest(
            node_id=self.node_id,
            instance=self.instance,
            volumes=[
                VolumeReport(
                    volume_id=volume_id,
                    capacity_bytes=_DISK_BYTES,
                    used_bytes=used_bytes,
                    free_bytes=_DISK_BYTES - used_bytes,
                    reserved_bytes=_DISK_BYTES // 20,
                )
                for volume_id in self._volume_ids
            ],
            pipelines=self.rings.values(),
            deleted_transaction_ids=self.deleted_transaction_ids,
        )

    def whole_request(self) -> HeartbeatRequest:
        if self._whole is None:
            self._whole = self.request()
            self._whole.full_report = True
            self._whole.containers.extend(self.containers.values())
        return self._whole

    def carry_out(self, command: DataNodeCommand) -> None:
        match command.WhichOneof("command"):
            case "create_pipeline":
                self._join(command)
            case "close_pipeline":
                self.rings.pop(command.close_pipeline.pipeline_id, None)
            case "close_container":
                self._close(command.close_container.container_id)
            case "replicate_container":
                copied = self.containers.get(command.replicate_container.container_id)
                # One that was told of before it was taken away gets nothing any more.
                target = self._crowd.nodes.get(command.replicate_container.target.node_id)
                if copied is not None:
                    self._crowd.told.add(copied.container_id)
                    if target is not None:
                        target.got(copied)
            case "delete_container":
                self.lost(command.delete_container.container_id)
            case "delete_blocks":
                self.deleted_transaction_ids.add(command.delete_blocks.transaction_id)
                self._wake()
            case _:
                pass
        self._whole = None

    def _join(self, command: DataNodeCommand) -> None:
        pipeline = command.create_pipeline.pipeline
        leads = pipeline.datanodes[0].node_id == self.node_id
        report = PipelineReport(pipeline_id=pipeline.pipeline_id, leader=leads, term=1)
        self.rings[pipeline.pipeline_id] = report
        self._wake()

    def _close(self, container_id: int) -> None:
        held = self.containers.get(container_id)
        if held is not None and held.state != scm_pb2.CLOSED:
            closed = ContainerReport()
            closed.CopyFrom(held)
            closed.state = scm_pb2.CLOSED
            self.got(closed)


class _Sender:
    """To one SCM."""

    def __init__(self, crowd: Crowd, node: FakeDataNode, runtime: Runtime, address: str) -> None:
        self._crowd, self._node, self._address = crowd, node, address
        self._client = ScmClient(runtime, [address], timeout_ms=_CALL_TIMEOUT_MS, only_these=True)
        self.wake, self.changed = asyncio.Event(), set[int]()
        self._is_registered = self._has_rested = False
        self._interval_seconds = self._report_seconds = self._again_seconds = 0.0
        self._report_due = 0.0

    async def run(self) -> None:
        while True:
            try:
                await self._beat()
            except TrioxygenError as error:
                answers = self._crowd.answers
                answers.failed += 1
                if len(answers.errors) < 3:
                    answers.errors.append(str(error))
                await asyncio.sleep(_TRIED_AGAIN_SECONDS * (0.5 + self._crowd.rng.random()))
            else:
                await self._rest()

    async def _rest(self) -> None:
        # Those that came together do not go on together.
        seconds = self._interval_seconds * (1.0 if self._has_rested else self._crowd.rng.random())
        self._has_rested = True
        leading = self._node.leading
        if self._again_seconds and (self._address in leading or not leading):
            seconds = min(seconds, max(self._again_seconds, _NEWS_PAUSE_SECONDS))
        try:
            async with asyncio.timeout(seconds):
                await self.wake.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_NEWS_PAUSE_SECONDS)

    async def _register(self) -> None:
        node, crowd = self._node, self._crowd
        async with crowd.connecting:
            reply = await self._client.register(
                RegisterDataNodeRequest(
                    node_id=node.node_id,
                    address=node.address,
                    cluster_id=crowd.cluster_id,
                    instance=node.instance,
                )
            )
        self._interval_seconds = reply.heartbeat_interval_ms / SECOND_MS
        self._report_seconds = reply.report_interval_ms / SECOND_MS
        self._is_registered, self._report_due = True, 0.0

    async def _beat(self) -> None:
        if not self._is_registered:
            await self._register()
        self.wake.clear()
        node, crowd = self._node, self._crowd
        is_whole = not self._report_due or (
            crowd.reports and time.perf_counter() >= self._report_due
        )
        changed, self.changed = self.changed, set()
        acknowledged = set(node.deleted_transaction_ids)
        request = node.whole_request() if is_whole else node.request()
        if not is_whole:
            request.containers.extend(self._told_of(changed))
        began = time.perf_counter()
        try:
            reply = await self._client.heartbeat(request)
        except TrioxygenError:
            self.changed |= changed
            node.leading.discard(self._address)
            raise
        self._note(reply, time.perf_counter() - began, is_whole=is_whole)
        if reply.register_again:
            self._is_registered = False
            return
        if reply.leader:
            node.deleted_transaction_ids -= acknowledged
            for command in reply.commands:
                node.carry_out(command)

    def _told_of(self, changed: Iterable[int]) -> Iterable[ContainerReport]:
        for container_id in changed:
            held = self._node.containers.get(container_id)
            yield held or ContainerReport(container_id=container_id, state=scm_pb2.DELETED)

    def _note(self, reply: HeartbeatReply, seconds: float, *, is_whole: bool) -> None:
        answers, crowd = self._crowd.answers, self._crowd
        (answers.of_leader if reply.leader else answers.of_others).append(seconds)
        self._again_seconds = reply.again_after_ms / SECOND_MS
        if reply.leader:
            self._node.leading.add(self._address)
        else:
            self._node.leading.discard(self._address)
        if is_whole:
            # Told together by those that registered together, but for chance.
            answers.reports += 1
            share = 0.5 + crowd.rng.random()
            self._report_due = time.perf_counter() + share * self._report_seconds
