"""The KMS of a store that has no other: a sealed keyring, a file that its owner alone may read.

Keys are wrapped with AES-SIV, which is made for it: it needs no nonce, so nothing is used up
however many keys a version wraps. Source: RFC 5297; Rogaway and Shrimpton, "Deterministic
Authenticated-Encryption: A Provable-Security Treatment of the Key-Wrap Problem".
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from trioxygen.common import logs
from trioxygen.common.disk import FileStamp
from trioxygen.common.errors import (
    ChecksumMismatch,
    KmsKeyDisabled,
    KmsUnavailable,
    MasterKeyDiffers,
    NoSuchKmsKey,
    TrioxygenError,
)
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.kms.keyring_content import (
    EMPTY,
    SECRET_BYTES,
    Fingerprint,
    KeyringContent,
    check_same_keys,
)
from trioxygen.gateway.kms.keyring_file import KeyringUnusable
from trioxygen.gateway.kms.keyring_store import KeyringRead, KeyringStore
from trioxygen.gateway.kms.port import ArnPlace, KeyDescription, WrappedKey, key_id_of

log = logs.get(__name__)

DEFAULT_KEY: Final = "s3"

# What all gateways of a cluster hold together: notes these, gives all that were ever noted.
# Raises MasterKeyDiffers: another key of that id and version is noted.
Compare = Callable[[Sequence[Fingerprint]], Awaitable[Sequence[Fingerprint]]]


@dataclass(frozen=True, slots=True)
class _Wrapping:
    """With the primary version of a key."""

    master_key: str
    cipher: AESSIV


def _master_key(key_id: str, version: int) -> str:
    return f"{key_id}:{version}"


class Keyring:
    """A `Kms`, and the worker that reads its file again.

    Args:
        compare: with what the other gateways hold, before a version is used.
    """

    name = "keyring"
    interval_ms = 5.0 * SECOND_MS

    def __init__(
        self,
        runtime: Runtime,
        store: KeyringStore,
        compare: Compare,
        *,
        default_key: str = DEFAULT_KEY,
        arns: ArnPlace = ArnPlace(),  # noqa: B008
    ) -> None:
        self._runtime, self._store, self._compare = runtime, store, compare
        self._default_key, self._arns = default_key, arns
        self._content = EMPTY
        self._wrapping: dict[str, _Wrapping] = {}
        self._ciphers: dict[str, AESSIV] = {}
        # Of what was last read, whether it is used or was refused.
        self._seen: FileStamp | None = None
        self._reading = asyncio.Lock()

    # ---- its file ----

    async def start(self) -> None:
        """Reads the file; makes one for a cluster that has no master keys yet.

        Raises: KeyringUnusable: it is not to be used, or not the cluster's; OSError; Unavailable:
        the cluster cannot be asked now."""
        blocking, store = self._runtime.blocking, self._store
        known = await self._compare(())
        is_made = False
        if not await blocking.run(store.exists):
            if known:
                raise KeyringUnusable(
                    "the keyring is missing, and the cluster has master keys already: put it back"
                    " or copy it from another gateway, see docs/operations/encryption.md",
                    path=str(store.path),
                )
            secret = self._runtime.rng.randbytes(SECRET_BYTES)
            now_ms = self._runtime.clock.wall_ms()
            made = EMPTY.with_key(self._default_key, secret, now_ms)
            is_made = await blocking.run(store.make, made)
        read = await blocking.run(store.read)
        try:
            known = await self._compare(tuple(read.content.fingerprints()))
        except MasterKeyDiffers as error:
            if is_made:
                # Nothing was wrapped with it: another gateway's was noted meanwhile.
                await blocking.run(store.remove)
            raise KeyringUnusable(
                f"version {error.facts.get('version')} of master key"
                f" '{error.facts.get('key_id')}' is not the one that the other gateways have:"
                " copy their keyring, see docs/operations/encryption.md",
                path=str(store.path),
            ) from error
        self._check_whole(read.content, known)
        self._adopt(read)
        if is_made:
            log.info("keyring_made", path=store.path, key=self._default_key)

    def _check_whole(self, content: KeyringContent, known: Sequence[Fingerprint]) -> None:
        """What was ever written with can be read."""
        for noted in known:
            key = content.keys.get(noted.key_id)
            if noted.is_primary and (key is None or noted.version not in key.versions):
                raise KeyringUnusable(
                    f"the keyring lacks version {noted.version} of master key '{noted.key_id}',"
                    " which other gateways write with: copy theirs, see"
                    " docs/operations/encryption.md",
                    path=str(self._store.path),
                )

    def _adopt(self, read: KeyringRead) -> None:
        wrapping: dict[str, _Wrapping] = {}
        ciphers: dict[str, AESSIV] = {}
        for key_id, key in read.content.keys.items():
            for number, version in key.versions.items():
                ciphers[_master_key(key_id, number)] = AESSIV(version.secret)
            master_key = _master_key(key_id, key.primary)
            wrapping[key_id] = _Wrapping(master_key, ciphers[master_key])
        for key_id in [key_id for key_id, key in read.content.keys.items() if key.is_disabled]:
            del wrapping[key_id]
        self._content, self._seen = read.content, read.stamp
        self._wrapping, self._ciphers = wrapping, ciphers

    async def work(self) -> bool:
        """Of the worker: somebody may have changed the file."""
        await self._read_again()
        return False

    async def _read_again(self) -> None:
        """If the file is another one. What cannot be used leaves what there is in use.

        Raises: KmsUnavailable: it has not been read at all yet."""
        if self._content is EMPTY:
            raise KmsUnavailable("the keyring has not been read yet")
        async with self._reading:
            blocking, store = self._runtime.blocking, self._store
            try:
                stamp = await blocking.run(store.disk.stamp, store.path)
                if stamp == self._seen:
                    return
                read = await blocking.run(store.read)
                check_same_keys(self._content, read.content)
                await self._compare(tuple(read.content.fingerprints()))
            except (KeyringUnusable, MasterKeyDiffers, OSError) as error:
                self._seen = None if isinstance(error, OSError) else stamp
                log.error("keyring_not_read_again", path=store.path, reason=error)
                return
            self._adopt(read)
            log.info("keyring_read_again", path=store.path, keys=len(read.content.keys))

    # ---- the port ----

    def _refusal(self, key_id: str) -> TrioxygenError:
        """Of a key that does not wrap."""
        if key_id in self._content.keys:
            return KmsKeyDisabled(key_id=key_id)
        return NoSuchKmsKey(key_id=key_id)

    async def _wrapping_with(self, key_name: str) -> _Wrapping:
        key_id = key_id_of(key_name, self._default_key)
        wrapping = self._wrapping.get(key_id)
        if wrapping is None:
            await self._read_again()
            wrapping = self._wrapping.get(key_id)
        if wrapping is None:
            raise self._refusal(key_id)
        return wrapping

    async def describe(self, key_name: str) -> KeyDescription:
        await self._wrapping_with(key_name)
        return self._arns.described(key_id_of(key_name, self._default_key))

    async def wrap(
        self, key_name: str, context: bytes, keys: Sequence[bytes]
    ) -> Sequence[WrappedKey]:
        wrapping = await self._wrapping_with(key_name)
        master_key, encrypt = wrapping.master_key, wrapping.cipher.encrypt
        said = [master_key.encode(), context]
        return [WrappedKey(master_key, encrypt(key, said)) for key in keys]

    async def unwrap(self, context: bytes, wrapped: Sequence[WrappedKey]) -> Sequence[bytes]:
        if any(each.master_key not in self._ciphers for each in wrapped):
            await self._read_again()
        return [self._unwrapped(each, context) for each in wrapped]

    def _unwrapped(self, wrapped: WrappedKey, context: bytes) -> bytes:
        master_key = wrapped.master_key
        key_id, _, version = master_key.rpartition(":")
        cipher = self._ciphers.get(master_key)
        if cipher is None:
            raise NoSuchKmsKey(key_id=key_id, version=version)
        if key_id not in self._wrapping:
            raise KmsKeyDisabled(key_id=key_id)
        try:
            return cipher.decrypt(wrapped.sealed, [master_key.encode(), context])
        except (InvalidTag, ValueError):
            raise ChecksumMismatch(
                "a wrapped key is not what was wrapped, or of another context",
                master_key=master_key,
            ) from None
