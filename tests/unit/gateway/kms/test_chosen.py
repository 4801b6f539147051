from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.gateway.kms.keyrings import Cluster, keyring_in, run_with, store_in
from trioxygen.common.errors import NoSuchKmsKey
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.kms.chosen import ChosenKms
from trioxygen.gateway.kms.keyring_content import SECRET_BYTES
from trioxygen.gateway.kms.port import ArnPlace, KeyDescription, WrappedKey

KEYS = [bytes([number]) * 32 for number in range(3)]


class VaultDouble:
    """A `Kms` that hides nothing."""

    async def describe(self, key_name: str) -> KeyDescription:
        return ArnPlace().described(key_name)

    async def wrap(
        self, key_name: str, context: bytes, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        return [WrappedKey(f"vault:{key_name}:1", key[::-1]) for key in keys]

    async def unwrap(self, context: bytes, wrapped: Sequence[WrappedKey]) -> Sequence[bytes]:
        return [each.sealed[::-1] for each in wrapped]


def test_each_kms_unwraps_what_it_wrapped(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring, vault = await keyring_in(tmp_path, runtime, Cluster()), VaultDouble()
        before = ChosenKms(keyring, keyring=keyring, vault=None)
        after = ChosenKms(vault, keyring=keyring, vault=vault)
        old = await before.wrap("s3", b"", KEYS)
        new = await after.wrap("k", b"", KEYS)
        assert new[0].master_key == "vault:k:1"
        mixed = [each for pair in zip(old, new, strict=True) for each in pair]
        assert await after.unwrap(b"", mixed) == [key for key in KEYS for _ in range(2)]
        with pytest.raises(NoSuchKmsKey, match="vault:k"):
            await before.unwrap(b"", mixed)

    run_with(test)


def test_key_of_a_keyring_may_be_called_vault(tmp_path: Path) -> None:
    async def test(runtime: Runtime) -> None:
        keyring = await keyring_in(tmp_path, runtime, Cluster())
        store_in(tmp_path).change(lambda ring: ring.with_key("vault", bytes(SECRET_BYTES), 0))
        for vault in (None, VaultDouble()):
            kms = ChosenKms(keyring, keyring=keyring, vault=vault)
            wrapped = await kms.wrap("vault", b"", KEYS)
            assert await kms.unwrap(b"", wrapped) == KEYS
            assert await kms.unwrap(b"", wrapped[:1]) == KEYS[:1]

    run_with(test)
