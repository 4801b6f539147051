"""What nodes were told to do counts until it is done, or has taken too long."""

from trioxygen.metadata.scm.replication.in_flight import InFlight, Kind, Operation
from trioxygen.metadata.scm.replication.observed import NOTHING_PENDING, Pending
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, ReplicateContainerCommand


def operation(kind: Kind, node_id: str, targets: dict[str, int], **changed: int) -> Operation:
    command = DataNodeCommand(replicate_container=ReplicateContainerCommand(container_id=7))
    return Operation(
        kind=kind,
        container_id=changed.get("container_id", 7),
        node_id=node_id,
        command=command,
        targets=targets,
        weight=changed.get("weight", 1),
        deadline_ms=changed.get("deadline_ms", 600),
    )


def test_copy_counts_until_its_target_reports_it() -> None:
    in_flight = InFlight()
    copy = operation(Kind.COPY, "dn1", {"dn4": 0})
    in_flight.begin(copy)
    assert in_flight.pending(7) == Pending(copies=(("dn4", 0),))
    assert (in_flight.sending("dn1"), in_flight.getting("dn4"), in_flight.weight) == (1, 1, 1)
    assert in_flight.expected_at("dn4") == {7} and in_flight.targets_of(7) == {"dn4"}
    assert in_flight.got(7, "dn3") == []
    assert in_flight.got(7, "dn4") == [copy]
    assert in_flight.pending(7) == NOTHING_PENDING and in_flight.expected_at("dn4") == frozenset()
    assert (in_flight.sending("dn1"), in_flight.getting("dn4"), in_flight.weight) == (0, 0, 0)
    assert len(in_flight) == 0


def test_rebuild_ends_with_the_last_of_its_targets() -> None:
    in_flight = InFlight()
    rebuild = operation(Kind.REBUILD, "dn4", {"dn4": 2, "dn5": 3}, weight=3)
    in_flight.begin(rebuild)
    assert (in_flight.sending("dn4"), in_flight.getting("dn5")) == (3, 1)
    assert in_flight.got(7, "dn4") == []
    assert in_flight.pending(7).copies == (("dn5", 3),)
    assert in_flight.got(7, "dn5") == [rebuild]
    assert in_flight.weight == in_flight.sending("dn4") == 0


def test_removal_counts_until_the_node_reports_the_replica_no_more() -> None:
    in_flight = InFlight()
    removal = operation(Kind.REMOVAL, "dn1", {})
    in_flight.begin(removal)
    assert in_flight.pending(7).removals == {"dn1"} and in_flight.removing("dn1") == 1
    assert in_flight.weight == 0
    assert in_flight.gone(7, "dn2") == [] and in_flight.gone(7, "dn1") == [removal]
    assert in_flight.removing("dn1") == 0


def test_what_takes_too_long_or_hangs_on_a_dead_node_is_given_up() -> None:
    in_flight = InFlight()
    late = operation(Kind.COPY, "dn1", {"dn4": 0}, deadline_ms=100)
    to_dead = operation(Kind.COPY, "dn2", {"dn5": 0}, container_id=8)
    of_dead = operation(Kind.REMOVAL, "dn6", {}, container_id=9)
    kept = operation(Kind.COPY, "dn2", {"dn4": 0}, container_id=10)
    for each in (late, to_dead, of_dead, kept):
        in_flight.begin(each)
    without = frozenset({"dn5", "dn6"})
    assert in_flight.drop(now_ms=100, without=without) == [late, to_dead, of_dead]
    assert list(in_flight) == [kept]
    in_flight.forget()
    assert len(in_flight) == 0 == in_flight.getting("dn4")


def test_command_is_given_again_and_held_until_it_may_be_given() -> None:
    in_flight = InFlight()
    copy = operation(Kind.COPY, "dn1", {"dn4": 0}, deadline_ms=600)
    copy.is_held = True
    in_flight.begin(copy)
    assert in_flight.due("dn1", now_ms=0, resend_after_ms=50) == []
    copy.is_held = False
    [command] = in_flight.due("dn1", now_ms=10, resend_after_ms=50)
    assert command.valid_ms == 590
    assert in_flight.due("dn1", now_ms=59, resend_after_ms=50) == []
    assert len(in_flight.due("dn1", now_ms=60, resend_after_ms=50)) == 1
    assert in_flight.due("dn4", now_ms=60, resend_after_ms=50) == []


def test_what_its_node_has_failed_at_is_told_no_more() -> None:
    in_flight = InFlight()
    copy = operation(Kind.COPY, "dn1", {"dn4": 0})
    rebuild = operation(Kind.REBUILD, "dn1", {"dn5": 2})
    removal = operation(Kind.REMOVAL, "dn1", {})
    for each in (copy, rebuild, removal):
        in_flight.begin(each)
    assert in_flight.failed(7, "dn2", "dn4") == [] == in_flight.failed(7, "dn1", "dn5")
    assert in_flight.failed(8, "dn1", "dn4") == []
    assert in_flight.failed(7, "dn1", "dn4") == [copy]
    # Said twice it is one failure.
    assert in_flight.failed(7, "dn1", "dn4") == []
    assert in_flight.failed(7, "dn1", "") == [rebuild]
    assert len(in_flight.due("dn1", now_ms=10, resend_after_ms=50)) == 1
    # It counts until its time is over.
    assert in_flight.pending(7).copies == (("dn4", 0), ("dn5", 2))
