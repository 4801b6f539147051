"""Keys of pieces: each is used once, and none is kept ahead for long."""

import asyncio
import random
from collections.abc import Sequence

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.gateway.kms.port import KeyDescription, WrappedKey
from trioxygen.gateway.sealing.frames import open_frame, seal
from trioxygen.gateway.store.ozone.piece_keys import NewPiece, PieceKeys
from trioxygen.gateway.store.values.encryption import SSE_S3, Encryption, EncryptionKind, Sealing

BY_ITSELF = Sealing(SSE_S3)


class CountingKms:
    """Wraps by writing the key down, and says how many at a time."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes, int]] = []

    async def describe(self, key_name: str) -> KeyDescription:
        raise NotImplementedError

    async def wrap(
        self, key_name: str, context: bytes, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        self.asked.append((key_name, context, len(keys)))
        return [WrappedKey(key_name, key) for key in keys]

    async def unwrap(self, context: bytes, wrapped: Sequence[WrappedKey]) -> Sequence[bytes]:
        raise NotImplementedError


def made(keys: PieceKeys, count: int, sealing: Sealing = BY_ITSELF) -> list[NewPiece]:
    async def some() -> list[NewPiece]:
        return [await keys.make(sealing) for _ in range(count)]

    return asyncio.run(some())


def test_each_key_is_used_once_and_wrapped_as_it_is() -> None:
    keys = PieceKeys(CountingKms(), random.Random(1), ManualClock())
    some = made(keys, 1_000)
    assert len({each.row.wrapped_key for each in some}) == 1_000
    for each in some:
        assert open_frame(each.row.wrapped_key, seal(each.cipher, b"body")) == b"body"


def test_as_many_are_wrapped_at_once_as_were_used_of_late() -> None:
    kms, clock = CountingKms(), ManualClock()
    keys = PieceKeys(kms, random.Random(1), clock)
    made(keys, 300)
    assert [count for _, _, count in kms.asked] == [2, 4, 8, 16, 32, 64, 64, 64, 64]
    kms.asked.clear()
    clock.advance(1_001)
    made(keys, 1)
    assert kms.asked == [("", b"", 1)]


def test_what_names_a_key_is_wrapped_for_itself() -> None:
    kms = CountingKms()
    keys = PieceKeys(kms, random.Random(1), ManualClock())
    made(keys, 2, Sealing(Encryption(EncryptionKind.SSE_KMS, "key", "{}")))
    assert kms.asked == [("key", b"{}", 1)] * 2


def test_key_is_not_shown() -> None:
    [piece] = made(PieceKeys(CountingKms(), random.Random(1), ManualClock()), 1)
    assert repr(piece.row.wrapped_key) not in repr(piece.cipher)
