"""Commands on versions that go to another storage class: given away, and committed when they have
been written again.

What changes is where the bytes are and how they are kept. All else stays: the version's id and
time, its ETag, parts, checksums, tags and lock; what is sealed moves as it is.
"""

from itertools import islice
from typing import Final, NamedTuple

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.transitions import STANDARD
from trioxygen.common.units import GIB, HOUR_MS
from trioxygen.metadata.om.commands.buckets import live_bucket
from trioxygen.metadata.om.state import times
from trioxygen.metadata.om.state.blocks import BlockKeeper, check_row
from trioxygen.metadata.om.state.lifecycle_clock import noted_distance, tell
from trioxygen.metadata.om.state.lifecycles import DueAction, RuleEvaluator, rules_of, timed_bucket
from trioxygen.metadata.om.state.schema import (
    LIFECYCLES,
    TRANSITIONS,
    bucket_prefix,
    transition_key,
)
from trioxygen.metadata.om.state.transitions import free, lease_ms, room
from trioxygen.metadata.om.state.versions import Versions, object_of_id
from trioxygen.metadata.replication.batch import Handler, Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import om_pb2, types_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    CommitTransitionReply,
    CommitTransitionRequest,
    KeyRow,
    LeaseTransitions,
    LifecycleRow,
    RewrittenRow,
    TakeTransitionsReply,
    Transition,
    TransitionRow,
    VersionId,
)
from trioxygen.proto.v1.types_pb2 import BlockId

TAKEN_AT_ONCE_MAX: Final = 100
_TAKEN_BYTES_MAX: Final = GIB
# Readers of an object do not notice that it moves, unless they take longer.
_READ_ON_MS: Final = HOUR_MS


class TransitionCommands:
    def __init__(self, blocks: BlockKeeper, versions: Versions) -> None:
        self._blocks, self._versions = blocks, versions

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.LeaseTransitions: self.lease,
            om_pb2.CommitTransitionRequest: self.commit,
        }

    def lease(self, txn: CapturingTxn, command: LeaseTransitions, now: Now) -> TakeTransitionsReply:
        """What is not to be moved any more, by the rules as they are, is no transition."""
        reply = TakeTransitionsReply()
        ruled_buckets = _RuledBuckets(txn, now, command.day_ms)
        size_bytes, left = 0, room(txn)
        count_max = min(TAKEN_AT_ONCE_MAX, command.count_max)
        for place, row in list(islice(free(txn, command.after, now.group_ms), count_max)):
            object_id = int.from_bytes(place[8:], "big")
            ruled = ruled_buckets.of(int.from_bytes(place[:8], "big"))
            due = ruled and ruled.evaluator.move(object_id, row.key)
            # What has failed holds up no others for longer than a day.
            has_failed = row.free_ms > 0 and not left
            if ruled is None or due is None or due.version is None or has_failed:
                TRANSITIONS.delete(txn, place)
                left += 1
                if ruled is not None:
                    ruled_buckets.put_off(ruled, object_id, row.key)
                continue
            reply.transitions.append(_transition(ruled, due, due.version.row, place))
            size_bytes += due.version.row.size_bytes
            if size_bytes >= _TAKEN_BYTES_MAX:
                break
        # They are written one after the other: the last one waits for all the others.
        reply.lease_ms = lease_ms(size_bytes)
        for each in reply.transitions:
            free_ms = now.group_ms + reply.lease_ms
            TRANSITIONS.put(txn, each.place, TransitionRow(key=each.key, free_ms=free_ms))
        return reply

    def commit(
        self, txn: CapturingTxn, command: CommitTransitionRequest, now: Now
    ) -> CommitTransitionReply | Refusal:
        bucket = live_bucket(txn, command)
        if isinstance(bucket, Refusal):
            return bucket
        version = object_of_id(txn, bucket.bucket_id, command.key, command.object_id)
        if version is None or not _is_at(version.row, command):
            return Refusal(types_pb2.CONDITION_CONFLICT, "the version is not what was read")
        row, moved = version.row, command.row
        refusal = self._check(txn, row, moved)
        if refusal is not None:
            return refusal
        if moved.blocks:
            self._blocks.reference(txn, moved.blocks)
            self._blocks.release(txn, row.blocks, now, delay_ms_min=_READ_ON_MS)
            row.ClearField("blocks")
            row.blocks.extend(moved.blocks)
            row.replication.CopyFrom(moved.replication)
        row.storage_class = moved.storage_class
        # By now it may be due for the next class: it is looked at again.
        self._versions.write(txn, bucket, command.key, version)
        TRANSITIONS.delete(txn, transition_key(bucket.bucket_id, row.object_id))
        place = bucket_prefix(bucket.bucket_id)
        lifecycle = LIFECYCLES.get(txn, place)
        if lifecycle is not None:
            lifecycle.transitioned += 1
            lifecycle.worked_ms = now.wall_ms
            LIFECYCLES.put(txn, place, lifecycle)
        return CommitTransitionReply()

    def _check(self, txn: CapturingTxn, row: KeyRow, moved: RewrittenRow) -> Refusal | None:
        if not moved.blocks:
            return None
        held_bytes = sum(piece.length_bytes for piece in row.blocks)
        written_bytes = sum(piece.length_bytes for piece in moved.blocks)
        if written_bytes != held_bytes or not moved.HasField("replication"):
            return Refusal(
                types_pb2.INVALID_REQUEST,
                "the version's bytes are others",
                {"held": str(held_bytes), "written": str(written_bytes)},
            )
        longer = KeyRow()
        longer.CopyFrom(row)
        longer.ClearField("blocks")
        longer.blocks.extend(moved.blocks)
        return check_row(longer) or self._blocks.check_leased(txn, moved.blocks)


