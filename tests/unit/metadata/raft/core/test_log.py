import pytest

from tests.unit.metadata.raft.core.members import DurableLog, group_of
from trioxygen.metadata.raft.core.errors import EntriesNotLoaded
from trioxygen.metadata.raft.core.log import RaftLog
from trioxygen.metadata.raft.core.types import Entry, EntryId, HardState, SnapshotMeta


def entries(first: int, *terms: int, size: int = 10) -> list[Entry]:
    return [Entry(first + place, term, b"x" * size) for place, term in enumerate(terms)]


def a_log(
    durable: DurableLog | None = None, *, commit: int = 0, recent: int = 1000, committed: int = 1000
) -> RaftLog:
    return RaftLog(
        durable or DurableLog(),
        HardState(9, None, commit),
        applied=0,
        recent_bytes_max=recent,
        committed_bytes_max=committed,
    )


def written(*terms: int) -> DurableLog:
    durable = DurableLog()
    durable.write(entries(1, *terms))
    return durable


def test_log_takes_up_what_is_durable() -> None:
    log = a_log(written(1, 1, 2), commit=2)
    assert (log.last_index, log.last_term, log.durable, log.commit) == (3, 2, 3, 2)
    assert [log.term(index) for index in range(5)] == [0, 1, 1, 2, None]
    assert [entry.index for entry in log.take_committed()] == [1, 2]


def test_log_hands_out_entries_for_writing_once() -> None:
    log = a_log()
    log.append(entries(1, 1, 1))
    assert len(log.take_unwritten()[1]) == 2
    assert not log.has_unwritten()
    log.append(entries(3, 1))
    assert [entry.index for entry in log.take_unwritten()[1]] == [3]


def test_log_hands_out_committed_entries_only_when_durable() -> None:
    log = a_log()
    log.append(entries(1, 1, 1))
    _, taken = log.take_unwritten()
    log.commit_to(2)
    assert log.take_committed() == ()
    log.durable_to(taken[0])
    assert [entry.index for entry in log.take_committed()] == [1]
    log.durable_to(taken[1])
    assert [entry.index for entry in log.take_committed()] == [2]


def test_log_forgets_that_replaced_entries_were_on_their_way_to_the_disk() -> None:
    log = a_log(written(1))
    log.append(entries(2, 1, 1))
    _, taken = log.take_unwritten()
    log.truncate(2)
    log.append(entries(2, 2))
    assert not log.durable_to(taken[-1]) and log.durable == 1
    _, again = log.take_unwritten()
    assert again == entries(2, 2)
    assert not log.durable_to(taken[0])
    assert log.durable_to(again[0]) and log.durable == 2


def test_log_truncates_durable_entries() -> None:
    log = a_log(written(1, 1, 1))
    log.truncate(2)
    assert (log.last_index, log.last_term, log.durable, log.written) == (1, 1, 1, 1)
    log.append(entries(2, 3))
    assert log.term(2) == 3 and log.term(3) is None


def test_log_refuses_to_truncate_committed_entries() -> None:
    log = a_log(written(1, 1), commit=2)
    with pytest.raises(AssertionError):
        log.truncate(2)


def test_log_refuses_a_gap() -> None:
    with pytest.raises(AssertionError):
        a_log(written(1)).append(entries(3, 1))


def test_slice_gives_at_least_one_entry_and_stops_at_the_limit() -> None:
    log = a_log()
    log.append(entries(1, 1, 1, 1))
    assert [len(log.slice(1, 3, bytes_max=limit)[0]) for limit in (1, 10, 19, 20, 99)] == [
        1,
        1,
        1,
        2,
        3,
    ]
    assert log.slice(2, 3, bytes_max=20)[1] == 20


def test_slice_crosses_from_disk_to_memory_in_two_steps() -> None:
    log = a_log(written(1, 1))
    log.append(entries(3, 2))
    assert [entry.index for entry in log.slice(1, 3, bytes_max=99)[0]] == [1, 2]
    assert [entry.index for entry in log.slice(3, 3, bytes_max=99)[0]] == [3]


def test_entries_that_must_be_loaded_are_asked_for_again_only_once_loaded() -> None:
    durable = written(1, 1)
    durable.cold = True
    log = a_log(durable, commit=2)
    with pytest.raises(EntriesNotLoaded):
        log.slice(1, 2, bytes_max=99)
    assert log.has_committed() and log.take_committed() == () and not log.has_committed()
    durable.cold = False
    log.entries_loaded()
    assert len(log.take_committed()) == 2


def test_committed_entries_wait_while_too_many_bytes_are_being_applied() -> None:
    log = a_log(written(1, 1, 1), commit=3, committed=15)
    assert [entry.index for entry in log.take_committed()] == [1]
    assert [entry.index for entry in log.take_committed()] == [2]
    assert not log.has_committed()
    log.applied_to(2)
    assert [entry.index for entry in log.take_committed()] == [3]


def test_recent_entries_leave_memory_when_durable_and_handed_out() -> None:
    durable = DurableLog()
    log = a_log(durable, recent=20)
    log.append(entries(1, 1, 1, 1))
    _, taken = log.take_unwritten()
    durable.write(taken)
    log.commit_to(3)
    log.durable_to(taken[-1])
    assert len(log.take_committed()) == 3
    log.append(entries(4, 1))
    durable.cold = True
    with pytest.raises(EntriesNotLoaded):
        log.slice(1, 4, bytes_max=99)
    assert log.term(2) == 1


def test_conflict_search_finds_the_last_entry_of_no_later_term() -> None:
    terms = (1, 1, 4, 4, 5, 6, 6)
    log = a_log(written(*terms))
    for index in range(10):
        for term in range(8):
            fit = [at for at in range(min(index, 7) + 1) if at == 0 or terms[at - 1] <= term]
            last = fit[-1]
            expected = EntryId(last, terms[last - 1] if last else 0)
            assert log.last_not_after(index, term) == expected, (index, term)


def test_snapshot_starts_the_log_over() -> None:
    durable = written(1, 1)
    log = a_log(durable)
    snapshot = SnapshotMeta(10, 3, group_of(3))
    log.restore(snapshot)
    assert (log.last_index, log.last_term, log.commit, log.term(9)) == (10, 3, 10, None)
    log.append(entries(11, 4))
    taken, after = log.take_unwritten()
    assert taken == snapshot and [entry.index for entry in after] == [11]
    durable.reset(snapshot)
    log.snapshot_durable(snapshot)
    durable.write(after)
    assert log.durable_to(after[0]) and log.term(10) == 3
