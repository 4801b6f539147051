"""Open erasure-coded containers: what a member has missed of them is made of the others once they
are closed, and one that little is written to would stay open for long. Pure.

Members report in turns, so that those of a container which is being written differ at each moment.
One lacks a block when it has not come to what the others had a while ago."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trioxygen.metadata.scm.replication.observed import ObservedReplica

# By k, the data indexes that have bytes of them: blocks.
Counts = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Mark:
    """Attributes: counts: what each member that is to have parts of such blocks has to come to."""

    since_ms: float
    counts: Counts


def next_mark(
    mark: Mark | None, replicas: Sequence[ObservedReplica], data: int, members: int, now_ms: float
) -> Mark:
    """The same one as long as a member has not come to it. Args: members: of its pipeline."""
    said = _said(replicas, data, members)
    # What fewer than k have cannot be read: a writer gave it up.
    counts = {cells: held[cells - 1] for cells, held in said.items() if held[cells - 1 :]}
    counts = {cells: most for cells, most in counts.items() if most}
    if mark is None or any(counts.get(cells, 0) < most for cells, most in mark.counts.items()):
        # Blocks were deleted: the counts of before say nothing any more.
        return Mark(now_ms, counts)
    reached = all(said[cells][-1] >= most for cells, most in mark.counts.items())
    return Mark(now_ms, counts) if reached else mark


def _said(replicas: Sequence[ObservedReplica], data: int, members: int) -> dict[int, list[int]]:
    """By k, the counts of the indexes that are to have parts of such blocks, the highest first."""
    counts = {
        (each.replica_index, cells): count for each in replicas for cells, count, _ in each.coded
    }
    return {
        cells: sorted(
            (
                counts.get((index, cells), 0)
                for index in range(1, members + 1)
                if index <= cells or index > data
            ),
            reverse=True,
        )
        for cells in sorted({cells for _, cells in counts})
    }
