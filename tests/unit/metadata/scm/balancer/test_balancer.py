"""An SCM has containers moved from full DataNodes to empty ones, while an operator wants it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.metadata.scm.replication.cluster_of_five import CARE, closed
from tests.unit.metadata.scm.scm_harness import Scenario, ScmHarness, scm_test
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.balancer.balancer import NOTHING_TO_MOVE, WITHIN_THE_BAND
from trioxygen.metadata.scm.balancer.config import BalancerConfig
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockRange

OLD = ("dn1", "dn2", "dn3")
CAPACITY = 10_000
SIZE = 1_000


class Cluster:
    """Three DataNodes with all containers, and empty ones that came later.

    Attributes: asked: who was told to send or remove which container, in order."""

    def __init__(self, harness: ScmHarness) -> None:
        self.harness, self.client = harness, harness.client
        self.held: dict[str, dict[int, scm.ContainerReport]] = {}
        self.asked: list[tuple[str, str, int]] = []
        self.ignores: set[str] = set()
        self.silent: set[str] = set()
        self.priorities: set[bool] = set()

    async def start(self, containers: int, *added: str) -> None:
        await self.harness.join(*OLD)
        self.held = {node: {} for node in OLD}
        await self.beat()
        for _ in range(containers):
            reply = await self.harness.allocate(90, 1_000)
            container_id, ring = reply.blocks.container, reply.pipeline.pipeline_id
            for node in OLD:
                self.held[node][container_id] = closed(container_id, ring, used_bytes=SIZE)
            await self.beat()
        await self.harness.join(*added)
        self.held |= {node: {} for node in added}
        await self.beat(times=12)

    async def beat(self, *, times: int = 1) -> None:
        """Nodes say all that they have, and do what they are told."""
        for _ in range(times):
            for node, held in self.held.items():
                if node in self.silent:
                    continue
                used = sum(report.used_bytes for report in held.values())
                disk = scm.VolumeReport(
                    volume_id="disk",
                    capacity_bytes=CAPACITY,
                    used_bytes=used,
                    free_bytes=CAPACITY - used,
                )
                reply = await self.harness.heartbeat(
                    node, *held.values(), full=True, volumes=(disk,)
                )
                for command in reply.commands:
                    self._carry_out(node, command)
            await self.harness.pass_time(1_000)

    def _carry_out(self, node: str, command: scm.DataNodeCommand) -> None:
        if command.HasField("replicate_container"):
            copy = command.replicate_container
            self.asked.append((node, copy.target.node_id, copy.container_id))
            self.priorities.add(copy.is_low_priority)
            if "copies" not in self.ignores:
                report = self.held[node][copy.container_id]
                self.held[copy.target.node_id][copy.container_id] = report
        elif command.HasField("delete_container"):
            container_id = command.delete_container.container_id
            self.asked.append((node, "", container_id))
            if "removals" in self.ignores:
                return
            self.held[node].pop(container_id, None)
            # Three are there without it.
            assert sum(container_id in held for held in self.held.values()) >= 3

    async def begin(self, **numbers: Any) -> scm.DescribeBalancerReply:
        request = scm.StartBalancerRequest(**numbers)
        return await self.client.call(request, scm.DescribeBalancerReply)

    async def status(self) -> scm.DescribeBalancerReply:
        return await self.client.call(scm.DescribeBalancerRequest(), scm.DescribeBalancerReply)

    async def until_it_ends(self, *, times: int = 200) -> scm.DescribeBalancerReply:
        reply = await self.status()
        for _ in range(times):
            if not reply.balancer.running:
                return reply
            await self.beat()
            reply = await self.status()
        raise AssertionError(f"it goes on: {reply}")


def balancer_test(**changed: Any) -> Callable[[Scenario], Callable[[], None]]:
    return scm_test(
        replication=RATIS_THREE,
        containers=replace(CARE, check_interval_ms=5_000),
        container_bytes_max=SIZE,
        close_delay_ms=0,
        balancer=BalancerConfig(settle_ms=3_000, **changed),
    )


@balancer_test(planning_ms_max=0)
async def test_plan_of_many_turns_is_carried_out(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4", "dn5")
    await cluster.begin()
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == WITHIN_THE_BAND and ended.balancer.moved > 1


@balancer_test()
async def test_empty_nodes_are_filled_and_it_ends_in_the_band(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4", "dn5")
    assert not (await cluster.status()).HasField("balancer")
    began = await cluster.begin()
    assert began.balancer.running and began.nodes_out == 5 and began.bytes_left == 7_600
    assert round(began.mean_percent) == 48 and began.nodes[0].node_id in ("dn4", "dn5")
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == WITHIN_THE_BAND and ended.bytes_left == 0
    assert ended.moved * SIZE == ended.moved_bytes == ended.balancer.moved_bytes > 0
    assert cluster.priorities == {True}
    shares = [sum(each.used_bytes for each in held.values()) for held in cluster.held.values()]
    assert max(shares) - min(shares) <= 0.2 * CAPACITY, shares
    # Each has three replicas still, and each that went was moved.
    counts = [
        sum(number in held for held in cluster.held.values()) for number in cluster.held["dn1"]
    ]
    assert counts == [3] * len(counts)
    assert len(cluster.asked) == 2 * ended.moved
    sent = {(source, container) for source, target, container in cluster.asked if target}
    assert sent == {(source, number) for source, target, number in cluster.asked if not target}


@balancer_test()
async def test_containers_too_large_for_the_band_are_left_and_it_says_so(
    harness: ScmHarness,
) -> None:
    cluster = Cluster(harness)
    await cluster.start(4, "dn4")
    await cluster.begin(threshold_percent=1, node_moving_bytes_max=SIZE - 1)
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == NOTHING_TO_MOVE and not cluster.asked


@balancer_test()
async def test_nothing_is_begun_while_something_is_to_be_mended(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4")
    lost = min(cluster.held["dn1"])
    del cluster.held["dn1"][lost]
    cluster.ignores.add("copies")
    await cluster.beat()
    await cluster.begin()
    cluster.asked.clear()
    await cluster.beat(times=20)
    reply = await cluster.status()
    assert "mended first: 1 repairs under way" in reply.waits_for
    assert {container for _, _, container in cluster.asked} <= {lost} and not reply.moves


@balancer_test()
async def test_replicas_that_are_too_many_do_not_count_as_even(harness: ScmHarness) -> None:
    """A node is back from the dead, and what was made elsewhere meanwhile goes again."""
    cluster = Cluster(harness)
    await cluster.start(8, "dn4")
    numbers = set(cluster.held["dn1"])
    cluster.held["dn4"] = dict(cluster.held["dn1"])
    cluster.ignores.add("removals")
    await cluster.beat(times=3)
    began = await cluster.begin()
    assert began.nodes_out == 0
    await cluster.beat(times=20)
    reply = await cluster.status()
    assert reply.balancer.running and "too many" in reply.waits_for
    cluster.ignores.clear()
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == WITHIN_THE_BAND
    for number in numbers:
        assert sum(number in held for held in cluster.held.values()) == 3, number


@balancer_test()
async def test_node_that_says_nothing_may_be_the_empty_one(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4")
    cluster.silent.add("dn4")
    await cluster.beat(times=40)
    await cluster.begin()
    await cluster.beat(times=20)
    reply = await cluster.status()
    assert reply.balancer.running and "say nothing, or not all yet: 1" in reply.waits_for
    assert not cluster.asked
    cluster.silent.clear()
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == WITHIN_THE_BAND and ended.moved


@balancer_test(containers_moving_max=2)
async def test_another_leader_goes_on_with_it_until_it_is_stopped(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4", "dn5")
    cluster.ignores.add("copies")
    began = await cluster.begin(threshold_percent=5)
    await cluster.beat(times=3)
    assert len((await cluster.status()).moves) == 2
    harness.rings.clear()
    await harness.restart()
    cluster.client = harness.client
    await harness.join(*cluster.held)
    cluster.ignores.clear()
    for _ in range(60):
        await cluster.beat()
        if (await cluster.status()).moved:
            break
    reply = await cluster.status()
    assert reply.balancer.run == began.balancer.run and reply.balancer.running
    assert reply.balancer.threshold_percent == 5 and reply.balancer.containers_moving_max == 2
    assert reply.moved
    stopped = await cluster.client.call(scm.StopBalancerRequest(), scm.DescribeBalancerReply)
    assert not stopped.balancer.running and "operator" in stopped.balancer.ended_why
    await cluster.beat(times=10)
    cluster.asked.clear()
    await cluster.beat(times=20)
    assert not cluster.asked and not (await cluster.status()).moves


@balancer_test(move_ms_max=20_000)
async def test_move_that_does_not_come_is_given_up_and_counted(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4")
    cluster.ignores.add("copies")
    await cluster.begin()
    await cluster.beat(times=30)
    reply = await cluster.status()
    assert reply.failed and not reply.moved
    cluster.ignores.clear()
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == WITHIN_THE_BAND and ended.balancer.failed


@balancer_test()
async def test_nodes_on_their_way_out_neither_give_nor_take(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(8, "dn4", "dn5")
    await harness.client.call(
        scm.SetNodeOperationRequest(node_id="dn5", operation=scm.ENTERING_MAINTENANCE),
        scm.SetNodeOperationReply,
    )
    await cluster.begin()
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == WITHIN_THE_BAND
    assert ended.nodes_counted == 4 and not cluster.held["dn5"]


@balancer_test()
async def test_container_with_deletions_that_wait_is_not_moved(harness: ScmHarness) -> None:
    cluster = Cluster(harness)
    await cluster.start(1, "dn4")
    [container] = cluster.held["dn1"]
    block = BlockRange(container=container, first_local=1, count=1)
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[block]))
    await cluster.begin(threshold_percent=1)
    ended = await cluster.until_it_ends()
    assert ended.balancer.ended_why == NOTHING_TO_MOVE and not ended.moved


@balancer_test()
async def test_band_of_everything_is_refused(harness: ScmHarness) -> None:
    for wrong in (100, 101, -1, float("nan")):
        with pytest.raises(InvalidRequest):
            await harness.client.call(
                scm.StartBalancerRequest(threshold_percent=wrong), scm.DescribeBalancerReply
            )