class _RuledBucket(NamedTuple):
    """A bucket that has rules."""

    lifecycle: LifecycleRow
    bucket: BucketRow
    evaluator: RuleEvaluator


class _RuledBuckets:
    """Of one command."""

    def __init__(self, txn: CapturingTxn, now: Now, day_ms: int) -> None:
        self._txn, self._day_ms = txn, day_ms
        now_is = tell(
            noted_distance(txn), wall_ms=now.wall_ms, group_ms=now.group_ms, day_ms=day_ms
        )
        self._now_ms = now_is.wall_ms
        self._known: dict[int, _RuledBucket | None] = {}

    def of(self, bucket_id: int) -> _RuledBucket | None:
        if bucket_id not in self._known:
            self._known[bucket_id] = self._look_up(bucket_id)
        return self._known[bucket_id]

    def put_off(self, ruled: _RuledBucket, object_id: int, key: bytes) -> None:
        """To the next day. What is not due may have been so by a clock that was ahead: others of
        its age have been looked at."""
        version = object_of_id(self._txn, ruled.bucket.bucket_id, key, object_id)
        if version is not None:
            at_ms = self._now_ms + self._day_ms
            times.look_again(self._txn, ruled.bucket, at_ms, version.row, key)

    def _look_up(self, bucket_id: int) -> _RuledBucket | None:
        lifecycle = LIFECYCLES.get(self._txn, bucket_prefix(bucket_id))
        if lifecycle is None:
            return None
        bucket = timed_bucket(self._txn, lifecycle, bucket_id)
        if bucket is None:
            return None
        try:
            rules = rules_of(self._txn, bucket_id, lifecycle.revision)
        except InvalidRequest:
            # The worker says so, at each look.
            return None
        if rules is None:
            return None
        evaluator = RuleEvaluator(
            self._txn, bucket, rules, now_ms=self._now_ms, day_ms=self._day_ms
        )
        return _RuledBucket(lifecycle, bucket, evaluator)


def _transition(ruled: _RuledBucket, due: DueAction, row: KeyRow, place: bytes) -> Transition:
    return Transition(
        volume=ruled.lifecycle.volume,
        bucket=ruled.lifecycle.bucket,
        bucket_id=ruled.bucket.bucket_id,
        key=due.key,
        object_id=row.object_id,
        version=VersionId(object_id=row.object_id if row.is_versioned else 0),
        storage_class="" if due.storage_class == STANDARD else due.storage_class,
        place=place,
    )


def _is_at(row: KeyRow, command: CommitTransitionRequest) -> bool:
    """No block is ever written twice: where the first one is the same, so are all."""
    if not row.blocks:
        return not command.HasField("first_block")
    first = row.blocks[0]
    return command.first_block == BlockId(container=first.container, local=first.local)
