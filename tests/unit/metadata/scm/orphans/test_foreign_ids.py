"""Which containers without a row may be another state's."""

from hypothesis import given
from hypothesis import strategies as st

from trioxygen.metadata.scm.orphans.foreign_ids import (
    SPANS_MAX,
    Span,
    add_foreign_ids,
    begin_foreign_ids,
    foreign_ids,
    is_in,
    with_span,
)
from trioxygen.metadata.scm.schema import ALL_TABLES
from trioxygen.metadata.store.memory_kv import MemoryStore

SPANS = st.tuples(st.integers(1, 60), st.integers(0, 8)).map(lambda at: (at[0], at[0] + at[1]))


@given(drawn=st.lists(SPANS, max_size=20))
def test_spans_hold_what_was_added_in_order_and_apart(drawn: list[Span]) -> None:
    spans: list[Span] = []
    for span in drawn:
        spans = with_span(spans, span)
    wanted = {number for first, last in drawn for number in range(first, last + 1)}
    assert {number for number in range(80) if is_in(spans, number)} == wanted
    assert all(before[1] + 1 < after[0] for before, after in zip(spans, spans[1:], strict=False))


def test_spans_are_bounded_by_making_those_next_to_each_other_one() -> None:
    spans: list[Span] = []
    for number in range(1, SPANS_MAX + 100):
        spans = with_span(spans, (number * 1_000 - number, number * 1_000))
    assert len(spans) == SPANS_MAX
    assert all(is_in(spans, number * 1_000) for number in range(1, SPANS_MAX + 100))


def test_all_that_was_given_before_they_were_kept_may_be_foreign() -> None:
    store = MemoryStore(ALL_TABLES)
    txn = store.begin()
    assert foreign_ids(txn) is None
    add_foreign_ids(txn, 5, 6)
    assert foreign_ids(txn) is None
    begin_foreign_ids(txn, 40)
    add_foreign_ids(txn, 50, 60)
    begin_foreign_ids(txn, 99)
    assert foreign_ids(txn) == [(1, 40), (50, 60)]
    txn.abort()
    txn = store.begin()
    begin_foreign_ids(txn, 0)
    assert foreign_ids(txn) == []
    txn.abort()
