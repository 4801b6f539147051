from trioxygen.metadata.scm.replicas import Heard, Replicas
from trioxygen.proto.v1 import scm_pb2 as scm

CLOSED, OPEN, DELETED = scm.CLOSED, scm.OPEN, scm.DELETED


def report(
    container_id: int = 7,
    state: scm.ContainerState = CLOSED,
    *,
    used_bytes: int = 10,
    origin: str = "",
    garbage_bytes: int = 0,
) -> scm.ContainerReport:
    return scm.ContainerReport(
        container_id=container_id,
        state=state,
        used_bytes=used_bytes,
        block_count=3,
        origin_node_id=origin,
        garbage_bytes=garbage_bytes,
    )


def heard(
    replicas: Replicas,
    *reports: scm.ContainerReport,
    node_id: str = "dn1",
    full: bool = True,
    more: bool = False,
    compares_all: bool = False,
    has_disk_out: bool = False,
) -> Heard:
    replicas.registered(node_id, "host:1")
    heartbeat = scm.HeartbeatRequest(
        node_id=node_id, full_report=full, containers=reports, more=more
    )
    if has_disk_out:
        heartbeat.volumes.add(failed=True)
    return replicas.heard(heartbeat, compares_all=compares_all)


def ids(reports: list[scm.ContainerReport]) -> list[int]:
    return [each.container_id for each in reports]


def test_what_is_the_same_as_before_is_not_told_again() -> None:
    replicas = Replicas()
    first = heard(replicas, report(1), report(2), report(3, OPEN))
    assert ids(first.reports) == first.changed == [1, 2, 3] and not first.same
    again = heard(replicas, report(1), report(2, used_bytes=11), report(3, OPEN))
    # What is written may be full now, or have failed, also where it says the same.
    assert ids(again.reports) == [2, 3] and again.same == [1] and not again.changed


def test_compares_all_again_where_it_may_not_have_been_taken() -> None:
    replicas = Replicas()
    heard(replicas, report(1))
    again = heard(replicas, report(1), compares_all=True)
    assert ids(again.reports) == [1] and not again.same and not again.changed


def test_a_report_of_all_that_ends_without_a_container_takes_it_away() -> None:
    replicas = Replicas()
    heard(replicas, report(1), report(2))
    assert not heard(replicas, report(2), more=True).changed
    assert heard(replicas, full=False).changed == [1]
    assert set(replicas.of_node("dn1")) == {2} and replicas.of_container(1) == {}


def test_what_a_disk_had_is_away_while_it_is_out() -> None:
    replicas = Replicas()
    heard(replicas, report(1), report(2), report(3))
    heard(replicas, report(1), has_disk_out=True)
    heard(replicas, report(1), has_disk_out=True)
    assert replicas.of_container(2) == {} and replicas.away(1) == {}
    assert replicas.away(2) == {"dn1": report(2)}
    # One was made again on another disk, and one deleted.
    heard(replicas, report(2), report(3, DELETED), full=False, has_disk_out=True)
    assert replicas.away(2) == replicas.away(3) == {}
    heard(replicas, report(1), has_disk_out=True)
    assert replicas.away(2) == {"dn1": report(2)}
    heard(replicas, report(1))
    assert replicas.away(2) == {}


def test_nothing_of_a_node_that_is_forgotten_is_away() -> None:
    replicas = Replicas()
    heard(replicas, report(1))
    heard(replicas, has_disk_out=True)
    replicas.forget_node("dn1")
    assert replicas.away(1) == {}


def test_a_container_that_the_node_deleted_is_gone_and_changes_no_row() -> None:
    replicas = Replicas()
    heard(replicas, report(1))
    gone = heard(replicas, report(1, DELETED), full=False)
    assert gone.changed == gone.deleted == [1] and not gone.reports
    assert not replicas.of_node("dn1")


def test_replicas_that_say_the_same_are_kept_once() -> None:
    replicas = Replicas()
    for node_id in ("dn2", "dn1", "dn3"):
        heard(replicas, report(origin=node_id), node_id=node_id)
    held = {id(node.containers[7]) for node in replicas._nodes.values()}
    assert len(held) == 1
    assert list(replicas.of_container(7)) == ["dn1", "dn2", "dn3"]
    heard(replicas, report(used_bytes=11, origin="dn1"), node_id="dn2")
    copied = replicas.of_container(7)["dn2"]
    assert (copied.used_bytes, copied.origin_node_id) == (11, "dn1")
    assert replicas.of_container(7)["dn1"].used_bytes == 10


def test_bytes_to_be_given_back_are_counted_over_changes_and_losses() -> None:
    replicas = Replicas()
    heard(replicas, report(1, garbage_bytes=5), report(2, garbage_bytes=7))
    heard(replicas, report(1, garbage_bytes=6), full=False)
    assert replicas.garbage_bytes() == 13
    heard(replicas, report(2, DELETED), full=False)
    assert replicas.garbage_bytes() == 6
    replicas.forget_node("dn1")
    assert replicas.garbage_bytes() == 0 and replicas.of_container(1) == {}
