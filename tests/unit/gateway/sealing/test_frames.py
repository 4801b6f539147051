"""Frames: what was sealed comes back, whatever it was cut into; nothing else does."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.errors import ChecksumMismatch
from trioxygen.common.sealed_sizes import FRAME_BYTES, SEALED_FRAME_BYTES, sealed_bytes
from trioxygen.gateway.sealing.frames import Opener, Sealer, cipher_of, open_frame, seal

KEY = bytes(range(32))
SIZES = (1, 2, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES, 200_000)


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    pieces = []
    while data:
        size = rng.choice((1, 7, 4_096, FRAME_BYTES, 150_000))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def opened(sealed: bytes, plain_bytes: int, first_frame: int = 0) -> bytes:
    opener = Opener(KEY, plain_bytes, first_frame)
    plain = bytes(opener.update(sealed))
    opener.finish()
    return plain


@given(st.sampled_from(SIZES), st.integers(0, 2**32))
def test_sealed_bytes_are_the_same_however_they_come_and_open_again(size: int, seed: int) -> None:
    rng = random.Random(seed)
    plain = rng.randbytes(size)
    whole = seal(cipher_of(KEY), plain)
    assert len(whole) == sealed_bytes(size)
    sealer = Sealer(cipher_of(KEY))
    frames = [frame for piece in cut(plain, rng) for frame in sealer.update((piece,))]
    assert b"".join([*frames, *sealer.finish()]) == whole
    assert sealer.taken_bytes == size
    opener = Opener(KEY, size)
    assert b"".join([opener.update(piece) for piece in cut(whole, rng)]) == plain
    opener.finish()


def test_caller_may_use_its_buffer_again() -> None:
    sealer, buffer = Sealer(cipher_of(KEY)), bytearray(b"first")
    assert sealer.update((buffer,)) == []
    buffer[:] = b"other"
    assert opened(b"".join(sealer.finish()), 5) == b"first"


def test_empty_piece_has_no_frame() -> None:
    assert seal(cipher_of(KEY), b"") == b""
    assert Sealer(cipher_of(KEY)).finish() == []


def test_range_begins_at_its_frame() -> None:
    plain = random.Random(1).randbytes(3 * FRAME_BYTES + 100)
    sealed = seal(cipher_of(KEY), plain)
    assert opened(sealed[2 * SEALED_FRAME_BYTES :], len(plain), 2) == plain[2 * FRAME_BYTES :]


PLAIN_BYTES = 2 * FRAME_BYTES + 1_000


def damaged() -> dict[str, tuple[bytes, int]]:
    """(sealed bytes, plain bytes that are claimed) by what was done."""
    sealed = seal(cipher_of(KEY), random.Random(2).randbytes(PLAIN_BYTES))
    frame = SEALED_FRAME_BYTES
    first, second, third = sealed[:frame], sealed[frame : 2 * frame], sealed[2 * frame :]
    flipped = bytearray(sealed)
    flipped[frame + 5] ^= 1
    plain_bytes = PLAIN_BYTES
    return {
        "a flipped bit": (bytes(flipped), plain_bytes),
        "swapped frames": (second + first + third, plain_bytes),
        "a frame twice": (first + first + third, plain_bytes),
        "cut at a frame": (first + second, 2 * FRAME_BYTES),
        "cut in a frame": (first + second + third[:-1], plain_bytes - 1),
        "a frame too many": (sealed + first, plain_bytes),
        "bytes missing": (first + second + third[:-1], plain_bytes),
    }


@pytest.mark.parametrize("what", list(damaged()))
def test_what_was_changed_is_found(what: str) -> None:
    sealed, claimed = damaged()[what]
    with pytest.raises(ChecksumMismatch):
        opened(sealed, claimed)


@given(st.integers(1, FRAME_BYTES), st.integers(0, 2**32))
def test_piece_of_one_frame_opens_at_once_and_no_bit_of_it_may_flip(size: int, seed: int) -> None:
    rng = random.Random(seed)
    plain = rng.randbytes(size)
    sealed = bytearray(seal(cipher_of(KEY), plain))
    assert open_frame(KEY, sealed) == plain
    sealed[rng.randrange(len(sealed))] ^= 1 << rng.randrange(8)
    with pytest.raises(ChecksumMismatch):
        open_frame(KEY, sealed)


def test_another_key_opens_nothing() -> None:
    sealed = seal(cipher_of(bytes(32)), b"secret")
    with pytest.raises(ChecksumMismatch):
        opened(sealed, 6)
