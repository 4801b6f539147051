"""Parity stands for whatever is lost, as long as it is no more than there is of it."""

import random
from itertools import combinations

import pytest

from trioxygen.common.disk import Buffer
from trioxygen.hdds.ec.codec import Codec, codec_of

SCHEMES = [(3, 2), (6, 3), (10, 4)]


def stripe(codec: Codec, length: int, *, last: int | None = None) -> dict[int, Buffer]:
    """All cells by index. Args: last: how long the last data cell is."""
    rng = random.Random(length)
    cells: list[Buffer] = [rng.randbytes(length) for _ in range(codec.data)]
    if last is not None:
        cells[-1] = bytes(cells[-1][:last])
    return dict(enumerate([*cells, *codec.encode(cells)], start=1))


@pytest.mark.parametrize(("data", "parity"), SCHEMES)
def test_any_lost_cells_up_to_the_parity_come_back(data: int, parity: int) -> None:
    codec = codec_of(data, parity)
    whole = stripe(codec, 37)
    for count in range(1, parity + 1):
        for lost in combinations(whole, count):
            left = {index: cell for index, cell in whole.items() if index not in lost}
            output = codec.decode(left, set(lost), 37)
            assert output == {index: whole[index] for index in lost}


@pytest.mark.parametrize("length", [1, 7, 16, 64, 4_096, 65_537, 200_000])
def test_length_of_a_cell_is_free(length: int) -> None:
    codec = codec_of(3, 2)
    whole = stripe(codec, length)
    assert {len(cell) for cell in whole.values()} == {length}
    output = codec.decode({index: whole[index] for index in (1, 4, 5)}, {2, 3}, length)
    assert output == {2: whole[2], 3: whole[3]}


def test_short_cell_counts_as_if_zeros_followed() -> None:
    codec = codec_of(3, 2)
    for last in (0, 1, 5):
        whole = stripe(codec, 16, last=last)
        output = codec.decode({index: whole[index] for index in (2, 3, 5)}, {1, 4}, 16)
        assert output == {1: whole[1], 4: whole[4]}
        padded = codec.decode({index: whole[index] for index in (1, 2, 4)}, {3}, 16)[3]
        assert padded == bytes(whole[3]) + bytes(16 - last)


def test_parity_is_a_function_of_the_data_alone() -> None:
    first, again = Codec(3, 2), Codec(3, 2)
    assert stripe(first, 100) == stripe(again, 100)
    whole, part = stripe(first, 100), stripe(first, 100)
    piece = codec_of(3, 2).encode([bytes(part[index])[10:20] for index in (1, 2, 3)])
    # Bytes are coded each for itself: a range of the cells has that range of the parity.
    assert [bytes(cell) for cell in piece] == [bytes(whole[index])[10:20] for index in (4, 5)]


def test_parity_is_what_it_was_when_blocks_were_written() -> None:
    """It is stored: another library, or another release of it, must give the same."""
    cells = [bytes([1, 2, 3, 4]), bytes([5, 6, 7, 8]), bytes([9, 10, 11, 12])]
    expected = ["71fc87ff", "cb78e252"]
    assert [bytes(cell).hex() for cell in codec_of(3, 2).encode(cells)] == expected
