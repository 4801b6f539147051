"""Who does what: as much as the nodes can take, and no more."""

import random
from typing import Any

from tests.unit.metadata.scm.replication.observing import (
    CLOSED,
    RECOVERING,
    UNHEALTHY,
    container,
    dead,
    leaving,
    replica,
)
from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.pipelines.placement import PlacementNode
from trioxygen.metadata.scm.replication.checks import examine
from trioxygen.metadata.scm.replication.config import ReplicationConfig
from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.observed import ObservedContainer, ObservedNode
from trioxygen.metadata.scm.replication.plan import Plan, Planning, Waits
from trioxygen.proto.v1 import scm_pb2 as scm

EC = Replication.parse("EC/3-2")


class Planned:
    """Plans over nodes `dn0` and so on, each of which is begun."""

    def __init__(
        self, nodes: int, *, racks: int = 1, leaving: str = "", full: str = "", **config: Any
    ) -> None:
        self.in_flight = InFlight()
        observed = [
            ObservedNode(
                node_id=f"dn{number}",
                rack=f"/r{number % racks}",
                operation=scm.DECOMMISSIONING if f"dn{number}" == leaving else scm.IN_SERVICE,
            )
            for number in range(nodes)
        ]
        takers = [
            PlacementNode(node_id=node.node_id, rack=node.rack, free_bytes=1_000)
            for node in observed
            if node.stays and node.node_id != full
        ]
        self.planning = Planning(
            config=ReplicationConfig(**config),
            view=NodesView(
                nodes={node.node_id: node for node in observed},
                takers=takers,
                addresses={node.node_id: f"{node.node_id}:1" for node in observed},
            ),
            in_flight=self.in_flight,
            rng=random.Random(7),
            now_ms=1_000,
        )

    def of(self, observed: ObservedContainer) -> Plan:
        plan = self.planning.of(observed, examine(observed))
        for operation in plan.operations:
            self.in_flight.begin(operation)
        return plan


A, B = replica("dn0"), replica("dn1")


def test_copies_are_shared_out_between_sources_and_targets() -> None:
    planned = Planned(6)
    plans = [planned.of(container(CLOSED, A, B)) for _ in range(40)]
    assert all(len(plan.operations) == 1 and plan.waits is None for plan in plans)
    assert planned.in_flight.sending("dn0") == planned.in_flight.sending("dn1") == 20
    getting = [planned.in_flight.getting(f"dn{number}") for number in range(6)]
    assert getting[:2] == [0, 0] and min(getting[2:]) >= 7


def test_node_sends_and_gets_so_many_at_once_and_twice_as_many_when_it_leaves() -> None:
    planned = Planned(9, copies_per_node_max=2)
    for _ in range(4):
        assert planned.of(container(CLOSED, A, B)).waits is None
    assert planned.of(container(CLOSED, A, B)) == Plan(waits=Waits.FOR_A_TURN)
    planned = Planned(9, copies_per_node_max=2, leaving="dn8")
    only = container(CLOSED, leaving("dn8"), wanted=1)
    for _ in range(4):
        assert planned.of(only).waits is None
    assert planned.of(only).waits is Waits.FOR_A_TURN
    planned = Planned(3, copies_per_node_max=1)
    others = [replica("dn1"), replica("dn0")]
    assert planned.of(container(CLOSED, *others)).waits is None
    assert planned.of(container(CLOSED, *others)).waits is Waits.FOR_A_TURN


def test_large_container_is_given_the_time_that_its_bytes_take() -> None:
    planned = Planned(5, copy_deadline_ms=1_000, copy_bytes_per_s_min=100)
    large = [replica("dn0", used_bytes=500), replica("dn1", used_bytes=500)]
    [copy] = planned.of(container(CLOSED, *large)).operations
    assert copy.deadline_ms - copy.begun_ms == 1_000 + 5_000
    two_too_many = [replica(f"dn{number}", used_bytes=500) for number in range(5)]
    removals = planned.of(container(CLOSED, *two_too_many)).operations
    assert {each.deadline_ms - each.begun_ms for each in removals} == {1_000}


def test_container_that_no_node_can_take_waits_for_one_or_makes_room() -> None:
    planned = Planned(2)
    assert planned.of(container(CLOSED, A, B)) == Plan(waits=Waits.FOR_A_NODE)
    # None has room for it.
    planned = Planned(5)
    large = [replica("dn0", used_bytes=2_000), replica("dn1", used_bytes=2_000)]
    assert planned.of(container(CLOSED, *large)).waits is Waits.FOR_A_NODE
    planned = Planned(3)
    [operation] = planned.of(container(CLOSED, A, B, replica("dn2", UNHEALTHY))).operations
    assert (operation.kind, operation.node_id) == (Kind.REMOVAL, "dn2")


def test_index_that_is_there_twice_makes_room_and_its_node_gets_what_is_nowhere() -> None:
    planned = Planned(5)
    own = [replica(f"dn{index}", replica_index=index) for index in (1, 2, 3, 4)]
    twice = container(CLOSED, *own, replica("dn0", replica_index=1), replication=EC)
    [operation] = planned.of(twice).operations
    assert operation.kind is Kind.REMOVAL and operation.node_id in {"dn0", "dn1"}
    [rebuild] = planned.of(container(CLOSED, *own, replication=EC)).operations
    assert rebuild.targets == {"dn0": 5}


