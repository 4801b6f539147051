"""Object Lock: whether a version may go, and how its lock may change. Pure.

A retention is over when both clocks say so: the wall's, which S3 shows, and the group's, which no
one can set ahead. So a clock that jumps frees nothing.

How much of a retention is left when it is set, two walls' clocks say, the leader's and that of who
asks, and the longer answer counts. Who asks is a gateway, which refuses requests of clients whose
clocks differ from its own: so it is left what the client meant, whatever time the leader has.

Source: S3 user guide, "Locking objects with Object Lock".
"""

from trioxygen.common.units import DAY_MS
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import BucketLock, BucketRow, KeyRow, ObjectLock, Retention

_DAYS_OF_YEAR = 365


def check_removal(row: KeyRow, now: Now, *, bypasses_governance: bool) -> Refusal | None:
    """Of a version, for good."""
    if not row.HasField("lock"):
        return None
    lock = row.lock
    if lock.legal_hold:
        return _locked("legal hold")
    if not _binds(lock, now) or (lock.mode == om_pb2.GOVERNANCE and bypasses_governance):
        return None
    return _locked(om_pb2.LockMode.Name(lock.mode))


def check_retention(
    lock: ObjectLock, wanted: Retention, now: Now, *, bypasses_governance: bool
) -> Refusal | None:
    """Of a version whose lock is `lock`: what binds is only made longer."""
    if not _binds(lock, now):
        return None
    if wanted.mode == lock.mode and wanted.retain_until_ms >= lock.retain_until_ms:
        return None
    if lock.mode == om_pb2.GOVERNANCE and bypasses_governance:
        return None
    return _locked(om_pb2.LockMode.Name(lock.mode))


def retain(lock: ObjectLock, wanted: Retention, now: Now, *, asked_ms: int = 0) -> None:
    """Sets a retention that `check_retention` has allowed.

    Args:
        asked_ms: the wall time of who asks; 0: not known.
    """
    wall_ms = min(now.wall_ms, asked_ms or now.wall_ms)
    left_ms = max(0, wanted.retain_until_ms - wall_ms)
    group_ms = now.group_ms + left_ms
    if wanted.mode == lock.mode and wanted.retain_until_ms >= lock.retain_until_ms:
        # A wall clock that is ahead now would say that less of it is left.
        group_ms = max(group_ms, lock.retain_until_group_ms)
    if wanted.mode == om_pb2.LOCK_MODE_NONE:
        lock.ClearField("mode")
        lock.ClearField("retain_until_ms")
        lock.ClearField("retain_until_group_ms")
        return
    lock.mode, lock.retain_until_ms = wanted.mode, wanted.retain_until_ms
    lock.retain_until_group_ms = group_ms


def lock_new(
    bucket: BucketRow,
    row: KeyRow,
    now: Now,
    *,
    promised: ObjectLock | None = None,
    asked_ms: int = 0,
) -> Refusal | None:
    """What a new version is locked with: what it comes with, else the bucket's default.

    Args:
        asked_ms: as of `retain`.
        promised: when its upload began (`lock_upload`): a clock that steps shortens nothing.
    """
    refusal = check_new(bucket, row.lock)
    if refusal is not None or not bucket.HasField("object_lock"):
        row.ClearField("lock")
        return refusal
    wanted = Retention(mode=row.lock.mode, retain_until_ms=row.lock.retain_until_ms)
    row.lock.ClearField("mode")
    row.lock.ClearField("retain_until_group_ms")
    if not wanted.mode and bucket.object_lock.mode:
        # So many days from now on: of this clock both its ends are.
        wanted, asked_ms = _default(bucket.object_lock, now), 0
    retain(row.lock, wanted, now, asked_ms=asked_ms)
    if promised is not None and promised.mode:
        row.lock.retain_until_group_ms = max(
            row.lock.retain_until_group_ms, promised.retain_until_group_ms
        )
    if not row.lock.mode and not row.lock.HasField("legal_hold"):
        row.ClearField("lock")
    return None


def lock_upload(lock: ObjectLock, now: Now, *, asked_ms: int = 0) -> None:
    """What the object of an upload is to be locked with, which `check_new` has allowed."""
    wanted = Retention(mode=lock.mode, retain_until_ms=lock.retain_until_ms)
    lock.ClearField("mode")
    lock.ClearField("retain_until_group_ms")
    retain(lock, wanted, now, asked_ms=asked_ms)


def check_new(bucket: BucketRow, lock: ObjectLock) -> Refusal | None:
    """Of what a new version, or an upload, comes with."""
    is_locked = bool(lock.mode) or lock.HasField("legal_hold")
    return needs_lock() if is_locked and not bucket.HasField("object_lock") else None


def needs_lock() -> Refusal:
    return Refusal(types_pb2.BUCKET_STATE, "the bucket has no Object Lock", {"needs": "lock"})


def _default(lock: BucketLock, now: Now) -> Retention:
    days = lock.days + _DAYS_OF_YEAR * lock.years
    return Retention(mode=lock.mode, retain_until_ms=now.wall_ms + days * DAY_MS)


def _binds(lock: ObjectLock, now: Now) -> bool:
    return bool(lock.mode) and (
        now.wall_ms < lock.retain_until_ms or now.group_ms < lock.retain_until_group_ms
    )


def _locked(by: str) -> Refusal:
    return Refusal(types_pb2.OBJECT_LOCKED, facts={"by": by})
