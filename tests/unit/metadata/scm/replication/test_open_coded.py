"""Open erasure-coded containers of which a member has missed blocks are closed, so that it can be
made again; those that are merely being written are not."""

from tests.unit.metadata.scm.replication.observing import OPEN, container, replica
from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import Replication
from trioxygen.metadata.scm.replication.checks import examine
from trioxygen.metadata.scm.replication.findings import Health
from trioxygen.metadata.scm.replication.observed import ObservedReplica
from trioxygen.metadata.scm.replication.open_coded import Mark, next_mark

EC = Replication.parse("EC/3-2")
LARGE, SMALL = 3, 1


def having(index: int, count: int, cells: int) -> ObservedReplica:
    coded = ((cells, count, count * 7_919),) if count else ()
    return replica(f"dn{index}", OPEN, replica_index=index, coded=coded)


def lag_ms(*looks: dict[int, int], cells: int = LARGE) -> float:
    """After looks a second apart, each at blocks by index."""
    mark: Mark | None = None
    now_ms = 0.0
    for number, look in enumerate(looks):
        now_ms = number * 1_000.0
        replicas = [having(index, count, cells) for index, count in look.items()]
        mark = next_mark(mark, replicas, EC.data, EC.members, now_ms)
    assert mark is not None
    return now_ms - mark.since_ms


def all_but(lagging: int, behind: int, most: int) -> dict[int, int]:
    return {index: behind if index == lagging else most for index in range(1, 6)}


def test_members_that_have_the_same_do_not_lag() -> None:
    same = all_but(1, 2, 2)
    assert lag_ms(same, same, same) == 0
    assert lag_ms({}, {}, {}) == 0


def test_member_that_stays_behind_lags_whatever_is_written() -> None:
    assert lag_ms(all_but(2, 1, 2), all_but(2, 1, 2)) == 1_000
    assert lag_ms(all_but(2, 1, 2), all_but(2, 1, 3), all_but(2, 1, 9)) == 2_000
    # One that has no replica at all has nothing.
    without = {index: 2 for index in (1, 3, 4, 5)}
    assert lag_ms(without, without) == 1_000


def test_members_that_report_in_turns_do_not_lag() -> None:
    looks = [all_but(number % 5 + 1, number, number + 1) for number in range(1, 12)]
    assert lag_ms(*looks) <= 1_000


def test_indexes_that_have_no_bytes_of_short_blocks_do_not_lag() -> None:
    small = {1: 2, 2: 0, 3: 0, 4: 2, 5: 2}
    assert lag_ms(small, small, cells=SMALL) == 0
    assert lag_ms(small | {4: 1}, small | {4: 1}, cells=SMALL) == 1_000


def test_block_that_a_writer_gave_up_is_missed_by_nobody() -> None:
    given_up = {1: 1, 2: 1, 3: 0, 4: 0, 5: 0}
    assert lag_ms(given_up, given_up) == 0


def test_deletions_let_time_begin_anew() -> None:
    assert lag_ms(all_but(2, 1, 3), all_but(2, 1, 3), all_but(2, 0, 2)) == 0


def test_one_that_lags_for_long_is_closed() -> None:
    def moves_to(lagging_ms: float) -> ContainerState | None:
        observed = container(OPEN, replication=EC, lagging_ms=lagging_ms, lag_ms_max=30_000)
        finding = examine(observed)
        assert finding.health is Health.OPEN
        return finding.moves_to

    assert moves_to(0) is None
    assert moves_to(29_999) is None
    assert moves_to(30_000) is ContainerState.CLOSING