def test_target_is_none_that_has_a_replica_of_any_kind() -> None:
    for _ in range(20):
        planned = Planned(5)
        observed = container(CLOSED, A, B, replica("dn2", UNHEALTHY), dead("dn3"))
        [operation] = planned.of(observed).operations
        assert [*operation.targets] == ["dn4"]


def test_what_a_copy_left_behind_that_came_to_nothing_is_in_no_other_ones_way() -> None:
    planned = Planned(3)
    observed = container(CLOSED, A, B, replica("dn2", RECOVERING))
    [operation] = planned.of(observed).operations
    assert (operation.kind, [*operation.targets]) == (Kind.COPY, ["dn2"])


def test_failure_is_waited_out_longer_each_time_and_never_for_ever() -> None:
    config = ReplicationConfig(failed_wait_ms=10, failed_wait_ms_max=60)
    assert [config.wait_ms(failures) for failures in (1, 2, 3, 4, 10_000)] == [10, 20, 40, 60, 60]


def test_copy_goes_to_another_rack_where_all_are_on_one() -> None:
    planned = Planned(6, racks=2)
    # dn0, dn2 and dn4 are on /r0.
    own = [replica(f"dn{number}", rack="/r0") for number in (0, 2, 4)]
    [operation] = planned.of(container(CLOSED, *own, rack_max=2)).operations
    [target] = operation.targets
    assert target in {"dn1", "dn3", "dn5"}
    assert operation.command.replicate_container.is_low_priority


def test_lost_indexes_are_made_at_one_of_their_targets() -> None:
    planned = Planned(8)
    whole = [replica(f"dn{index}", replica_index=index) for index in (1, 2, 4)]
    observed = container(CLOSED, *whole, replication=EC, pipeline_id=9)
    [operation] = planned.of(observed).operations
    command = operation.command.reconstruct_container
    assert operation.kind is Kind.REBUILD and operation.weight == 3
    assert operation.node_id == command.targets[0].node_id
    assert sorted(target.replica_index for target in command.targets) == [3, 5]
    assert {each.node_id: each.replica_index for each in command.sources} == {
        "dn1": 1,
        "dn2": 2,
        "dn4": 4,
    }
    assert command.pipeline_id == 9 and command.replication == EC.proto
    assert not {*operation.targets} & {"dn1", "dn2", "dn4"}


def test_some_of_the_lost_indexes_are_made_where_there_are_not_nodes_for_all() -> None:
    planned = Planned(4)
    whole = [replica(f"dn{index}", replica_index=index) for index in (1, 2, 3)]
    plan = planned.of(container(CLOSED, *whole, replication=EC))
    [operation] = plan.operations
    assert (operation.targets, plan.waits) == ({"dn0": 4}, Waits.FOR_A_NODE)


def lacking_two() -> ObservedContainer:
    """Of short blocks: the first and the last index have one less, and not the same one."""
    said = {1: (1, 3, 7), 2: (), 3: (), 4: (1, 4, 9), 5: (1, 3, 8)}
    replicas = [
        replica(
            f"dn{index}",
            replica_index=index,
            coded=(counts,) if counts else (),
            block_count=counts[1] if counts else 0,
        )
        for index, counts in said.items()
    ]
    return container(CLOSED, *replicas, replication=EC)


def test_index_that_lacks_blocks_gets_them_where_it_is_if_no_other_node_can_take_it() -> None:
    planned = Planned(6)
    # dn0 holds nothing of it: it can take one.
    [elsewhere] = planned.of(lacking_two()).operations
    assert not elsewhere.command.reconstruct_container.completes
    assert [*elsewhere.targets] == ["dn0"]
    planned = Planned(6, leaving="dn0")
    plan = planned.of(lacking_two())
    [operation] = plan.operations
    command = operation.command.reconstruct_container
    assert command.completes and plan.waits is None and operation.kind is Kind.REBUILD
    assert operation.targets == {"dn1": 1, "dn5": 5}
    assert operation.node_id == command.targets[0].node_id
    assert {each.node_id: each.replica_index for each in command.targets} == {"dn1": 1, "dn5": 5}
    # One of them takes nothing now.
    planned = Planned(6, leaving="dn0", full="dn1")
    plan = planned.of(lacking_two())
    assert [each.targets for each in plan.operations] == [{"dn5": 5}]
    assert plan.waits is Waits.FOR_A_NODE


def test_removals_are_bounded_for_each_node() -> None:
    planned = Planned(5, removals_per_node_max=1)
    four = [replica(f"dn{number}", used_share=number / 10) for number in range(4)]
    [operation] = planned.of(container(CLOSED, *four)).operations
    assert (operation.kind, operation.node_id) == (Kind.REMOVAL, "dn3")
    assert operation.command.delete_container.force
    assert planned.of(container(CLOSED, *four)) == Plan(waits=Waits.FOR_A_TURN)
