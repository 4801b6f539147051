"""However nodes come and go, plans come to an end, and each node that can be is in a pipeline."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.pipelines.plan import (
    PipelineLimits,
    PipelinePlan,
    PlanPipeline,
    plan,
)
from trioxygen.metadata.scm.pipelines.plan_nodes import Cluster, PlanNode
from trioxygen.metadata.scm.pipelines.state import PipelineState
from trioxygen.proto.v1 import scm_pb2 as scm

STEP_MS: Final = 5_000
# Of planning again and again; few are needed.
ROUNDS_MAX: Final = 12
REPLICATIONS: Final = [RATIS_THREE, RATIS_THREE, RATIS_ONE, Replication.parse("EC/3-2")]


class Planned:
    """A cluster that is planned for: what a plan makes is open, and led, at the next but one."""

    def __init__(self, replication: Replication, limits: PipelineLimits, seed: int) -> None:
        self.replication, self.limits = replication, limits
        self.nodes: dict[str, PlanNode] = {}
        self.pipelines: list[PlanPipeline] = []
        self._rng, self._ids = random.Random(seed), 0

    def step(self) -> PipelinePlan:
        cluster = Cluster(self.nodes.values())
        done = plan(cluster, self.pipelines, [self.replication], self.limits, self._rng)
        self.pipelines = [
            replace(each, state=PipelineState.OPEN, age_ms=each.age_ms + STEP_MS)
            for each in self.pipelines
            if each.pipeline_id not in done.closed
        ]
        for new in done.made:
            self._ids += 1
            self.pipelines.append(
                PlanPipeline(
                    pipeline_id=self._ids,
                    replication=new.replication,
                    state=PipelineState.ALLOCATED,
                    node_ids=new.node_ids,
                    volume_ids=new.volume_ids,
                )
            )
        return done

    def settle(self) -> None:
        """Plans until nothing is to be made or closed any more."""
        quiet = 0
        for _ in range(ROUNDS_MAX):
            done = self.step()
            # A pipeline that is thin waits for a while.
            quiet = 0 if done.made or done.closed else quiet + 1
            if quiet > self.limits.thin_ms_min // STEP_MS + 1:
                return
        raise AssertionError("pipelines are made and closed without end")

    def usable(self) -> list[PlanNode]:
        return [node for node in self.nodes.values() if node.is_usable]

    def loads(self) -> Counter[str]:
        return Counter(node_id for each in self.pipelines for node_id in each.node_ids)

    def is_on_too_few_racks(self, members: Sequence[str]) -> bool:
        racks = Counter(self.nodes[node_id].rack for node_id in members)
        every = Counter(node.rack for node in self.usable())
        if not self.replication.is_ec:
            return len(members) > 1 and len(racks) == 1 and len(every) > 1
        most = max(racks.values())
        # One less on each is possible, too.
        return sum(min(size, most - 1) for size in every.values()) >= len(members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    node_id: str
    rack: str
    disks: int
    # Plans between it and the one before; 0: they come together.
    plans: int

    @property
    def node(self) -> PlanNode:
        volumes = tuple(f"disk{number}" for number in range(self.disks))
        return PlanNode(
            node_id=self.node_id,
            rack=self.rack,
            has_disks=bool(volumes),
            working=volumes,
            roomy=volumes,
        )


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    racks = draw(st.sampled_from([["/a"], ["/a", "/b"], ["/a", "/a", "/a", "/b"], ["/a", *"bcd"]]))
    return [
        Arrival(
            node_id=f"dn{number}",
            rack=draw(st.sampled_from(racks)),
            disks=draw(st.sampled_from([0, 0, 1, 3])),
            plans=draw(st.integers(0, 3)),
        )
        for number in range(draw(st.integers(1, 12)))
    ]


LIMITS = st.builds(
    PipelineLimits,
    per_node_max=st.integers(1, 4),
    missing_replicas_max=st.sampled_from([0, 0, 1, 2]),
)


def after(
    coming: Sequence[Arrival], replication: Replication, limits: PipelineLimits, seed: int
) -> Planned:
    """All have come. What is closed meanwhile had to be."""
    planned = Planned(replication, limits, seed)
    for arrival in coming:
        for _ in range(arrival.plans):
            assert_needed(planned)
        planned.nodes[arrival.node_id] = arrival.node
    assert_needed(planned)
    return planned


def assert_needed(planned: Planned) -> None:
    members = {each.pipeline_id: each.node_ids for each in planned.pipelines}
    could = min(planned.replication.members, len(planned.usable()))
    for pipeline_id in planned.step().closed:
        had = members[pipeline_id]
        assert len(had) < could or planned.is_on_too_few_racks(had)


def assert_all_take_part(planned: Planned) -> None:
    usable = [node.node_id for node in planned.usable()]
    too_few = len(usable) < planned.replication.members_min(planned.limits.missing_replicas_max)
    if not too_few:
        assert set(usable) <= planned.loads().keys()
    # What is made is as it should be.
    for each in planned.pipelines:
        assert len(each.node_ids) == min(planned.replication.members, len(usable))
        assert not planned.is_on_too_few_racks(each.node_ids)


@settings(max_examples=300, deadline=None)
@given(arrivals(), st.sampled_from(REPLICATIONS), LIMITS, st.integers(0, 9))
def test_each_node_that_can_be_is_in_a_pipeline_in_whatever_order_they_come(
    coming: list[Arrival], replication: Replication, limits: PipelineLimits, seed: int
) -> None:
    planned = after(coming, replication, limits, seed)
    planned.settle()
    assert_all_take_part(planned)
    # As many as the limits make, and one for each that came too late for them.
    of_limits = sum(max(limits.per_node_max, each.disks) for each in coming)
    assert len(planned.pipelines) <= of_limits // min(len(coming), replication.members) + len(
        coming
    )


@settings(max_examples=200, deadline=None)
@given(
    arrivals(),
    st.sampled_from(REPLICATIONS),
    LIMITS,
    st.lists(
        st.tuples(
            st.integers(0, 11),
            st.sampled_from(["dead", "stale", "leaving", "back"]),
            st.integers(0, 2),
        ),
        max_size=8,
    ),
)
def test_plans_come_to_an_end_after_nodes_have_gone_and_come_back(
    coming: list[Arrival],
    replication: Replication,
    limits: PipelineLimits,
    events: list[tuple[int, str, int]],
) -> None:
    planned = after(coming, replication, limits, seed=1)
    for number, what, plans in events:
        node_id = f"dn{number % len(coming)}"
        changes = {
            "dead": {"health": scm.DEAD},
            "stale": {"health": scm.STALE},
            "leaving": {"is_in_service": False},
            "back": {"health": scm.HEALTHY, "is_in_service": True},
        }[what]
        planned.nodes[node_id] = replace(planned.nodes[node_id], **changes)  # type: ignore[arg-type]
        for _ in range(plans):
            planned.step()
    planned.settle()
    usable = [node.node_id for node in planned.usable()]
    if len(usable) >= replication.members:
        assert_all_take_part(planned)
    for node_id in planned.nodes:
        planned.nodes[node_id] = replace(
            planned.nodes[node_id], health=scm.HEALTHY, is_in_service=True
        )
    planned.settle()
    assert_all_take_part(planned)


def test_those_that_come_when_the_first_three_are_in_their_limit_are_in_one_each() -> None:
    for late in range(1, 10):
        planned = Planned(RATIS_THREE, PipelineLimits(), seed=late)
        for number in range(3):
            planned.nodes[f"dn{number}"] = PlanNode(node_id=f"dn{number}")
        planned.settle()
        first = planned.pipelines
        assert [each.node_ids for each in first] == [("dn0", "dn1", "dn2")] * 2
        for number in range(3, 3 + late):
            planned.nodes[f"dn{number}"] = PlanNode(node_id=f"dn{number}")
            planned.step()
            assert f"dn{number}" in planned.loads()
        planned.settle()
        # Those stay; none is in more than one above its limit.
        assert planned.pipelines[:2] == [
            replace(each, age_ms=planned.pipelines[0].age_ms) for each in first
        ]
        assert max(planned.loads().values()) == 3


def test_who_is_in_none_comes_together_with_others_that_are_in_none() -> None:
    planned = Planned(RATIS_THREE, PipelineLimits(per_node_max=1), seed=1)
    planned.nodes = {name: PlanNode(node_id=name) for name in "abc"}
    planned.settle()
    planned.nodes |= {name: PlanNode(node_id=name) for name in "de"}
    [new] = planned.step().made
    assert {"d", "e"} < set(new.node_ids)


def test_rack_of_one_node_is_in_as_many_as_the_others_need() -> None:
    planned = Planned(RATIS_THREE, PipelineLimits(), seed=1)
    planned.nodes = {f"dn{n}": PlanNode(node_id=f"dn{n}", rack="/a") for n in range(8)}
    planned.nodes["alone"] = PlanNode(node_id="alone", rack="/b")
    planned.settle()
    assert_all_take_part(planned)
    assert planned.loads()["alone"] == 4
