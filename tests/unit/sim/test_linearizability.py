"""The checker of histories, against hand-made ones and against a register that is asked one call at
a time."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trioxygen.sim.checkers import linearizability
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.history import UNKNOWN_END, History, Kind, Operation, Outcome


def operation(
    kind: Kind,
    start: float,
    end: float,
    value: str | None = None,
    *,
    key: str = "a",
    expected: str = "",
    outcome: Outcome = Outcome.OK,
    listed: dict[str, str] | None = None,
) -> Operation:
    return Operation(
        "c", kind, "b", key, start, end, value, expected, outcome, listed if listed else {}
    )


def put(start: float, end: float, value: str, *, key: str = "a") -> Operation:
    return operation(Kind.PUT, start, end, value, key=key)


def get(start: float, end: float, value: str | None, *, key: str = "a") -> Operation:
    return operation(Kind.GET, start, end, value, key=key)


def unknown_put(
    start: float, value: str, *, kind: Kind = Kind.PUT, expected: str = ""
) -> Operation:
    return operation(kind, start, UNKNOWN_END, value, expected=expected, outcome=Outcome.UNKNOWN)


def check(*operations: Operation) -> None:
    linearizability.check(History(list(operations)))


def assert_refused(*operations: Operation) -> None:
    with pytest.raises(Violation, match="linearizability"):
        check(*operations)


def test_a_read_sees_the_last_write() -> None:
    check(put(0, 1, "1"), get(2, 3, "1"), put(4, 5, "2"), get(6, 7, "2"))
    assert_refused(put(0, 1, "1"), put(2, 3, "2"), get(4, 5, "1"))


def test_a_read_of_nothing_after_a_write_is_refused() -> None:
    check(get(0, 1, None), put(2, 3, "1"))
    assert_refused(put(0, 1, "1"), get(2, 3, None))


def test_calls_at_the_same_time_may_be_in_either_order() -> None:
    check(put(0, 10, "1"), put(0, 10, "2"), get(11, 12, "1"))
    check(put(0, 10, "1"), put(0, 10, "2"), get(11, 12, "2"))
    check(put(0, 10, "1"), get(1, 2, None), get(3, 4, "1"))
    assert_refused(put(0, 10, "1"), get(1, 2, "1"), get(3, 4, None))


def test_a_call_with_an_unknown_outcome_may_happen_late_or_never() -> None:
    check(unknown_put(0, "1"), get(5, 6, None), get(7, 8, "1"))
    check(unknown_put(0, "1"), get(5, 6, None))
    assert_refused(unknown_put(0, "1"), get(5, 6, "1"), get(7, 8, None))


def test_a_call_that_happened_twice_is_refused() -> None:
    assert_refused(put(0, 1, "1"), get(2, 3, "1"), put(4, 5, "2"), get(6, 7, "2"), get(8, 9, "1"))


def test_a_value_that_nobody_wrote_is_refused() -> None:
    assert_refused(put(0, 1, "1"), get(2, 3, "7"))


def test_only_one_of_two_creates_succeeds() -> None:
    failed = operation(Kind.CREATE, 0, 5, "2", outcome=Outcome.FAILED)
    check(operation(Kind.CREATE, 0, 5, "1"), failed, get(6, 7, "1"))
    assert_refused(operation(Kind.CREATE, 0, 5, "1"), operation(Kind.CREATE, 0, 5, "2"))
    assert_refused(operation(Kind.CREATE, 0, 1, "1", outcome=Outcome.FAILED))


def test_a_replacement_needs_the_value_that_it_expects() -> None:
    replaced = operation(Kind.REPLACE, 2, 3, "2", expected="1")
    check(put(0, 1, "1"), replaced, get(4, 5, "2"))
    late = operation(Kind.REPLACE, 4, 5, "3", expected="1")
    assert_refused(put(0, 1, "1"), replaced, late)
    failed = operation(Kind.REPLACE, 4, 5, "3", expected="1", outcome=Outcome.FAILED)
    check(put(0, 1, "1"), replaced, failed, get(6, 7, "2"))
    missing = operation(Kind.REPLACE, 0, 1, "3", expected="1", outcome=Outcome.MISSING)
    check(missing, get(2, 3, None))
    assert_refused(put(0, 1, "1"), operation(Kind.REPLACE, 2, 3, "2", outcome=Outcome.MISSING))


def test_a_conditional_call_with_an_unknown_outcome_may_have_failed() -> None:
    lost = unknown_put(2, "2", kind=Kind.REPLACE, expected="0")
    check(put(0, 1, "1"), lost, get(5, 6, "1"))
    assert_refused(put(0, 1, "1"), lost, get(5, 6, "2"))


def test_a_delete_leaves_nothing() -> None:
    check(put(0, 1, "1"), operation(Kind.DELETE, 2, 3), get(4, 5, None))
    assert_refused(put(0, 1, "1"), operation(Kind.DELETE, 2, 3), get(4, 5, "1"))


def test_a_list_shows_what_was_put_before() -> None:
    check(put(0, 1, "1"), operation(Kind.LIST, 2, 3, key="", listed={"a": "1"}))
    assert_refused(put(0, 1, "1"), operation(Kind.LIST, 2, 3, key=""))


def test_a_list_is_of_one_moment() -> None:
    writes = (put(0, 10, "1"), put(20, 30, "2", key="z"))
    check(*writes, operation(Kind.LIST, 0, 40, key="", listed={"a": "1", "z": "2"}))
    # Each key alone would allow it: `z` after its put, `a` before.
    assert_refused(*writes, operation(Kind.LIST, 0, 40, key="", listed={"z": "2"}))


def test_a_search_that_is_too_long_is_undecided() -> None:
    writes = [put(0, 100, str(number)) for number in range(12)]
    checked = linearizability.check(History([*writes, get(101, 102, "99")]), steps_max=500)
    assert checked.undecided == 1


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_what_a_register_answers_one_call_at_a_time_is_accepted(seed: int) -> None:
    check(*_of_a_register(random.Random(seed)))


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_stale_read_at_the_end_is_refused(seed: int) -> None:
    rng = random.Random(seed)
    operations = _of_a_register(rng)
    values = [operation.value for operation in operations if operation.kind is Kind.PUT]
    if len(values) < 2:
        return
    later = max(operation.end for operation in operations) + 1
    last = put(later, later + 1, "last")
    assert_refused(*operations, last, get(later + 2, later + 3, values[0]))


def _of_a_register(rng: random.Random) -> list[Operation]:
    """Calls of several clients that overlap; each happens at a moment within."""
    moments = sorted(rng.uniform(0, 100) for _ in range(rng.randint(1, 30)))
    value: str | None = None
    operations: list[Operation] = []
    for number, moment in enumerate(moments):
        start, end = moment - rng.uniform(0, 9), moment + rng.uniform(0, 9)
        kind = rng.choice((Kind.PUT, Kind.GET, Kind.DELETE))
        if kind is Kind.PUT:
            value = f"{number}"
        elif kind is Kind.DELETE:
            value = None
        operations.append(operation(kind, start, end, value))
    return operations
