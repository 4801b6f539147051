"""What a keyring holds: named master keys, each with versions. Values only; `keyring_file` makes a
file of them."""

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from trioxygen.common.errors import MasterKeyDiffers, NoSuchKmsKey, Refused
from trioxygen.gateway.kms.port import KEY_ID

# AES-256-SIV has two keys of 32 bytes.
SECRET_BYTES: Final = 64
# Of all keys together: they are compared with other gateways' in one call.
VERSIONS_MAX: Final = 10_000
_CHECK_BYTES: Final = 16


class KeyringRefused(Refused):
    """A change of a keyring that cannot be made."""


@dataclass(frozen=True, slots=True)
class KeyVersion:
    version: int
    secret: bytes = field(repr=False)
    made_ms: int

    def check_value(self, key_id: str) -> bytes:
        """Tells this key from another, and nothing of the key: keyed by it, of 512 random bits."""
        said = b"trioxygen master key\0%s\0%d" % (key_id.encode(), self.version)
        return hmac.digest(self.secret, said, "sha256")[:_CHECK_BYTES]


@dataclass(frozen=True, slots=True)
class MasterKey:
    """Invariants: (1) `primary` is one of `versions`; (2) versions count from 1, and never again
    for another secret.

    Attributes:
        primary: the version that wraps; all of them unwrap.
    """

    key_id: str
    primary: int
    versions: Mapping[int, KeyVersion]
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a version of a master key, for comparing it with others'."""

    key_id: str
    version: int
    check: bytes
    is_primary: bool


@dataclass(frozen=True, slots=True)
class KeyringContent:
    keys: Mapping[str, MasterKey]

    def key(self, key_id: str) -> MasterKey:
        key = self.keys.get(key_id)
        if key is None:
            raise NoSuchKmsKey(key_id=key_id)
        return key

    def fingerprints(self) -> Iterator[Fingerprint]:
        for key_id, key in sorted(self.keys.items()):
            for number, version in sorted(key.versions.items()):
                check = version.check_value(key_id)
                yield Fingerprint(key_id, number, check, number == key.primary)

    def _with(self, key: MasterKey) -> "KeyringContent":
        return KeyringContent({**self.keys, key.key_id: key}).checked()

    def checked(self) -> "KeyringContent":
        """Raises: KeyringRefused: there is too much in it."""
        if sum(len(key.versions) for key in self.keys.values()) > VERSIONS_MAX:
            raise KeyringRefused(f"a keyring has {VERSIONS_MAX} versions of keys at most")
        return self

    def with_key(self, key_id: str, secret: bytes, now_ms: int) -> "KeyringContent":
        """A new key, of one version."""
        if KEY_ID.fullmatch(key_id) is None:
            raise KeyringRefused(
                f"'{key_id}' is not a key's name: use letters, digits and '.', '_', '-'"
            )
        if key_id in self.keys:
            raise KeyringRefused(f"there is a key '{key_id}' already")
        return self._with(MasterKey(key_id, 1, {1: KeyVersion(1, secret, now_ms)}))

    def with_version(
        self, key_id: str, secret: bytes, now_ms: int, *, is_primary: bool
    ) -> "KeyringContent":
        key = self.key(key_id)
        number = max(key.versions) + 1
        versions = {**key.versions, number: KeyVersion(number, secret, now_ms)}
        primary = number if is_primary else key.primary
        return self._with(replace(key, versions=versions, primary=primary))

    def with_primary(self, key_id: str, version: int) -> "KeyringContent":
        key = self.key(key_id)
        if version not in key.versions:
            raise KeyringRefused(f"key '{key_id}' has no version {version}")
        return self._with(replace(key, primary=version))

    def with_disabled(self, key_id: str, *, is_disabled: bool) -> "KeyringContent":
        return self._with(replace(self.key(key_id), is_disabled=is_disabled))

    def merged(self, other: "KeyringContent") -> "KeyringContent":
        """With the other's keys and versions besides; of two primaries the newer one. The other may
        be an old backup: a rotation and `disable` are not undone by it.

        Raises: MasterKeyDiffers."""
        check_same_keys(self, other)
        keys = dict(self.keys)
        for key_id, theirs in other.keys.items():
            ours = keys.get(key_id)
            if ours is None:
                keys[key_id] = theirs
                continue
            keys[key_id] = MasterKey(
                key_id,
                max(ours.primary, theirs.primary),
                {**ours.versions, **theirs.versions},
                is_disabled=ours.is_disabled or theirs.is_disabled,
            )
        return KeyringContent(keys).checked()


EMPTY: Final = KeyringContent({})


def check_same_keys(ours: KeyringContent, theirs: KeyringContent) -> None:
    """What both have is the same. Raises: MasterKeyDiffers."""
    for key_id in sorted(ours.keys.keys() & theirs.keys.keys()):
        mine, other = ours.keys[key_id].versions, theirs.keys[key_id].versions
        for number in sorted(mine.keys() & other.keys()):
            if not hmac.compare_digest(mine[number].secret, other[number].secret):
                raise MasterKeyDiffers(key_id=key_id, version=number)
