"""The KMS of a store that has no other: a sealed keyring, a file that its owner alone may read.

Keys are wrapped with AES-SIV, which is made for it: it needs no nonce, so nothing is used up
however many keys a version wraps. Source: RFC 5297; Rogaway and Shrimpton, "Deterministic
Authenticated-Encryption: A Provable-Security Treatment of the Key-Wrap Problem".
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from trioxygen.common import logs
from trioxygen.common.disk import FileStamp
from trioxygen.common.errors import (
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
from trioxygen.gateway.kms.keyring_store import KeyringBusy, KeyringRead, KeyringStore
from trioxygen.gateway.kms.metrics import KmsMetrics
from trioxygen.gateway.kms.port import ArnPlace, KeyDescription, WrappedKey, key_id_of
from trioxygen.gateway.kms.siv import unwrapped_with, wrapped_with

log = logs.get(__name__)

_BUSY_MAX: Final = 50
_BUSY_WAIT_MS: Final = 100.0
_DOCUMENT: Final = "docs/operations/encryption.md"


class Noted(Protocol):
    """Where a cluster notes which master keys its gateways hold."""

    async def note(
        self, fingerprints: Sequence[Fingerprint], *, replaces_all: bool = False
    ) -> Sequence[Fingerprint]:
        """All that were ever noted, with these; `is_primary`: it was once.

        Args:
            replaces_all: the others are given up.
        Raises: MasterKeyDiffers: another key of an id and version is noted.
        """
        ...


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
        noted: what the other gateways hold: asked before a version is used.
        lost: a keyring that is gone is made anew, whatever was noted.
    """

    name = "keyring"
    interval_ms = 5.0 * SECOND_MS

    def __init__(
        self,
        runtime: Runtime,
        store: KeyringStore,
        noted: Noted,
        metrics: KmsMetrics,
        *,
        default_key: str,
        arns: ArnPlace,
        lost: bool = False,
    ) -> None:
        self._runtime, self._store, self._noted = runtime, store, noted
        self._metrics = metrics
        self._default_key, self._arns, self._lost = default_key, arns, lost
        self._content = EMPTY
        self._is_made = False
        self._wrapping: dict[str, _Wrapping] = {}
        self._ciphers: dict[str, AESSIV] = {}
        # Of what was last read, whether it is used or was refused.
        self._seen: FileStamp | None = None
        self._reading = asyncio.Lock()

    # ---- its file ----

    async def start(self, *, wraps: bool = True) -> None:
        """Reads the file; makes one for a cluster that has no master keys yet.

        Args:
            wraps: also what is new; else what is there is for reading.

        Raises: KeyringUnusable: it is not to be used, or not the cluster's; OSError; Unavailable:
        the cluster cannot be asked now."""
        known = await self._noted.note(())
        # By an earlier try as well, after which the cluster could not be asked.
        self._is_made |= await self._make_first(known)
        read = await self._runtime.blocking.run(self._store.read)
        known = await self._note_first(read.content)
        self._check_whole(read.content, known)
        if wraps and self._default_key not in read.content.keys:
            raise KeyringUnusable(
                f"the keyring has no master key '{self._default_key}', which encryption.key names:"
                " make it with 'o3 keyring create-key'",
                path=str(self._store.path),
            )
        self._adopt(read)
        if self._is_made:
            log.info("keyring_made", path=self._store.path, key=self._default_key)

    async def _make_first(self, known: Sequence[Fingerprint]) -> bool:
        """False: there is a keyring."""
        runtime, store = self._runtime, self._store
        if await runtime.blocking.run(store.exists):
            return False
        if known and not self._lost:
            raise KeyringUnusable(
                "the keyring is missing, and the cluster has master keys already: put it back, or"
                f" copy it from another gateway ({_DOCUMENT})",
                path=str(store.path),
            )
        secret = runtime.rng.randbytes(SECRET_BYTES)
        made = EMPTY.with_key(self._default_key, secret, runtime.clock.wall_ms())
        for _ in range(_BUSY_MAX):
            try:
                return await runtime.blocking.run(store.make, made)
            except KeyringBusy:
                # A worker of the same gateway makes it.
                await runtime.clock.sleep_ms(_BUSY_WAIT_MS)
        return await runtime.blocking.run(store.make, made)

    async def _note_first(self, content: KeyringContent) -> Sequence[Fingerprint]:
        fingerprints = tuple(content.fingerprints())
        try:
            return await self._noted.note(fingerprints, replaces_all=self._is_made and self._lost)
        except MasterKeyDiffers as error:
            if self._is_made:
                # Nothing was wrapped with it: another gateway's was noted meanwhile.
                await self._runtime.blocking.run(self._store.remove)
            facts = error.facts
            raise KeyringUnusable(
                f"version {facts.get('version')} of master key '{facts.get('key_id')}' is not what"
                f" the other gateways have: copy their keyring ({_DOCUMENT})",
                path=str(self._store.path),
            ) from error

    def _check_whole(self, content: KeyringContent, known: Sequence[Fingerprint]) -> None:
        """What was ever written with can be read."""
        for noted in known:
            key = content.keys.get(noted.key_id)
            if noted.is_primary and (key is None or noted.version not in key.versions):
                raise KeyringUnusable(
                    f"the keyring lacks version {noted.version} of master key '{noted.key_id}',"
                    f" which gateways have written with: copy another's ({_DOCUMENT})",
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
            raise KmsUnavailable("there is no keyring, or it has not been read yet")
        async with self._reading:
            blocking, store = self._runtime.blocking, self._store
            stamp = None
            try:
                stamp = await blocking.run(store.disk.stamp, store.path)
                if stamp == self._seen:
                    return
                read = await blocking.run(store.read)
                check_same_keys(self._content, read.content)
                known = await self._noted.note(tuple(read.content.fingerprints()))
                self._check_whole(read.content, known)
            except (KeyringUnusable, MasterKeyDiffers, OSError) as error:
                self._seen = None if isinstance(error, OSError) else stamp
                self._metrics.keyring_refused.inc()
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
        master_key = wrapping.master_key
        sealed = wrapped_with(wrapping.cipher, master_key, context, keys)
        return [WrappedKey(master_key, each) for each in sealed]

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
        return unwrapped_with(cipher, master_key, context, wrapped.sealed)
