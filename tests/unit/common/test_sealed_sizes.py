"""Where ranges of sealed objects are: what is stored is what is counted."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.sealed_sizes import (
    FRAME_BYTES,
    SEALED_FRAME_BYTES,
    frame_count,
    frames_of,
    sealed_bytes,
    stored_bytes,
    whole_bytes,
)


@dataclass(slots=True)
class Run:
    plain_bytes: int
    sealed_plain_bytes: int = 0
    offset_bytes: int = 0


def test_sizes_of_whole_pieces() -> None:
    for plain, frames in ((0, 0), (1, 1), (FRAME_BYTES, 1), (FRAME_BYTES + 1, 2)):
        assert frame_count(plain) == frames
        assert sealed_bytes(plain) == plain + 16 * frames
        assert stored_bytes(Run(plain)) == sealed_bytes(plain)
    assert sealed_bytes(FRAME_BYTES) == SEALED_FRAME_BYTES


@given(st.data())
def test_range_of_a_run_is_within_what_is_stored_of_it(data: st.DataObject) -> None:
    whole = data.draw(st.integers(1, 5 * FRAME_BYTES))
    offset = data.draw(st.integers(0, whole - 1))
    length = data.draw(st.integers(1, whole - offset))
    run = Run(length, whole, offset)
    begin = data.draw(st.integers(0, length - 1))
    count = data.draw(st.integers(1, length - begin))
    frames = frames_of(run, begin, count)
    assert whole_bytes(run) == whole
    assert 0 <= frames.offset_bytes
    assert frames.offset_bytes % SEALED_FRAME_BYTES == 0
    assert frames.offset_bytes + frames.length_bytes <= stored_bytes(run)
    assert frames.first * FRAME_BYTES + frames.skip_bytes == offset + begin
    assert frames.skip_bytes < FRAME_BYTES
    plain = frames.length_bytes - 16 * -(-frames.length_bytes // SEALED_FRAME_BYTES)
    assert frames.skip_bytes + count <= plain
