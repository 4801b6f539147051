"""Pieces of any size become messages of the right size, with nothing lost or reordered."""

from hypothesis import given
from hypothesis import strategies as st

from trioxygen.common.rpc.bulk import MESSAGE_BYTES_MAX, Gathered, messages_of


@given(st.lists(st.sampled_from([0, 1, 1_000, 65_536, 131_072, 400_000, 2**20, 2_500_000])))
def test_messages_hold_the_pieces_in_order(sizes: list[int]) -> None:
    gathered, messages = Gathered(), list[bytes]()
    for number, size in enumerate(sizes):
        piece = bytes([number % 256]) * size
        messages += gathered.add(memoryview(piece) if number % 2 else piece)
    messages += gathered.rest()
    wanted = b"".join(bytes([number % 256]) * size for number, size in enumerate(sizes))
    assert b"".join(messages) == wanted
    assert all(0 < len(message) <= MESSAGE_BYTES_MAX for message in messages)
    assert gathered.rest() == []


def test_small_pieces_share_a_message() -> None:
    gathered = Gathered()
    messages = [message for _ in range(32) for message in gathered.add(bytes(65_000))]
    assert [len(message) for message in messages] == [16 * 65_000]


def test_large_piece_is_not_copied() -> None:
    piece = bytes(2**20)
    assert messages_of(piece)[0] is piece
    assert messages_of(memoryview(piece))[0] is piece
    assert Gathered().add(memoryview(piece))[0] is piece
    assert messages_of(memoryview(piece)[1:]) == [piece[1:]]
    assert messages_of(bytearray(b"abc")) == [b"abc"]
