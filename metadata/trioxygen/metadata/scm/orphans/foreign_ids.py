"""Ids that may have been given by an SCM whose state is not this one's: an earlier one was put
back, or it was lost. A container there that has no row may hold what somebody refers to, and is
adopted. All others were given by this state: a container without a row was deleted, or never was;
what a DataNode has of it is an orphan. Pure but for the rows."""

from collections.abc import Sequence
from typing import Final

from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.scm_pb2 import ForeignIds, IdSpan

# In META.
_FOREIGN_IDS: Final = b"foreign_ids"
# Those next to each other are made one beyond it: more is adopted then, never less.
SPANS_MAX: Final = 256

# (first, last)
Span = tuple[int, int]


def with_span(spans: Sequence[Span], span: Span) -> list[Span]:
    """In order, and apart from each other."""
    merged: list[Span] = []
    for first, last in sorted([*spans, span]):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    while len(merged) > SPANS_MAX:
        gaps = [after[0] - before[1] for before, after in zip(merged, merged[1:], strict=False)]
        at = gaps.index(min(gaps))
        merged[at : at + 2] = [(merged[at][0], merged[at + 1][1])]
    return merged


def is_in(spans: Sequence[Span], number: int) -> bool:
    return any(first <= number <= last for first, last in spans)


def foreign_ids(txn: ReadTxn) -> list[Span] | None:
    """None: not known yet, of a state from before they were kept: any may be."""
    value = txn.get(META, _FOREIGN_IDS)
    if value is None:
        return None
    return [(span.first, span.last) for span in ForeignIds.FromString(value).spans]


def begin_foreign_ids(txn: WriteTxn, last_id: int) -> None:
    """They are kept from now on. All that were given before may be foreign."""
    if foreign_ids(txn) is None:
        _put(txn, [(1, last_id)] if last_id else [])


def add_foreign_ids(txn: WriteTxn, first: int, last: int) -> None:
    """Where they are not kept yet, all are."""
    spans = foreign_ids(txn)
    if spans is not None and first <= last:
        _put(txn, with_span(spans, (first, last)))


def _put(txn: WriteTxn, spans: Sequence[Span]) -> None:
    row = ForeignIds(spans=[IdSpan(first=first, last=last) for first, last in spans])
    txn.put(META, _FOREIGN_IDS, row.SerializeToString())
