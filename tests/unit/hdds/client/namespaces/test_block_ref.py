"""A block's name as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.hdds.client import BlockRef

NUMBERS = st.integers(0, 2**62)


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(0, 2**32 - 1), st.booleans())
def test_name_of_a_block_is_read_as_it_was_written(
    container: int, local: int, size_bytes: int, tag: int, is_coded: bool
) -> None:
    ref = BlockRef(container, local, size_bytes, tag, is_coded)
    assert BlockRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        "1.2.3.zz",
        "1.2.3.4.5",
        "1.2.3.4.ec.ec",
        "-1.2.3.0000000a",
        "1_0.2.3.0000000a",
        " 1.2.3.0000000a",
        "1.2.3.0000000a\n",
        "1.2.3.fffffffff",
        "\u0663.2.3.0000000a",
    ],
)
def test_what_is_no_name_of_a_block_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        BlockRef.parse(text)
