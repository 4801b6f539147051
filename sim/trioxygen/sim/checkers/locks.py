"""Versions and their locks, by what the OMs' states hold, one after the other, and by what clients
have asked for: whatever happens to a version, somebody has asked for it, and its lock allows it in
true time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from trioxygen.common.lifecycle import due_ms
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.om.state.schema import HISTORY, KEYS, VISIBLE, history_key_parts
from trioxygen.metadata.store.memory_kv import MemoryTxn
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.om_pb2 import HistoryRow, KeyRow
from trioxygen.sim.checkers.blocks import CLOCK_RATE_MAX
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.store import SimStore

_BUCKET_ID_BYTES: Final = 8


class VersionName(NamedTuple):
    """object_id: of the null version too, where a state names it."""

    bucket_id: int
    key: bytes
    object_id: int

    def __str__(self) -> str:
        return f"{self.key.decode()}@{self.object_id:x}"


class Lock(NamedTuple):
    """until_ms: as S3 shows it."""

    mode: om_pb2.LockMode = om_pb2.LOCK_MODE_NONE
    until_ms: int = 0
    hold: bool = False


Tags = tuple[tuple[str, str], ...]


class Version(NamedTuple):
    """Attributes: superseded_ms: by a leader's clock; 0: it is the newest one of its key."""

    etag: str
    is_marker: bool
    is_null: bool
    lock: Lock
    tags: Tags
    modified_ms: int
    superseded_ms: int

    @classmethod
    def of(cls, row: KeyRow, superseded_ms: int) -> "Version":
        return cls(
            row.etag,
            row.is_marker,
            not row.is_versioned,
            Lock(row.lock.mode, row.lock.retain_until_ms, row.lock.legal_hold),
            tuple([(tag.key, tag.value) for tag in row.tags]),
            row.modified_ms,
            superseded_ms,
        )


@dataclass(slots=True)
class Asked:
    """What clients have asked for about one version, answered or not: it may come at any time from
    then on.

    Attributes:
    removal: without bypass, as far as it goes.
    bypass: of GOVERNANCE, by a removal or another retention.
    locks: retentions that were asked for.
    """

    removal: bool = False
    bypass: bool = False
    release: bool = False
    locks: set[tuple[om_pb2.LockMode, int]] = field(default_factory=set)
    tags: set[Tags] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Put:
    """Attributes: default_mode: of the bucket, where the lock names none; NONE: it has none."""

    name: tuple[int, bytes]
    lock: Lock
    default_mode: om_pb2.LockMode = om_pb2.LOCK_MODE_NONE


class Rule(NamedTuple):
    """Of the lifecycle: versions under a prefix expire and go after so many days.

    Attributes:
    newer_kept: noncurrent versions that stay."""

    prefix: bytes
    days: int
    newer_kept: int


class Seen(NamedTuple):
    """A state: when it was first somebody's, and whether others between it and the one before may
    have been."""

    at_ms: float
    names: frozenset[VersionName]
    has_gap: bool


