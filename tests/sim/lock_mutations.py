"""Ways to break, on purpose, what keeps locked versions. The simulation must notice every one."""

from types import SimpleNamespace
from typing import Any, Final

from tests.sim.mutations import Mutation, Patch
from trioxygen.metadata.om.commands import lifecycle
from trioxygen.metadata.om.commands.buckets import BucketCommands
from trioxygen.metadata.om.state import locks
from trioxygen.metadata.om.state.lifecycles import RuleEvaluator
from trioxygen.metadata.om.state.schema import BUCKETS, bucket_key
from trioxygen.metadata.replication.group_time import GroupTime, NotedTime
from trioxygen.proto.v1.om_pb2 import KeyRow, SetBucketVersioningReply

LEAPING: Final[dict[str, Any]] = {
    "oms": 3,
    "clocks": True,
    "leaps": True,
    "network": False,
    "crashes": False,
    "disks": False,
    "pauses": False,
    "transfers": True,
    "faults": 150.0,
    "retained_s_max": 6.0,
}
_CALM: Final = LEAPING | {"clocks": False, "leaps": False, "faults": 600.0}


def _group_time_not_looked_at() -> list[Patch]:
    """A retention is over when the wall clock says so."""

    def binds(lock: Any, now: Any) -> bool:
        return bool(lock.mode) and now.wall_ms < lock.retain_until_ms

    return [(locks, "_binds", binds)]


def _group_time_follows_the_wall() -> list[Patch]:
    def now_ms(self: Any, noted: NotedTime) -> int:
        wall_ms: int = self._clock.wall_ms()
        return max(noted.group_ms, wall_ms)

    return [(GroupTime, "now_ms", now_ms)]


def _leader_alone_says_what_is_left() -> list[Patch]:
    """Of a retention, when it is set."""

    def retain(lock: Any, wanted: Any, now: Any, **_: Any) -> None:
        right(lock, wanted, now)

    right = locks.retain
    return [(locks, "retain", retain)]


def _shorter_retention_taken() -> list[Patch]:
    return [(locks, "check_retention", lambda *_, **__: None)]


def _hold_not_looked_at() -> list[Patch]:
    def check_removal(row: KeyRow, now: Any, **rest: Any) -> Any:
        seen = KeyRow()
        seen.CopyFrom(row)
        seen.lock.legal_hold = False
        return right(seen, now, **rest)

    right = locks.check_removal
    return [(locks, "check_removal", check_removal)]


def _bypass_lifts_compliance() -> list[Patch]:
    def check_removal(row: KeyRow, now: Any, *, bypasses_governance: bool) -> Any:
        if bypasses_governance and not row.lock.legal_hold:
            return None
        return right(row, now, bypasses_governance=bypasses_governance)

    right = locks.check_removal
    return [(locks, "check_removal", check_removal)]


def _null_version_replaced_under_lock() -> list[Patch]:
    """Versions are suspended whatever the bucket has: then each put replaces the null version."""

    def set_versioning(self: Any, txn: Any, command: Any, now: Any) -> Any:
        place = bucket_key(command.volume, command.bucket)
        bucket = BUCKETS.get(txn, place)
        assert bucket is not None
        bucket.versioning = command.versioning
        BUCKETS.put(txn, place, bucket)
        return SetBucketVersioningReply()

    return [(BucketCommands, "set_versioning", set_versioning)]


def _lifecycle_forgets_locks() -> list[Patch]:
    return [(lifecycle, "locks", SimpleNamespace(check_removal=lambda *_, **__: None))]


def _newest_noncurrent_not_kept() -> list[Patch]:
    return [(RuleEvaluator, "_newer", lambda *_: 1_000)]


LOCK_MUTATIONS: Final = (
    Mutation("group-time-not-looked-at", _group_time_not_looked_at, LEAPING),
    Mutation("group-time-follows-the-wall", _group_time_follows_the_wall, LEAPING),
    Mutation("leader-alone-says-what-is-left", _leader_alone_says_what_is_left, LEAPING),
    Mutation("shorter-retention-taken", _shorter_retention_taken, _CALM),
    Mutation("hold-not-looked-at", _hold_not_looked_at, _CALM),
    Mutation("bypass-lifts-compliance", _bypass_lifts_compliance, _CALM),
    Mutation("null-version-replaced-under-lock", _null_version_replaced_under_lock, _CALM),
    Mutation("lifecycle-forgets-locks", _lifecycle_forgets_locks, _CALM),
    Mutation("newest-noncurrent-not-kept", _newest_noncurrent_not_kept, _CALM),
)
