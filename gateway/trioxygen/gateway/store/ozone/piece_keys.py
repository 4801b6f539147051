"""Keys of pieces: made, wrapped by a master key or a customer's, and unwrapped again."""

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trioxygen.common.clock import Clock
from trioxygen.common.errors import KmsUnavailable, WrongCustomerKey
from trioxygen.gateway.kms.port import Kms, WrappedKey
from trioxygen.gateway.sealing.frames import KEY_BYTES, cipher_of
from trioxygen.gateway.store.values.encryption import SSE_S3, CustomerKey, EncryptionKind, Sealing
from trioxygen.proto.v1.om_pb2 import SealedPiece

_NONCE_BYTES: Final = 12
_AAD: Final = b"SSE-C"
# The name of what no KMS has.
_CUSTOMERS: Final = ""
# Of what S3 seals by itself: made ahead of their use, and how long they may be used. A master key
# that was disabled or rotated wraps so much longer.
_AHEAD_MAX: Final = 64
_AHEAD_MS: Final = 1_000.0


class NewPiece(NamedTuple):
    """That is to be written.

    Attributes:
        cipher: with its key.
        row: that its object will have of it, but for its size.
    """

    cipher: AESGCM
    row: SealedPiece


class PieceKeys:
    """Args: kms: None: nothing is sealed with a key of its."""

    def __init__(self, kms: Kms | None, rng: random.Random, clock: Clock) -> None:
        self._known, self._rng, self._clock = kms, rng, clock
        self._ahead: list[NewPiece] = []
        self._ahead_until_ms = 0.0
        self._ahead_count = 1

    @property
    def _kms(self) -> Kms:
        if self._known is None:
            raise KmsUnavailable("no master keys are configured")
        return self._known

    async def arn(self, key_name: str) -> str:
        """Of a master key."""
        return (await self._kms.describe(key_name)).arn

    async def make(self, sealing: Sealing) -> NewPiece:
        """Raises: as of the KMS."""
        if sealing.encryption == SSE_S3:
            if self._ahead and self._clock.monotonic_ms() < self._ahead_until_ms:
                return self._ahead.pop()
            return await self._first_ahead()
        key = self._rng.randbytes(KEY_BYTES)
        [wrapped] = await self.wrap(sealing, [key])
        return _new_piece(key, wrapped)

    async def _first_ahead(self) -> NewPiece:
        """Small objects follow each other: wrapping many keys at once costs a fifth of wrapping
        each by itself. As many as were used of late."""
        self._ahead_count = 1 if self._ahead else min(2 * self._ahead_count, _AHEAD_MAX)
        keys = [self._rng.randbytes(KEY_BYTES) for _ in range(self._ahead_count)]
        wrapped = await self._kms.wrap("", b"", keys)
        first, *ahead = [_new_piece(*pair) for pair in zip(keys, wrapped, strict=True)]
        self._ahead, self._ahead_until_ms = ahead, self._clock.monotonic_ms() + _AHEAD_MS
        return first

    async def wrap(self, sealing: Sealing, keys: Sequence[bytes]) -> Sequence[WrappedKey]:
        """Raises: as of the KMS."""
        customer, encryption = sealing.customer_key, sealing.encryption
        if customer is not None:
            return self._wrap_by_customer(customer, keys)
        assert encryption.kind is not EncryptionKind.SSE_C, "a customer's key is missing"
        return await self._kms.wrap(encryption.kms_key_id, encryption.context.encode(), keys)

    def _wrap_by_customer(
        self, customer: CustomerKey, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        cipher = AESGCM(customer.reveal())
        nonces = [self._rng.randbytes(_NONCE_BYTES) for _ in keys]
        return [
            WrappedKey(_CUSTOMERS, nonce + cipher.encrypt(nonce, key, _AAD))
            for nonce, key in zip(nonces, keys, strict=True)
        ]

    async def unwrap(
        self, context: str, wrapped: Sequence[WrappedKey], customer: CustomerKey | None
    ) -> Sequence[bytes]:
        """Args: context: that they were wrapped with.

        Raises: as of the KMS; WrongCustomerKey: none was given, or another one."""
        if not wrapped:
            return ()
        if wrapped[0].master_key == _CUSTOMERS:
            return _unwrapped_by_customer(customer, wrapped)
        return await self._kms.unwrap(context.encode(), wrapped)


def _new_piece(key: bytes, wrapped: WrappedKey) -> NewPiece:
    row = SealedPiece(wrapped_key=wrapped.sealed, master_key=wrapped.master_key)
    return NewPiece(cipher_of(key), row)


def _unwrapped_by_customer(
    customer: CustomerKey | None, wrapped: Sequence[WrappedKey]
) -> Sequence[bytes]:
    if customer is None:
        raise WrongCustomerKey()
    cipher = AESGCM(customer.reveal())
    try:
        return [
            cipher.decrypt(each.sealed[:_NONCE_BYTES], each.sealed[_NONCE_BYTES:], _AAD)
            for each in wrapped
        ]
    except InvalidTag:
        raise WrongCustomerKey() from None
