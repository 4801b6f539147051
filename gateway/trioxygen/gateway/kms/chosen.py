"""One KMS wraps, the one that is chosen; each unwraps what it wrapped, also of before the choice
was another."""

from collections.abc import Sequence

from trioxygen.common.errors import NoSuchKmsKey
from trioxygen.gateway.kms.port import KeyDescription, Kms, WrappedKey
from trioxygen.gateway.kms.vault import is_of_vault


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
        if len(wrapped) == 1:
            return await self._of(wrapped[0].master_key).unwrap(context, wrapped)
        of_vault = [is_of_vault(each.master_key) for each in wrapped]
        parts: dict[bool, list[WrappedKey]] = {}
        for each, is_vaults in zip(wrapped, of_vault, strict=True):
            parts.setdefault(is_vaults, []).append(each)
        keys = {}
        for is_vaults, part in parts.items():
            keys[is_vaults] = iter(await self._of(part[0].master_key).unwrap(context, part))
        return [next(keys[is_vaults]) for is_vaults in of_vault]

    def _of(self, master_key: str) -> Kms:
        """Whose a master key is."""
        kms = self._vault if is_of_vault(master_key) else self._keyring
        if kms is None:
            raise NoSuchKmsKey(key_id=master_key.rpartition(":")[0])
        return kms
