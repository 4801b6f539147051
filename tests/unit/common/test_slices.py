"""Ranges of an object, as slices of its blocks."""

from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.slices import part_of, slices_of_range
from trioxygen.proto.v1.types_pb2 import BlockSlice


def block(local: int, length_bytes: int, offset_bytes: int = 0) -> BlockSlice:
    return BlockSlice(
        container=1,
        local=local,
        length_bytes=length_bytes,
        offset_bytes=offset_bytes,
        lease_id=5,
        tag=6,
    )


@given(data=st.data(), lengths=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_slices_of_a_range_are_its_bytes(data: st.DataObject, lengths: list[int]) -> None:
    total = sum(lengths)
    offset = data.draw(st.integers(0, total - 1))
    length = data.draw(st.integers(0, total - offset))
    slices = [block(local, size, offset_bytes=100) for local, size in enumerate(lengths)]
    everything = [(local, 100 + at) for local, size in enumerate(lengths) for at in range(size)]
    got = [
        (piece.local, piece.offset_bytes + at)
        for piece in slices_of_range(slices, offset, length)
        for at in range(piece.length_bytes)
    ]
    assert got == everything[offset : offset + length]


def test_part_keeps_what_binds_it_to_its_block() -> None:
    part = part_of(block(3, 10, offset_bytes=4), 2, 5)
    assert part == BlockSlice(
        container=1, local=3, length_bytes=5, offset_bytes=6, lease_id=5, tag=6
    )


def test_whole_slice_is_not_copied() -> None:
    whole = block(3, 10)
    assert part_of(whole, 0, 10) is whole
