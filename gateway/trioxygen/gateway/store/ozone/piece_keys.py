"""Keys of pieces: made, wrapped by a master key or a customer's, and unwrapped again."""

import random
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trioxygen.common.errors import KmsUnavailable, WrongCustomerKey
from trioxygen.gateway.kms.port import Kms, WrappedKey
from trioxygen.gateway.sealing.frames import KEY_BYTES
from trioxygen.gateway.store.values.encryption import CustomerKey, EncryptionKind, Sealing

_NONCE_BYTES: Final = 12
_AAD: Final = b"SSE-C"
# The name of what no KMS has.
_CUSTOMERS: Final = ""


class PieceKeys:
    """Args: kms: None: nothing is sealed with a key of its."""

    def __init__(self, kms: Kms | None, rng: random.Random) -> None:
        self._known, self._rng = kms, rng

    @property
    def _kms(self) -> Kms:
        if self._known is None:
            raise KmsUnavailable("no master keys are configured")
        return self._known

    async def arn(self, key_name: str) -> str:
        """Of a master key."""
        return (await self._kms.describe(key_name)).arn

    def new(self) -> bytes:
        return self._rng.randbytes(KEY_BYTES)

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
        if wrapped and wrapped[0].master_key == _CUSTOMERS:
            return _unwrapped_by_customer(customer, wrapped)
        return await self._kms.unwrap(context.encode(), wrapped)


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
