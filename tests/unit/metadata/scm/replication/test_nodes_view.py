"""All nodes at one moment."""

import random
from typing import Any

from trioxygen.common.replication import RATIS_ONE, RATIS_THREE, Replication
from trioxygen.metadata.scm.pipelines.placement import PlacementNode
from trioxygen.metadata.scm.replication.nodes_view import NodesView
from trioxygen.metadata.scm.replication.observed import ObservedNode
from trioxygen.proto.v1 import scm_pb2 as scm

EC = Replication.parse("EC/3-2")


def view(*nodes: ObservedNode, missing_max: int = 0) -> NodesView:
    takers = [PlacementNode(node_id=node.node_id, rack=node.rack) for node in nodes]
    return NodesView(
        nodes={node.node_id: node for node in nodes},
        takers=takers,
        addresses={},
        missing_max=missing_max,
    )


def node(number: int, **changed: Any) -> ObservedNode:
    return ObservedNode(node_id=f"dn{number}", **changed)


def test_containers_are_to_have_what_their_class_says_or_what_nodes_there_are() -> None:
    few = [node(1), node(2), node(3, health=scm.DEAD), node(4, operation=scm.DECOMMISSIONED)]
    assert view(*few).standard(RATIS_THREE) == (3, 3)
    assert view(*few, missing_max=2).standard(RATIS_THREE) == (2, 2)
    assert view(missing_max=2).standard(RATIS_THREE)[0] == 1
    assert view(*few, missing_max=2).standard(RATIS_ONE) == (1, 1)
    assert view(*few, missing_max=2).standard(EC)[0] == 3


def test_racks_bound_how_many_of_them_are_together() -> None:
    two = view(*(node(number, rack=f"/r{number % 2}") for number in range(6)))
    assert two.standard(RATIS_THREE) == (3, 2)
    assert two.standard(EC) == (5, 3)


def test_changes_are_what_replicas_count_for() -> None:
    before = view(node(1), node(2), node(3), node(4, rack="/a"), node(6))
    after = view(
        node(1, health=scm.STALE),
        node(2, health=scm.DEAD),
        node(3, operation=scm.DECOMMISSIONING),
        node(4, rack="/b"),
        node(5),
    )
    assert after.changed_since(before) == {"dn2", "dn3", "dn4", "dn5", "dn6"}


def test_choice_is_made_among_some_of_each_rack() -> None:
    racks = [node(number, rack=f"/r{number % 4}") for number in range(1_000)]
    chosen = view(*racks).candidates(random.Random(1))
    assert len(chosen) == 64 and {each.rack for each in chosen} == {"/r0", "/r1", "/r2", "/r3"}
    assert len(view(*racks[:10]).candidates(random.Random(1))) == 10


def test_takers_are_others_where_one_is_new_or_on_another_rack() -> None:
    before = view(node(1), node(2))
    assert view(node(2)).takes_as(before) and before.takes_as(before)
    # As many as before.
    assert not view(node(1), node(3)).takes_as(before)
    assert not view(node(1), node(2, rack="/b")).takes_as(before)
