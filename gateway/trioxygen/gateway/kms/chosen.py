"""One KMS wraps, the one that is chosen; each unwraps what it wrapped, also of before the choice
was another."""

from collections.abc import Sequence

from trioxygen.common.errors import NoSuchKmsKey
from trioxygen.gateway.kms.port import KeyDescription, Kms, WrappedKey
from trioxygen.gateway.kms.vault import VAULT


class ChosenKms:
    """A `Kms`.

    Args:
        wraps: one of the other two.
        keyring, vault: None: there is none, and what it wrapped is not unwrapped.
    """

    def __init__(self, wraps: Kms, *, keyring: Kms | None, vault: Kms | None) -> None:
        self._wraps, self._keyring, self._vault = wraps, keyring, vault

    async def describe(self, key_name: str) -> KeyDescription:
        return await self._wraps.describe(key_name)

    async def wrap(
        self, key_name: str, context: bytes, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        return await self._wraps.wrap(key_name, context, keys)

    async def unwrap(self, context: bytes, wrapped: Sequence[WrappedKey]) -> Sequence[bytes]:
        of_vault = [each.master_key.startswith(VAULT) for each in wrapped]
        parts: dict[bool, list[WrappedKey]] = {}
        for each, is_vaults in zip(wrapped, of_vault, strict=True):
            parts.setdefault(is_vaults, []).append(each)
        keys = {}
        for is_vaults, part in parts.items():
            kms = self._vault if is_vaults else self._keyring
            if kms is None:
                raise NoSuchKmsKey(key_id=part[0].master_key.rpartition(":")[0])
            keys[is_vaults] = iter(await kms.unwrap(context, part))
        return [next(keys[is_vaults]) for is_vaults in of_vault]
