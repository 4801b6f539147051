"""What is put together of a container; and that few looks tell those that surely lack nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import RATIS_THREE, Replication
from trioxygen.metadata.scm.nodes.nodes import Nodes
from trioxygen.metadata.scm.pipelines.placement import PlacementNode
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.replication.checks import examine
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.metadata.scm.replication.in_flight import InFlight
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.observed import ObservedNode
from trioxygen.metadata.scm.replication.observer import Observer, is_plainly_healthy
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.proto.v1 import scm_pb2 as scm

RING = 5
NODES = [f"dn{number}" for number in range(5)]


def mostly(usual: object, *others: object) -> st.SearchStrategy[object]:
    return st.sampled_from([usual] * 12 + [*others])


@st.composite
def views(draw: st.DrawFn) -> NodesView:
    nodes = {
        node_id: ObservedNode(
            node_id=node_id,
            health=draw(mostly(scm.HEALTHY, scm.STALE, scm.DEAD)),  # type: ignore[arg-type]
            operation=draw(mostly(scm.IN_SERVICE, scm.DECOMMISSIONING)),  # type: ignore[arg-type]
            rack=draw(st.sampled_from(["/a", "/b"])),
        )
        for node_id in NODES
    }
    takers = [PlacementNode(node_id=each) for each in nodes]
    return NodesView(nodes=nodes, takers=takers, addresses={})


@st.composite
def reports(draw: st.DrawFn) -> dict[str, scm.ContainerReport]:
    holders = draw(st.lists(st.sampled_from(NODES), min_size=2, max_size=4, unique=True))
    return {
        node_id: scm.ContainerReport(
            container_id=7,
            state=draw(mostly(scm.CLOSED, scm.UNHEALTHY, scm.OPEN)),  # type: ignore[arg-type]
            pipeline_id=RING,
            block_count=draw(mostly(3, 0)),  # type: ignore[arg-type]
            commit_sequence=draw(mostly(9, 8, 10)),  # type: ignore[arg-type]
        )
        for node_id in holders
    }


def row(replication: Replication = RATIS_THREE) -> scm.ContainerRow:
    return scm.ContainerRow(
        container_id=7,
        state=ContainerState.CLOSED.proto,
        pipeline_id=RING,
        block_count=3,
        commit_sequence=9,
        replication=replication.proto,
    )


@settings(max_examples=300, deadline=None)
@given(view=views(), held=reports())
def test_what_is_plainly_healthy_lacks_nothing(
    view: NodesView, held: dict[str, scm.ContainerReport]
) -> None:
    clock, replicas = ManualClock(), Replicas()
    for node_id, report in held.items():
        replicas.registered(node_id, "")
        replicas.heard(scm.HeartbeatRequest(node_id=node_id, containers=[report]))
    observer = Observer(
        Nodes(clock, stale_after_ms=1, dead_after_ms=2),
        replicas,
        InFlight(),
        clock,
        ReplicationConfig(),
        deletions_wait=lambda txn, container_id: False,
        moved_from=lambda container_id: "",
        close_delay_ms=0,
    )
    with MemoryStore(ALL_TABLES).read() as txn:
        finding = examine(observer.observed(txn, row(), view))
    if is_plainly_healthy(row(), held, view):
        assert finding.health is Health.HEALTHY and not finding.closes


def test_three_good_replicas_on_two_racks_are_plainly_healthy() -> None:
    racks = dict(zip(NODES, "aabbb", strict=True))
    nodes = {each: ObservedNode(node_id=each, rack=rack) for each, rack in racks.items()}
    view = NodesView(nodes=nodes, takers=[], addresses={})
    report = scm.ContainerReport(
        container_id=7, state=scm.CLOSED, pipeline_id=RING, block_count=3, commit_sequence=9
    )
    assert is_plainly_healthy(row(), dict.fromkeys(("dn0", "dn1", "dn2"), report), view)
    assert not is_plainly_healthy(row(), dict.fromkeys(("dn2", "dn3", "dn4"), report), view)
    assert not is_plainly_healthy(row(), dict.fromkeys(("dn0", "dn2"), report), view)
    ec = row(Replication.parse("EC/3-2"))
    assert not is_plainly_healthy(ec, dict.fromkeys(NODES, report), view)
