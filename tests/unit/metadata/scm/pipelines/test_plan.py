"""Which pipelines are made and closed."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pytest

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.pipelines.plan import (
    PipelineLimits,
    PipelinePlan,
    PlanPipeline,
    Reason,
    must_leave,
    plan,
)
from trioxygen.metadata.scm.pipelines.plan_nodes import Cluster, PlanNode
from trioxygen.metadata.scm.pipelines.state import MOVES, PipelineState, state_of
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.scm_pb2 import PipelineRow

EC_3_2 = Replication.parse("EC/3-2")
LIMITS = PipelineLimits()
THIN = PipelineLimits(missing_replicas_max=2)
OLD_MS = 3_600_000

Changed = Mapping[str, object]
STALE: Final[Changed] = {"health": scm.STALE}
DEAD: Final[Changed] = {"health": scm.DEAD}
LEAVING: Final[Changed] = {"is_in_service": False}
FULL: Final[Changed] = {"has_disks": True, "working": ("old",)}
SILENT: Final[Changed] = {"is_reported": False}
# Its disk is another one.
NEW_DISK: Final[Changed] = {
    "has_disks": True,
    "working": ("new",),
    "roomy": ("new",),
    "free_bytes": 1,
}


def cluster(names: str, **changed: Changed) -> Cluster:
    """A node for each letter; what differs, by letter."""
    nodes = [
        replace(PlanNode(node_id=name), **changed.get(name, {}))  # type: ignore[arg-type]
        for name in names
    ]
    return Cluster(nodes)


def pipeline(
    members: str,
    number: int = 1,
    *,
    replication: Replication = RATIS_THREE,
    state: PipelineState = PipelineState.OPEN,
    age_ms: int = OLD_MS,
    has_leader: bool = True,
) -> PlanPipeline:
    return PlanPipeline(
        pipeline_id=number,
        replication=replication,
        state=state,
        node_ids=tuple(members),
        volume_ids=("old",) * len(members),
        age_ms=age_ms,
        has_leader=has_leader,
    )


def planned(
    nodes: Cluster,
    *pipelines: PlanPipeline,
    wanted: Sequence[Replication] = (RATIS_THREE,),
    limits: PipelineLimits = LIMITS,
    seed: int = 1,
) -> PipelinePlan:
    return plan(nodes, pipelines, wanted, limits, random.Random(seed))


def made(result: PipelinePlan) -> list[str]:
    return sorted("".join(sorted(new.node_ids)) for new in result.made)


def test_rows_of_before_there_were_states_say_whether_they_are_open() -> None:
    assert state_of(PipelineRow(open=True)) is PipelineState.OPEN
    assert state_of(PipelineRow()) is PipelineState.CLOSING
    assert state_of(PipelineRow(state=scm.PIPELINE_ALLOCATED)) is PipelineState.ALLOCATED


def test_moves_lead_from_every_state_to_closed() -> None:
    assert set(MOVES) == set(PipelineState)
    for state in PipelineState:
        reached = {state}
        while more := set().union(*(MOVES[each] for each in reached)) - reached:
            reached |= more
        assert PipelineState.CLOSED in reached


def test_each_node_is_in_so_many_pipelines_of_different_nodes() -> None:
    for seed in range(50):
        result = planned(cluster("abcdef"), seed=seed)
        assert len(result.made) == 4
        assert set(Counter(node for new in result.made for node in new.node_ids).values()) == {2}
        assert len(set(made(result))) == 4


def test_few_nodes_are_in_two_rings_of_the_same() -> None:
    assert made(planned(cluster("abc"))) == ["abc", "abc"]


def test_rings_of_one_are_as_many_as_there_are_disks() -> None:
    two: Changed = {"has_disks": True, "working": ("x", "y"), "roomy": ("x", "y"), "free_bytes": 1}
    nodes = cluster("ab", b=two)
    result = planned(nodes, wanted=[RATIS_ONE])
    assert made(result) == ["a", "b", "b"]
    assert {new.volume_ids for new in result.made if new.node_ids == ("b",)} == {("x",), ("y",)}
    assert made(planned(cluster("abcde"), wanted=[EC_3_2])) == ["abcde"]


def test_nodes_that_cannot_be_used_are_not_chosen() -> None:
    nodes = cluster("abcdefgh", a=STALE, b=DEAD, c=LEAVING, d=FULL, e=SILENT)
    assert made(planned(nodes)) == ["fgh", "fgh"]


@pytest.mark.parametrize(
    ("names", "limits", "expected"),
    [
        ("", THIN, []),
        ("a", LIMITS, []),
        ("ab", LIMITS, []),
        ("a", THIN, ["a"]),
        ("ab", THIN, ["ab"]),
        ("ab", PipelineLimits(missing_replicas_max=1), ["ab"]),
        ("a", PipelineLimits(missing_replicas_max=1), []),
        ("abc", THIN, ["abc", "abc"]),
    ],
)
def test_fewer_members_are_enough_only_where_the_configuration_says_so(
    names: str, limits: PipelineLimits, expected: list[str]
) -> None:
    assert made(planned(cluster(names), limits=limits)) == expected


def test_erasure_coded_pipeline_is_never_without_a_place_for_its_data() -> None:
    limits = PipelineLimits(missing_replicas_max=5)
    assert made(planned(cluster("ab"), wanted=[EC_3_2], limits=limits)) == []
    assert made(planned(cluster("abc"), wanted=[EC_3_2], limits=limits)) == ["abc"]


@pytest.mark.parametrize(
    ("what", "changed", "expected"),
    [
        ("nothing", {}, None),
        ("stale, another takes its place", STALE, None),
        ("dead", DEAD, None),
        ("leaving", LEAVING, None),
        ("another disk", NEW_DISK, None),
        ("full", FULL, None),
    ],
)
def test_pipeline_that_has_lost_a_member_goes_on_until_a_better_one_is_open(
    what: str, changed: Changed, expected: Reason | None
) -> None:
    nodes = cluster("abcd", c=changed)
    former = pipeline("abc")
    first = planned(nodes, former)
    assert first.closed.get(1) is expected
    if what == "nothing":
        assert made(first) and all("d" in new for new in made(first))
        return
    # All of them may be used but one that has another disk: that one as well.
    others = "abcd" if what == "another disk" else "abd"
    assert all(set(new) <= set(others) and len(new) == 3 for new in made(first))
    assert len(first.made) == 2
    new = pipeline("abd", 2, state=PipelineState.ALLOCATED, age_ms=0)
    assert planned(nodes, former, new).closed == {}
    # Nobody leads it yet, or any more.
    leaderless = replace(new, state=PipelineState.OPEN, has_leader=False)
    assert planned(nodes, former, leaderless).closed == {}
    after = planned(nodes, former, replace(leaderless, has_leader=True))
    reasons = {
        "dead": Reason.MEMBER_DEAD,
        "leaving": Reason.MEMBER_LEAVING,
        "another disk": Reason.DISK_LOST,
    }
    assert after.closed == {1: reasons.get(what, Reason.REPLACED)}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        # Nothing can take its place: it goes on through the others while that may end.
        (cluster("abc", c=STALE), None),
        (cluster("abc", c=FULL), None),
        (cluster("abc", b=STALE, c=STALE), None),
        # That does not end by itself.
        (cluster("abc", c=DEAD), Reason.MEMBER_DEAD),
        (cluster("abc", c=LEAVING), Reason.MEMBER_LEAVING),
        (cluster("abc", c=NEW_DISK), None),
        (cluster("ab"), Reason.MEMBER_REMOVED),
        # No majority is left.
        (cluster("abcde", b=DEAD, c=STALE), Reason.MEMBER_DEAD),
        (cluster("abcde", b=NEW_DISK, c=NEW_DISK), Reason.DISK_LOST),
    ],
)
def test_pipeline_is_closed_at_once_where_it_cannot_go_on_or_nothing_will_take_its_place(
    nodes: Cluster, expected: Reason | None
) -> None:
    assert planned(nodes, pipeline("abc")).closed.get(1) is expected


def test_pipeline_of_fewer_members_takes_the_place_of_one_whose_member_is_dead() -> None:
    nodes = cluster("abc", c=DEAD)
    result = planned(nodes, pipeline("abc"), limits=THIN)
    assert (result.closed, made(result)) == ({}, ["ab"])
    result = planned(nodes, pipeline("abc"), pipeline("ab", 2), limits=THIN)
    assert result.closed == {1: Reason.MEMBER_DEAD}
    # One that is only stale may be back at any time, and the others go on.
    stale = planned(cluster("abc", c=STALE), pipeline("abc"), limits=THIN)
    assert (stale.closed, made(stale)) == ({}, [])
    # One of two cannot go on alone.
    alone = planned(cluster("ab", b=STALE), pipeline("ab"), limits=THIN)
    assert made(alone) == ["a"]


def test_pipeline_of_too_few_members_is_replaced_when_there_are_more() -> None:
    thin = pipeline("a", age_ms=100)
    result = planned(cluster("abc"), thin, limits=THIN)
    assert (result.closed, made(result)) == ({}, ["abc", "abc"])
    result = planned(cluster("abc"), thin, pipeline("abc", 2), limits=THIN)
    assert result.closed == {1: Reason.REPLACED}
    # By one that has too few as well not before others may have come.
    assert made(planned(cluster("ab"), thin, limits=THIN)) == []
    assert made(planned(cluster("ab"), pipeline("a"), limits=THIN)) == ["ab"]


def test_pipeline_on_one_rack_is_replaced_when_there_are_others() -> None:
    nodes = cluster("abcd", a={"rack": "/1"}, b={"rack": "/1"}, c={"rack": "/1"}, d={"rack": "/2"})
    result = planned(nodes, pipeline("abc"))
    assert result.closed == {} and all("d" in new for new in made(result))
    result = planned(nodes, pipeline("abc"), pipeline("abd", 2))
    assert result.closed == {1: Reason.REPLACED}


def test_erasure_coded_pipeline_that_lacks_a_member_for_good_is_closed_at_once() -> None:
    former = pipeline("abcde", replication=EC_3_2)
    result = planned(cluster("abcdef", e=DEAD), former)
    assert result.closed == {1: Reason.MEMBER_DEAD}
    assert "abcdf" in made(result)
    # It may be back, and readers do without.
    assert planned(cluster("abcde", e=STALE), former).closed == {}


def test_pipeline_that_does_not_open_is_given_up() -> None:
    waiting = pipeline("abc", state=PipelineState.ALLOCATED, age_ms=LIMITS.open_ms_max - 1)
    assert planned(cluster("abc"), waiting).closed == {}
    result = planned(cluster("abc"), replace(waiting, age_ms=LIMITS.open_ms_max))
    assert result.closed == {1: Reason.NOT_OPENED}
    assert made(result) == ["abc", "abc"]
    lost = planned(cluster("abcd", c=DEAD), waiting)
    assert lost.closed == {1: Reason.MEMBER_DEAD}


def test_nothing_is_planned_twice() -> None:
    """What a plan makes, it neither closes nor makes again."""
    racks: dict[str, Changed] = {name: {"rack": "/2"} for name in "def"}
    for names in ("a", "ab", "abc", "abcd", "abcdef", "abcdefghij"):
        nodes = cluster(names, **racks)
        for seed in range(20):
            wanted = [RATIS_THREE, RATIS_ONE, EC_3_2]
            first = planned(nodes, wanted=wanted, limits=THIN, seed=seed)
            pipelines = [
                PlanPipeline(
                    pipeline_id=number,
                    replication=new.replication,
                    state=PipelineState.OPEN,
                    node_ids=new.node_ids,
                    volume_ids=new.volume_ids,
                )
                for number, new in enumerate(first.made, 1)
            ]
            again = planned(nodes, *pipelines, wanted=wanted, limits=THIN, seed=seed)
            assert (again.closed, made(again)) == ({}, [])


@pytest.mark.parametrize(
    ("nodes", "takes_blocks", "closing_ms", "expected"),
    [
        (cluster("abc"), False, 999, False),
        (cluster("abc"), False, 1_000, True),
        (cluster("abc"), True, 1_000, False),
        (cluster("abc"), True, 5_999, False),
        (cluster("abc"), True, 6_000, True),
        (cluster("abc", c=DEAD), True, 1_000, False),
        # Its ring agrees to nothing any more.
        (cluster("abc", b=DEAD, c=NEW_DISK), True, 0, True),
    ],
)
def test_members_leave_when_all_is_closed_or_will_not_be(
    nodes: Cluster, takes_blocks: bool, closing_ms: float, expected: bool
) -> None:
    actual = must_leave(
        pipeline("abc", state=PipelineState.CLOSING),
        nodes,
        takes_blocks=takes_blocks,
        closing_ms=closing_ms,
        close_delay_ms=1_000,
        drain_ms_max=5_000,
    )
    assert actual is expected
