"""Measures real SCMs under so many DataNodes: what they cost, and how long things take."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from bench.local import ServerFailed
from bench.measure import quantile
from bench.member import MemberProcess
from bench.scm_scale.datanodes import Answers, Crowd
from bench.scm_scale.figures import Figures, table, verdicts
from bench.scm_scale.group import (
    ScmGroup,
    ScmSettings,
    field_of,
    logged_at,
    scm_group,
    until,
)
from bench.scm_scale.rows import OldContainer, old_containers, put_containers
from bench.stopped import fill
from trioxygen.cli.wiring.names import SCM_GROUP
from trioxygen.metadata.client.described import described_nodes
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.scm_pb2 import ContainerReport

_OPEN_CONTAINERS_A_NODE: Final = 2
_BLOCK_BYTES: Final = 256 * 2**20
_WAIT_SECONDS_MAX: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Attributes: seconds: of each of the two spans that are measured."""

    nodes: int
    replicas_each: int
    seconds: float
    seed: int
    settings: ScmSettings


@dataclass(frozen=True, slots=True)
class Span:
    """What was spent, and what came, while some seconds passed."""

    seconds: float
    leader_cpu: float
    follower_cpu: float
    answers: Answers


class Run:
    """One number of nodes, from empty processes to their end."""

    def __init__(self, scale: Scale, group: ScmGroup) -> None:
        self._scale, self._group = scale, group
        self._rng = random.Random(scale.seed)
        self._interval_seconds = scale.settings.heartbeat_ms / 1_000
        self._ids = [f"dn{number:05d}" for number in range(1, scale.nodes + 1)]
        self._crowd = Crowd(
            group.addresses, group.runtime, group.network, group.cluster_id, self._rng
        )

    async def measured(self) -> Figures:
        containers = old_containers(self._ids, self._scale.replicas_each, self._rng)
        ready_s = await self._filled(containers)
        empty = self._group.resident_bytes()
        known_s, known_cpu_s = await self._known()
        check = await self._checked()
        await self._written()
        leader = await self._group.leader()
        quiet = await self._span(leader, with_reports=False)
        reporting = await self._span(leader, with_reports=True)
        resident = self._group.resident_bytes()
        listed_s = await self._listed()
        leader = await self._group.leader()
        planned_s, made_s = await self._lost_node(leader)
        failed = self._crowd.take_answers().failed + quiet.answers.failed
        lead_s = await self._lost_leader(leader)
        replicas = 3 * len(containers)
        name = leader.node.id
        others = [size for member, size in resident.items() if member != name]
        ordered = sorted(quiet.answers.of_leader)
        beats = len(quiet.answers.of_leader) or 1
        return Figures(
            nodes=self._scale.nodes,
            replicas=replicas,
            scms=self._scale.settings.scms,
            ready_s=round(ready_s, 1),
            known_s=round(known_s, 1),
            known_cpu_s=round(known_cpu_s, 1),
            leader_heartbeat_ms=quiet.leader_cpu / beats * 1e3,
            follower_heartbeat_ms=quiet.follower_cpu / beats * 1e3,
            leader_report_ms=_report_ms(quiet, reporting, of_leader=True),
            follower_report_ms=_report_ms(quiet, reporting, of_leader=False),
            leader_cores=reporting.leader_cpu / reporting.seconds,
            follower_cores=reporting.follower_cpu / reporting.seconds,
            heartbeats_share=beats * self._interval_seconds / quiet.seconds / self._scale.nodes,
            answer_p50_ms=quantile(ordered, 0.5) * 1e3,
            answer_p99_ms=quantile(ordered, 0.99) * 1e3,
            answer_max_ms=quantile(ordered, 1.0) * 1e3,
            leader_mib=resident[name] / 2**20,
            follower_mib=max(others, default=0) / 2**20,
            bytes_a_replica=(resident[name] - empty[name]) / replicas,
            check_s=float(field_of(check, "seconds")),
            check_own_s=float(field_of(check, "busy_s")),
            planned_s=planned_s,
            made_s=made_s,
            lead_s=lead_s,
            listed_s=listed_s,
            failed_calls=failed + reporting.answers.failed,
        )

    async def _filled(self, containers: Sequence[OldContainer]) -> float:
        members = self._group.members
        put = partial(put_containers, containers=containers)
        await fill(members, SCM_GROUP, ALL_TABLES, put)
        held: dict[str, list[ContainerReport]] = {node_id: [] for node_id in self._ids}
        for container in containers:
            report = container.report()
            for node_id in container.node_ids:
                held[node_id].append(report)
        for node_id, reports in held.items():
            self._crowd.add(node_id, reports)
        seconds = await self._group.start()
        await self._group.leader()
        return seconds

    async def _known(self) -> tuple[float, float]:
        """All have registered and reported."""

        async def is_over() -> bool:
            rules = await self._group.safe_mode()
            return not rules.on

        before = self._group.cpu_seconds()
        self._crowd.start()
        seconds = await until(is_over, what="safe mode is over", seconds_max=_WAIT_SECONDS_MAX)
        leader = (await self._group.leader()).node.id
        self._say(f"known after {seconds:.1f} s")
        return seconds, self._group.cpu_seconds()[leader] - before[leader]

    async def _checked(self) -> str:
        """The line of the log about the first look at all containers."""

        def lines() -> list[str]:
            members = self._group.members
            return [line for each in members for line in each.log_lines("containers_looked_at")]

        async def is_through() -> bool:
            return bool(lines())

        await until(is_through, what="all containers are looked at", seconds_max=_WAIT_SECONDS_MAX)
        return lines()[-1]

    async def _written(self) -> None:
        """Some containers are open, as in a cluster that is written to."""
        opened = set[int]()
        wanted = max(1, self._scale.nodes * _OPEN_CONTAINERS_A_NODE // 3)
        give_up_at = time.perf_counter() + _WAIT_SECONDS_MAX
        while len(opened) < wanted and time.perf_counter() < give_up_at:
            reply = await self._group.om_client.allocate_blocks(
                scm.AllocateBlocksRequest(count=20, block_bytes_max=_BLOCK_BYTES)
            )
            container_id = reply.blocks.container
            if container_id in opened:
                break
            opened.add(container_id)
            nodes = [each.node_id for each in reply.pipeline.datanodes]
            self._crowd.opened(container_id, reply.pipeline.pipeline_id, nodes)
        self._say(f"{len(opened)} containers are open")

    async def _span(self, leader: MemberProcess, *, with_reports: bool) -> Span:
        self._crowd.reports = with_reports
        await asyncio.sleep(self._interval_seconds)
        self._crowd.take_answers()
        before, began = self._group.cpu_seconds(), time.perf_counter()
        await asyncio.sleep(self._scale.seconds)
        seconds, after = time.perf_counter() - began, self._group.cpu_seconds()
        spent = {name: after[name] - before[name] for name in after}
        others = [cpu for name, cpu in spent.items() if name != leader.node.id]
        answers = self._crowd.take_answers()
        self._say(
            f"{len(answers.of_leader)} heartbeats, {answers.reports} reports in {seconds:.0f} s"
        )
        for error in answers.errors:
            self._say(f"a call failed: {error}")
        return Span(
            seconds, spent[leader.node.id], sum(others) / len(others) if others else 0.0, answers
        )

    async def _listed(self) -> float:
        began = time.perf_counter()
        nodes = len([each async for each in described_nodes(self._group.client)])
        if nodes != self._scale.nodes:
            raise ServerFailed(f"{nodes} of {self._scale.nodes} DataNodes were listed")
        return time.perf_counter() - began

    async def _lost_node(self, leader: MemberProcess) -> tuple[float, float]:
        """One falls silent. When the last of its containers was given to another node, and when
        that was reported, after it was called dead."""
        lost = self._crowd.nodes.pop(self._ids[-1])
        wanted = {each for each, report in lost.containers.items() if report.state == scm.CLOSED}
        self._crowd.told.clear()
        await lost.stop()

        async def is_dead() -> bool:
            return bool(leader.log_lines("datanode_dead"))

        async def is_planned() -> bool:
            begun = leader.log_lines("repairs_begun")
            return sum(int(field_of(line, "count")) for line in begun) >= len(wanted)

        async def is_made() -> bool:
            reply = await self._group.replication()
            return wanted <= self._crowd.told and not reply.copies and not reply.queued

        await until(is_dead, what="the node is dead", seconds_max=_WAIT_SECONDS_MAX)
        dead_at = logged_at(leader.log_lines("datanode_dead")[0])
        await until(is_planned, what="its containers are planned", seconds_max=_WAIT_SECONDS_MAX)
        planned_at = logged_at(leader.log_lines("repairs_begun")[-1])
        await until(is_made, what="its containers are made", seconds_max=_WAIT_SECONDS_MAX)
        self._say(f"{len(wanted)} containers of a dead node have been made elsewhere")
        return planned_at - dead_at, time.time() - dead_at

    async def _lost_leader(self, leader: MemberProcess) -> float:
        if len(self._group.members) < 2:
            return 0.0
        await leader.kill()

        async def is_over() -> bool:
            return not (await self._group.safe_mode()).on

        return await until(is_over, what="another SCM leads", seconds_max=_WAIT_SECONDS_MAX)

    def _say(self, text: str) -> None:
        print(f"{self._scale.nodes} nodes: {text}", flush=True)

    async def stop(self) -> None:
        await self._crowd.stop()


def _report_ms(quiet: Span, reporting: Span, *, of_leader: bool) -> float:
    """What reports of all containers cost beyond the heartbeats that bring them. At an SCM: each
    node reports to every one of them."""
    beats = len(quiet.answers.of_leader) or 1
    cpu = (quiet.leader_cpu, reporting.leader_cpu) if of_leader else (
        quiet.follower_cpu,
        reporting.follower_cpu,
    )  # fmt: skip
    scms = 1 + round(len(reporting.answers.of_others) / (len(reporting.answers.of_leader) or 1))
    reports = reporting.answers.reports / scms or 1.0
    beyond = cpu[1] - cpu[0] / beats * len(reporting.answers.of_leader)
    return max(0.0, beyond) / reports * 1e3


async def measure_scm_scale(
    *,
    nodes: Sequence[int],
    replicas_each: int,
    seconds: float,
    seed: int,
    settings: ScmSettings,
    data_parent: Path | None,
) -> list[Figures]:
    """Of each number of nodes; prints the table. Raises ServerFailed."""
    runs: list[Figures] = []
    for count in nodes:
        scale = Scale(
            nodes=count,
            replicas_each=replicas_each,
            seconds=seconds,
            seed=seed,
            settings=settings,
        )
        async with scm_group(data_parent, settings) as group:
            run = Run(scale, group)
            try:
                runs.append(await run.measured())
                print(table(runs), flush=True)
            finally:
                await run.stop()
    for sentence in verdicts(runs):
        print(sentence)
    return runs
