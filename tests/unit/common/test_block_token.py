"""What a block token lets its client do, and that nothing of it can be changed."""

import pytest

from trioxygen.common.block_token import (
    ALL_BLOCKS,
    Access,
    BlockToken,
    Operation,
    Refusal,
    covers,
    refusal,
    signed,
    unchecked,
)

SECRET = bytes(range(32))
TOKEN = BlockToken(7, 3, 10, 5, Operation.READ | Operation.WRITE, "gateway/gw1")
READ_12 = Access(Operation.READ, 3, 12)


def reason(
    data: bytes, access: Access = READ_12, client: str = "gateway/gw1", key_id: int = 7
) -> Refusal | None:
    return refusal(data, access, client, {key_id: SECRET}.get)


def test_token_says_what_was_signed_and_lets_its_client_do_that() -> None:
    data = signed(TOKEN, SECRET)
    assert unchecked(data) == TOKEN
    assert len(data) < 100
    for local in range(10, 15):
        assert reason(data, Access(Operation.READ, 3, local)) is None
        assert reason(data, Access(Operation.WRITE, 3, local)) is None


def test_token_of_all_blocks_covers_each_and_the_container_itself() -> None:
    data = signed(BlockToken(7, 3, 0, ALL_BLOCKS, Operation.COPY, "datanode/dn1"), SECRET)
    for local in (None, 0, 1 << 61):
        assert reason(data, Access(Operation.COPY, 3, local), "datanode/dn1") is None
    assert reason(data, Access(Operation.COPY, 4, None), "datanode/dn1") is Refusal.BLOCK


@pytest.mark.parametrize(
    ("access", "client", "key_id", "expected"),
    [
        (Access(Operation.READ, 3, 9), "gateway/gw1", 7, Refusal.BLOCK),
        (Access(Operation.READ, 3, 15), "gateway/gw1", 7, Refusal.BLOCK),
        (Access(Operation.READ, 4, 12), "gateway/gw1", 7, Refusal.BLOCK),
        (Access(Operation.READ, 3, None), "gateway/gw1", 7, Refusal.BLOCK),
        (Access(Operation.COPY, 3, 12), "gateway/gw1", 7, Refusal.OPERATION),
        (READ_12, "gateway/gw2", 7, Refusal.CLIENT),
        (READ_12, "gateway", 7, Refusal.CLIENT),
        (READ_12, "datanode/gw1", 7, Refusal.CLIENT),
        (READ_12, "gateway/gw1", 8, Refusal.KEY),
    ],
)
def test_token_lets_nothing_else_be_done(
    access: Access, client: str, key_id: int, expected: Refusal
) -> None:
    assert reason(signed(TOKEN, SECRET), access, client, key_id) is expected


@pytest.mark.parametrize(
    "changed",
    [
        TOKEN._replace(container=4),
        TOKEN._replace(first_local=0),
        TOKEN._replace(blocks=6),
        TOKEN._replace(blocks=ALL_BLOCKS),
        TOKEN._replace(operations=7),
        TOKEN._replace(client="gateway/gw2"),
    ],
)
def test_token_whose_words_were_changed_under_its_signature_is_refused(
    changed: BlockToken,
) -> None:
    forged = signed(changed, SECRET)[:-32] + signed(TOKEN, SECRET)[-32:]
    assert unchecked(forged) == changed
    assert reason(forged) is Refusal.SIGNATURE


def test_every_byte_of_a_token_counts() -> None:
    data = signed(TOKEN, SECRET)
    for at in range(len(data)):
        other = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert reason(other) is not None, at


def test_what_is_no_token_is_said_to_be_none() -> None:
    data = signed(TOKEN, SECRET)
    assert reason(b"") is Refusal.MISSING
    for other in (b"x", data[:-1], data + b"x", bytes(200), b"\xff" * len(data)):
        assert reason(other) is Refusal.MALFORMED


def test_signature_by_another_key_under_the_same_number_is_refused() -> None:
    assert reason(signed(TOKEN, bytes(32))) is Refusal.SIGNATURE


def test_range_at_the_end_of_all_numbers_covers_no_other_blocks() -> None:
    last = TOKEN._replace(first_local=2**64 - 1, blocks=2**64 - 1)
    assert not covers(last, READ_12)
    assert unchecked(signed(last, SECRET)) == last
