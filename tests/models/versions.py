"""A bucket's versions as lists: what the OM must agree with. Slow and obvious on purpose.

Source: S3 user guide, "How S3 Versioning works"; "Locking objects with Object Lock".
"""

from dataclasses import dataclass, field
from enum import Enum

from tests.models.namespace import rolled_up


class Versioning(Enum):
    NEVER = 0
    ENABLED = 1
    SUSPENDED = 2


class Mode(Enum):
    NONE = 0
    GOVERNANCE = 1
    COMPLIANCE = 2


@dataclass(slots=True)
class Lock:
    """Attributes:
    until_wall_ms, until_group_ms: it is over when both clocks say so.
    promised_ms: in true time, how long it lasts at least.
    """

    mode: Mode = Mode.NONE
    until_wall_ms: int = 0
    until_group_ms: int = 0
    hold: bool = False
    promised_ms: float = 0.0

    def binds(self, wall_ms: int, group_ms: int) -> bool:
        return self.mode is not Mode.NONE and (
            wall_ms < self.until_wall_ms or group_ms < self.until_group_ms
        )

    def is_promised(self, true_ms: float) -> bool:
        """Whatever clocks say and whoever asks: it lasts."""
        return self.mode is Mode.COMPLIANCE and true_ms < self.promised_ms


@dataclass(slots=True)
class Version:
    """Attributes:
    object_id: as the OM chose it.
    is_null: its id is "null".
    """

    object_id: int
    etag: str
    is_null: bool
    is_marker: bool = False
    lock: Lock = field(default_factory=Lock)
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """An item of a listing: a common prefix has no version."""

    key: bytes
    version: Version | None = None
    is_latest: bool = False


@dataclass(slots=True)
class VersionedBucket:
    """Attributes:
    keys: newest first.
    """

    versioning: Versioning = Versioning.NEVER
    keys: dict[bytes, list[Version]] = field(default_factory=dict)

    def current(self, key: bytes) -> Version | None:
        versions = self.keys.get(key)
        return versions[0] if versions and not versions[0].is_marker else None

    def find(self, key: bytes, object_id: int | None) -> Version | None:
        """Args: object_id: None: the null version."""
        for version in self.keys.get(key, ()):
            if (
                version.is_null
                if object_id is None
                else (not version.is_null and version.object_id == object_id)
            ):
                return version
        return None

    def put(self, key: bytes, version: Version) -> None:
        version.is_null = self.versioning is not Versioning.ENABLED
        versions = self.keys.setdefault(key, [])
        if version.is_null:
            versions[:] = [other for other in versions if not other.is_null]
        versions.insert(0, version)

    def delete(self, key: bytes, marker: Version) -> None:
        if self.versioning is Versioning.NEVER:
            self.keys.pop(key, None)
        else:
            self.put(key, marker)

    def remove(self, key: bytes, version: Version) -> None:
        self.keys[key].remove(version)
        if not self.keys[key]:
            del self.keys[key]

    def listed(self, *, prefix: bytes, delimiter: bytes) -> list[Shown]:
        shown: list[Shown] = []
        for key in sorted(self.keys):
            if not key.startswith(prefix):
                continue
            rolled = rolled_up(key, prefix, delimiter)
            if rolled is None:
                for position, version in enumerate(self.keys[key]):
                    shown.append(Shown(key, version, position == 0))
            elif Shown(rolled) not in shown:
                shown.append(Shown(rolled))
        return shown
