"""Whatever replicas a container has, nothing that is asked for costs it one that it needs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metadata.scm.replication.observing import TAKERS, container
from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.replication.checks import examine, room_by_removal
from trioxygen.metadata.scm.replication.findings import Removal
from trioxygen.metadata.scm.replication.observed import (
    ObservedContainer,
    ObservedNode,
    ObservedReplica,
    Pending,
)
from trioxygen.proto.v1 import scm_pb2 as scm

EC = Replication.parse("EC/3-2")
SEQUENCES = st.integers(3, 5)


@st.composite
def replicas(draw: st.DrawFn, number: int, ec: bool) -> ObservedReplica:
    node = ObservedNode(
        node_id=f"dn{number}",
        health=draw(st.sampled_from([scm.HEALTHY, scm.HEALTHY, scm.HEALTHY, scm.STALE, scm.DEAD])),
        operation=draw(
            st.sampled_from(
                [scm.IN_SERVICE, scm.IN_SERVICE, scm.DECOMMISSIONING, scm.IN_MAINTENANCE]
            )
        ),
        rack=draw(st.sampled_from(["/a", "/a", "/b", "/c"])),
        used_share=draw(st.floats(0, 1)),
    )
    states = [state for state in ContainerState if state is not ContainerState.DELETED]
    return ObservedReplica(
        node=node,
        state=draw(st.sampled_from([ContainerState.CLOSED] * 8 + states)),
        replica_index=draw(st.integers(1, 5)) if ec else 0,
        commit_sequence=draw(SEQUENCES),
        block_count=1,
    )


@st.composite
def containers(draw: st.DrawFn) -> ObservedContainer:
    replication = draw(st.sampled_from([RATIS_THREE, RATIS_THREE, RATIS_ONE, EC]))
    ec = replication.is_ec
    count = draw(st.integers(0, 8))
    of_it = [draw(replicas(number, ec)) for number in range(count)]
    closed = [each.commit_sequence for each in of_it if each.state is ContainerState.CLOSED]
    copies = draw(st.lists(st.integers(1, 5), max_size=2))
    going = (
        draw(st.frozensets(st.sampled_from([each.node_id for each in of_it]), max_size=2))
        if of_it
        else frozenset()
    )
    return container(
        draw(
            st.sampled_from(
                [ContainerState.CLOSED] * 4
                + [ContainerState.UNHEALTHY, ContainerState.QUASI_CLOSED]
            )
        ),
        *of_it,
        replication=replication,
        wanted=draw(st.integers(replication.data, replication.members)),
        commit_sequence=max([draw(SEQUENCES), *closed]),
        rack_max=draw(st.integers(0, 2)),
        pending=Pending(
            copies=tuple((f"new{at}", index if ec else 0) for at, index in enumerate(copies)),
            removals=going,
        ),
        online_min=draw(st.integers(1, 2)),
    )


def good(observed: ObservedContainer, gone: set[str]) -> set[int | str]:
    """What can be read of it for sure: written out here once more, from the words alone."""
    return {
        each.replica_index or each.node_id
        for each in observed.replicas
        if each.state is ContainerState.CLOSED
        and each.node.health == scm.HEALTHY
        and each.node.operation == scm.IN_SERVICE
        and (observed.replication.is_ec or each.commit_sequence >= observed.commit_sequence)
        and each.node_id not in gone | observed.pending.removals
    }


@settings(max_examples=500, deadline=None)
@given(observed=containers())
def test_no_removal_leaves_fewer_good_replicas_than_are_wanted(observed: ObservedContainer) -> None:
    removals = [each for each in examine(observed).repairs if isinstance(each, Removal)]
    gone = {each.node_id for each in removals}
    before, after = good(observed, set()), good(observed, gone)
    assert len(after) >= min(len(before), observed.wanted)
    if observed.replication.is_ec:
        assert after == before
    if removals:
        assert len(after) >= observed.wanted
        assert observed.pending.copies == ()
    by_node = {each.node_id: each for each in observed.replicas}
    assert len(gone) == len(removals) and gone <= by_node.keys()
    for removal in removals:
        assert by_node[removal.node_id].replica_index == removal.replica_index
        # Nor what may have more than the others.
        assert not by_node[removal.node_id].node.is_dead


@settings(max_examples=200, deadline=None)
@given(observed=containers())
def test_room_is_not_made_by_what_is_good(observed: ObservedContainer) -> None:
    removal = room_by_removal(observed, TAKERS)
    if removal is None:
        return
    before = good(observed, set())
    assert before and good(observed, {removal.node_id}) == before
    assert len(before) >= min(observed.wanted, 2) or observed.wanted <= 2
    [gone] = [each for each in observed.replicas if each.node_id == removal.node_id]
    # What is there twice is no good to others that it takes.
    if observed.replication.is_ec and gone.state is not ContainerState.CLOSED:
        assert len(before) > observed.replication.data