class LockChecker:
    """Args:
    day_ms: of the lifecycle.
    clocks_are_right: so that what is due is so in true time.
    Attributes:
    versions: of the latest state.
    suspendable: buckets whose null versions are replaced.
    """

    def __init__(self, rule: Rule, *, day_ms: int, clocks_are_right: bool) -> None:
        self._rule, self._day_ms, self._clocks_are_right = rule, day_ms, clocks_are_right
        self.versions: Mapping[VersionName, Version] = {}
        self.suspendable: set[int] = set()
        self.counts: dict[str, int] = {}
        self._asked: dict[VersionName, Asked] = {}
        self._puts: dict[str, Put] = {}
        self._acknowledged: dict[str, VersionName] = {}
        self._etags_seen: set[str] = set()
        # True time at which the retention of a version is over, as far as it was promised.
        self._ends_ms: dict[VersionName, float] = {}
        self._rows: object = None
        self._index = 0
        self._states: list[Seen] = [Seen(0.0, frozenset(), True)]

    # ---- what clients ask for, and are told ----

    def asked(self, name: VersionName, version: Version) -> Asked:
        """Of a null version, whichever is that when it comes."""
        if version.is_null:
            name = name._replace(object_id=0)
        return self._asked.setdefault(name, Asked())

    def asked_put(self, etag: str, put: Put) -> None:
        self._puts[etag] = put

    def put_was_acknowledged(self, etag: str, name: VersionName) -> None:
        self._acknowledged[etag] = name

    def listed(self, bucket_id: int, names: frozenset[VersionName], began_ms: float) -> None:
        """A listing of a bucket, which ends now, is that of one state since it began."""
        first = len(self._states) - 1
        while first and self._states[first].at_ms > began_ms:
            first -= 1
        during = self._states[first:]
        if any(seen.has_gap for seen in during[1:]):
            return
        self.count("compared-lists")
        for seen in during:
            if names == frozenset(name for name in seen.names if name.bucket_id == bucket_id):
                return
        raise Violation("versions-listed", f"{sorted(map(str, names))} were never all there is")

    def count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    # ---- states ----

    def look(self, store: SimStore, at_ms: float, true_wall_ms: int) -> None:
        """At a state that is the first with its index. Raises Violation."""
        index, _ = store.applied()
        has_gap = index > self._index + 1
        self._index = index
        with store.read() as txn:
            assert isinstance(txn, MemoryTxn)
            rows = (txn.rows(KEYS.table), txn.rows(HISTORY.table))
            if self._rows is not None and rows == self._rows:
                return
            self._rows = rows
            after = dict(_versions_in(store))
        before, self.versions = self.versions, after
        for name, version in before.items():
            if name not in after:
                self._gone(name, version, before, at_ms, true_wall_ms, has_gap=has_gap)
        for name, version in after.items():
            old = before.get(name)
            if old is None:
                self._new(name, version, at_ms, true_wall_ms)
            elif old != version:
                self._changed(name, old, version, at_ms, true_wall_ms)
        self._states.append(Seen(at_ms, frozenset(after), has_gap))

    def check_end(self) -> None:
        """Raises Violation."""
        for etag, name in self._acknowledged.items():
            may_have_gone = name.bucket_id in self.suspendable or (
                name in self._asked and self._asked[name].removal
            )
            if etag not in self._etags_seen and not may_have_gone:
                raise Violation("acknowledged", f"{name} ({etag}) never was")

    def is_locked(self, name: VersionName, version: Version, at_ms: float) -> str:
        """Why nobody may remove it; empty: somebody may."""
        lock = version.lock
        if lock.hold:
            return "under a hold"
        end_ms = self._ends_ms.get(name, 0.0)
        if not lock.mode or at_ms >= end_ms:
            return ""
        if lock.mode == om_pb2.GOVERNANCE and self.asked(name, version).bypass:
            return ""
        mode = om_pb2.LockMode.Name(lock.mode)
        return f"{end_ms - at_ms:.0f} ms before {mode} is over"

    def overdue(self, true_wall_ms: int, grace_ms: int) -> str:
        """A version that the lifecycle has left; empty: none. What has a date of a clock that was
        behind may be left: the lifecycle has been there, and takes nothing early."""
        if not self._clocks_are_right:
            return ""
        for name, version in self.versions.items():
            if not self._is_of_rule(name) or version.lock.mode or version.lock.hold:
                continue
            since_ms = version.superseded_ms
            is_noncurrent = since_ms > 0
            if not is_noncurrent:
                if version.is_marker:
                    continue
                since_ms = version.modified_ms
            elif self._newer(name, self.versions) < self._rule.newer_kept:
                continue
            if due_ms(since_ms, self._rule.days, day_ms=self._day_ms) + grace_ms < true_wall_ms:
                return f"{name} is {'noncurrent' if is_noncurrent else 'current'} since {since_ms}"
        return ""

    # ---- what becomes of a version ----

    def _new(self, name: VersionName, version: Version, at_ms: float, true_wall_ms: int) -> None:
        if version.is_marker:
            return
        self._etags_seen.add(version.etag)
        put, lock = self._puts[version.etag], version.lock
        if (name.bucket_id, name.key) != put.name:
            raise Violation("versions", f"{name} was put as {put.name}")
        is_default = bool(put.default_mode) and not put.lock.mode
        if is_default and lock.mode == put.default_mode and lock.hold == put.lock.hold:
            self._ends_ms[name] = at_ms + DAY_MS / CLOCK_RATE_MAX
        elif lock != put.lock:
            raise Violation("lock", f"{name} was put with {put.lock} and has {lock}")
        elif lock.mode:
            self._ends_ms[name] = _end_ms(lock.until_ms, at_ms, true_wall_ms)

    def _changed(
        self, name: VersionName, old: Version, new: Version, at_ms: float, true_wall_ms: int
    ) -> None:
        fixed = (old.etag, old.is_marker, old.is_null, old.modified_ms)
        if fixed != (new.etag, new.is_marker, new.is_null, new.modified_ms):
            raise Violation("versions", f"{name} was {old} and is {new}")
        asked = self.asked(name, old)
        if old.tags != new.tags and new.tags not in asked.tags:
            raise Violation("tags", f"{name} has {new.tags}, which nobody asked for")
        before, after = old.lock, new.lock
        if before.hold and not after.hold and not asked.release:
            raise Violation("lock", f"the hold of {name} is gone, which nobody asked for")
        if before[:2] == after[:2]:
            return
        if after[:2] not in asked.locks:
            raise Violation("lock", f"{name} has {after}, which nobody asked for")
        end_ms = _end_ms(after.until_ms, at_ms, true_wall_ms)
        # A hold has no say in it.
        locked = self.is_locked(name, old._replace(lock=before._replace(hold=False)), at_ms)
        if locked and (before.mode != after.mode or before.until_ms > after.until_ms):
            raise Violation("lock", f"{name} had {before} and has {after}, {locked}")
        if locked:
            end_ms = max(end_ms, self._ends_ms[name])
        self._ends_ms[name] = end_ms
        self.count("retentions-changed")

    def _gone(
        self,
        name: VersionName,
        version: Version,
        before: Mapping[VersionName, Version],
        at_ms: float,
        true_wall_ms: int,
        *,
        has_gap: bool,
    ) -> None:
        locked = self.is_locked(name, version, at_ms)
        if locked:
            raise Violation("lock", f"{name} is gone, {locked}")
        if self._was_asked_to_go(name, version):
            self.count("versions-removed")
        elif has_gap and self._is_of_rule(name):
            return
        else:
            self._expired(name, version, before, true_wall_ms)

    def _was_asked_to_go(self, name: VersionName, version: Version) -> bool:
        """By itself, or, as the null version, by another one."""
        may_be_replaced = version.is_null and name.bucket_id in self.suspendable
        return may_be_replaced or self.asked(name, version).removal

    def _expired(
        self,
        name: VersionName,
        version: Version,
        before: Mapping[VersionName, Version],
        true_wall_ms: int,
    ) -> None:
        if not self._is_of_rule(name):
            raise Violation("versions", f"{name} is gone, which nobody asked for")
        self.count("versions-expired")
        if not version.superseded_ms:
            # What else the batch has done may have come first.
            left = [other for other in self._others(name, before) if other in self.versions]
            if not version.is_marker or left:
                raise Violation("versions", f"{name} is gone, and was the newest")
            return
        newer = self._newer(name, {**before, **self.versions})
        if newer < self._rule.newer_kept:
            raise Violation("lifecycle", f"{name} is gone, and only {newer} are newer")
        due = due_ms(version.superseded_ms, self._rule.days, day_ms=self._day_ms)
        if self._clocks_are_right and true_wall_ms < due:
            raise Violation("lifecycle", f"{name} is gone {due - true_wall_ms} ms before it is due")

    def _is_of_rule(self, name: VersionName) -> bool:
        return name.key.startswith(self._rule.prefix)

    def _others(
        self, name: VersionName, versions: Mapping[VersionName, Version]
    ) -> list[VersionName]:
        return [other for other in versions if other[:2] == name[:2] and other != name]

    def _newer(self, name: VersionName, versions: Mapping[VersionName, Version]) -> int:
        """Noncurrent ones that are newer."""
        return sum(
            1
            for other in self._others(name, versions)
            if other.object_id > name.object_id and versions[other].superseded_ms
        )


def _end_ms(until_ms: int, at_ms: float, true_wall_ms: int) -> float:
    """In true time, by the fastest clock that is still a clock."""
    return at_ms + max(0, until_ms - true_wall_ms) / CLOCK_RATE_MAX


def _versions_in(store: SimStore) -> Iterator[tuple[VersionName, Version]]:
    with store.read() as txn:
        for place, value in txn.scan(KEYS.table, prefix=b""):
            row = KeyRow.FromString(value)
            bucket_id = int.from_bytes(place[:_BUCKET_ID_BYTES], "big")
            name = VersionName(bucket_id, place[_BUCKET_ID_BYTES:], row.object_id)
            yield name, Version.of(row, 0)
        for place, value in txn.scan(HISTORY.table, prefix=b""):
            kind, key, object_id = history_key_parts(place)
            assert kind == VISIBLE, "these buckets have no history of what was removed"
            history = HistoryRow.FromString(value)
            bucket_id = int.from_bytes(place[:_BUCKET_ID_BYTES], "big")
            name = VersionName(bucket_id, key, object_id)
            yield name, Version.of(history.row, history.superseded_ms)
