"""What a replica of an erasure code counts of its blocks."""

from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.container.coded_counts import CodedCounts


def counts(*groups: BlockGroup | None, sign: int = 1) -> CodedCounts:
    counted = CodedCounts()
    for group in groups:
        counted.add(group, sign)
    return counted


SMALL, LARGE, OTHER = BlockGroup(7, 10, 1), BlockGroup(2**32 - 1, 900, 3), BlockGroup(5, 900, 3)


def test_blocks_are_counted_by_their_data_cells_in_any_order() -> None:
    counted = counts(SMALL, LARGE, OTHER)
    assert counted.by_cells == {1: (1, 7), 3: (2, 2**32 + 4)}
    assert counts(OTHER, SMALL, LARGE).by_cells == counted.by_cells
    assert CodedCounts.of_messages(counted.messages()).by_cells == counted.by_cells


def test_deleted_block_is_as_if_it_had_never_been() -> None:
    put = CodedCounts().with_changes(counts(SMALL, LARGE, OTHER))
    assert put.with_changes(counts(LARGE, OTHER, sign=-1)).by_cells == counts(SMALL).by_cells
    assert put.with_changes(counts(SMALL, LARGE, OTHER, sign=-1)).messages() == []


def test_whole_blocks_and_those_of_before_it_was_kept_are_not_counted() -> None:
    assert counts(None, BlockGroup(7, 10)).messages() == []
