"""The OM's own commands about lifecycle rules: the index by time, and what is due.

Whatever the worker has found is looked at once more here, in the transaction in which it goes: an
object that was written anew, locked, or tagged otherwise meanwhile stays."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from trioxygen.common.units import MINUTE_MS
from trioxygen.metadata.om.commands.uploads import abort
from trioxygen.metadata.om.state import locks, times
from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.lifecycle_clock import Distance, note_distance
from trioxygen.metadata.om.state.lifecycles import (
    Action,
    DueAction,
    RuleEvaluator,
    Stream,
    put_after,
    rules_of,
    timed_bucket,
)
from trioxygen.metadata.om.state.schema import (
    HISTORY,
    KEYS,
    LIFECYCLES,
    TIMES,
    TRANSITIONS,
    UPLOADS,
    VISIBLE,
    bucket_prefix,
    history_key_parts,
    history_prefix,
    transition_key,
)
from trioxygen.metadata.om.state.times import TimeKind, read_time_key
from trioxygen.metadata.om.state.transitions import queue, room
from trioxygen.metadata.om.state.versions import Placed, Versions
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Handler, Now
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.metered import MeteredTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.metadata.store.table import Row, RowTable
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    ClearTimes,
    ExpireObjects,
    FillTimes,
    KeyRow,
    LifecycleRow,
    NoteLifecycleClock,
)
from trioxygen.proto.v1.replication_pb2 import WorkReply


def _met(
    txn: ReadTxn, table: RowTable[Row], prefix: bytes, after: bytes, rows_max: int
) -> tuple[list[tuple[bytes, Row]], bool]:
    """So many, or so large ones; whether there may be more."""
    met: list[tuple[bytes, Row]] = []
    metered = MeteredTxn(txn)
    for row in table.scan(metered, prefix=prefix, after=after or None):
        met.append(row)
        if len(met) == rows_max or metered.is_spent:
            return met, True
    return met, False


# The last row of those that were met, where there may be more.
_Place = bytes | None


def _clear(txn: CapturingTxn, bucket: BucketRow, after: bytes, rows_max: int) -> _Place:
    """Of former rules there may be rows of what is there no more."""
    cleared = times.clear_times(txn, bucket.bucket_id, rows_max)
    return cleared[-1] if len(cleared) == rows_max else None


def _fill_current(txn: CapturingTxn, bucket: BucketRow, after: bytes, rows_max: int) -> _Place:
    met, more = _met(txn, KEYS, bucket_prefix(bucket.bucket_id), after, rows_max)
    for row_key, row in met:
        times.note_version(txn, bucket, TimeKind.CURRENT, row.modified_ms, row, row_key[8:])
    return met[-1][0] if more else None


def _fill_history(txn: CapturingTxn, bucket: BucketRow, after: bytes, rows_max: int) -> _Place:
    prefix = history_prefix(bucket.bucket_id, VISIBLE)
    met, more = _met(txn, HISTORY, prefix, after, rows_max)
    for row_key, history in met:
        times.note_history(txn, bucket, history, history_key_parts(row_key)[1])
    return met[-1][0] if more else None


def _fill_uploads(txn: CapturingTxn, bucket: BucketRow, after: bytes, rows_max: int) -> _Place:
    met, more = _met(txn, UPLOADS, bucket_prefix(bucket.bucket_id), after, rows_max)
    for _, upload in met:
        times.note_upload(txn, bucket, upload)
    return met[-1][0] if more else None


# In this order. What is noted meanwhile is cleared with the rest, and filled in again; a version
# that goes from one table to another meanwhile is noted by whoever moves it.
_FILLED: Final[tuple[Callable[[CapturingTxn, BucketRow, bytes, int], _Place], ...]] = (
    _clear,
    _fill_current,
    _fill_history,
    _fill_uploads,
)


class LifecycleCommands:
    def __init__(self, blocks: BlockKeeper, versions: Versions) -> None:
        self._blocks, self._versions = blocks, versions

    def handlers(self) -> dict[type, Handler]:
        return {
            om_pb2.FillTimes: self.fill,
            om_pb2.ClearTimes: self.clear,
            om_pb2.ExpireObjects: self.expire,
            om_pb2.NoteLifecycleClock: self.note_clock,
        }

    def note_clock(self, txn: CapturingTxn, command: NoteLifecycleClock, now: Now) -> WorkReply:
        distance = Distance(command.believed_ms, command.leapt_ms, command.since_ms)
        note_distance(txn, distance)
        return WorkReply()

    def fill(self, txn: CapturingTxn, command: FillTimes, now: Now) -> WorkReply:
        place = bucket_prefix(command.bucket_id)
        lifecycle = LIFECYCLES.get(txn, place)
        if lifecycle is None or lifecycle.state != LifecycleRow.FILLING:
            return WorkReply()
        bucket = timed_bucket(txn, lifecycle, command.bucket_id)
        if bucket is None:
            return WorkReply()
        fill_next = _FILLED[lifecycle.filled_steps]
        last = fill_next(txn, bucket, lifecycle.filled_after, command.rows_max)
        if last is not None:
            lifecycle.filled_after = last
        else:
            lifecycle.filled_steps, lifecycle.filled_after = lifecycle.filled_steps + 1, b""
        is_filled = lifecycle.filled_steps == len(_FILLED)
        if is_filled:
            lifecycle.state = LifecycleRow.WORKING
        LIFECYCLES.put(txn, place, lifecycle)
        return WorkReply(more=not is_filled)

    def clear(self, txn: CapturingTxn, command: ClearTimes, now: Now) -> WorkReply:
        place = bucket_prefix(command.bucket_id)
        lifecycle = LIFECYCLES.get(txn, place)
        if lifecycle is None or lifecycle.state != LifecycleRow.CLEARING:
            return WorkReply()
        if len(times.clear_times(txn, command.bucket_id, command.rows_max)) == command.rows_max:
            return WorkReply(more=True)
        LIFECYCLES.delete(txn, place)
        return WorkReply()

    def expire(self, txn: CapturingTxn, command: ExpireObjects, now: Now) -> WorkReply:
        """More: some are left, and come with the next one."""
        place = bucket_prefix(command.bucket_id)
        lifecycle = LIFECYCLES.get(txn, place)
        if lifecycle is None or lifecycle.revision != command.revision:
            return WorkReply()
        bucket = timed_bucket(txn, lifecycle, command.bucket_id)
        rules = rules_of(txn, command.bucket_id, command.revision)
        if bucket is None or rules is None:
            return WorkReply()
        now_ms = min(now.wall_ms, command.now_ms)
        metered = MeteredTxn(txn)
        evaluator = RuleEvaluator(metered, bucket, rules, now_ms=now_ms, day_ms=command.day_ms)
        stream, day_ms = Stream.of(command.stream), command.day_ms
        execution = _Execution(
            txn, bucket, lifecycle, self._blocks, self._versions, now, day_ms, txn.size_bytes
        )
        after, left = command.stream.after, len(command.row_keys)
        for row_key in command.row_keys:
            if metered.is_spent or not execution.has_room:
                break
            if not execution.handle(evaluator, stream, row_key):
                break
            left -= 1
            after = max(after, row_key)
        if not left:
            after = max(after, command.until)
            lifecycle.examined += command.examined
        if stream.kind is not TimeKind.AGAIN:
            put_after(lifecycle, stream, after)
        lifecycle.worked_ms = now.wall_ms
        LIFECYCLES.put(txn, place, lifecycle)
        return WorkReply(more=left > 0)


@dataclass(slots=True)
class _Execution:
    """Of one command.

    Attributes:
    bytes_before: what its batch had changed before it.
    left: how many more versions may wait for being moved; None: not counted yet."""

    txn: CapturingTxn
    bucket: BucketRow
    lifecycle: LifecycleRow
    blocks: BlockKeeper
    versions: Versions
    now: Now
    day_ms: int
    bytes_before: int
    left: int | None = None

    @property
    def has_room(self) -> bool:
        return self.txn.size_bytes - self.bytes_before < CHANGED_AT_ONCE_BYTES

    def handle(self, evaluator: RuleEvaluator, stream: Stream, row_key: bytes) -> bool:
        """One row of the index; whether all is done that it asks for."""
        key = self.txn.get(TIMES, row_key)
        if key is None:
            return True
        row = read_time_key(row_key)
        if row.kind is TimeKind.AGAIN:
            self.txn.delete(TIMES, row_key)
        # Of one that has become noncurrent, a hundred before it may be to go.
        return all(
            self.has_room and self._do(due) for due in evaluator.due_actions(stream, row, key)
        )

    def _do(self, due: DueAction) -> bool:
        txn, bucket, key, lifecycle = self.txn, self.bucket, due.key, self.lifecycle
        if due.upload is not None:
            is_gone = abort(txn, self.blocks, bucket, due.upload, self.now)
            lifecycle.aborted += is_gone
            return is_gone
        assert due.version is not None, "what is no upload is a version"
        if due.action is Action.MOVE:
            self._queue(due.version.row, key)
            return True
        if due.action is Action.EXPIRE:
            self.versions.delete(txn, bucket, key, due.version, self.now)
            lifecycle.expired += 1
            return True
        if locks.check_removal(due.version.row, self.now, bypasses_governance=False) is not None:
            self._wait(due.version, key)
            return True
        self.versions.remove(txn, bucket, key, due.version, self.now)
        lifecycle.removed += due.action is Action.REMOVE
        lifecycle.removed_markers += due.action is Action.REMOVE_MARKER
        return True

    def _queue(self, row: KeyRow, key: bytes) -> None:
        """For whoever writes it again. Once: what is queued already stays where it is."""
        bucket_id = self.bucket.bucket_id
        if TRANSITIONS.exists(self.txn, transition_key(bucket_id, row.object_id)):
            return
        if self.left is None:
            self.left = room(self.txn)
        if self.left:
            self.left -= 1
            queue(self.txn, bucket_id, row.object_id, key)
        else:
            times.look_again(self.txn, self.bucket, self.now.wall_ms + MINUTE_MS, row, key)

    def _wait(self, version: Placed, key: bytes) -> None:
        """For the end of a retention. That of a legal hold is heard of."""
        lock = version.row.lock
        self.lifecycle.locked += 1
        if lock.mode:
            # By the wall's time it may be over: then only the group's is to come.
            at_ms = max(lock.retain_until_ms, self.now.wall_ms + self.day_ms)
            times.look_again(self.txn, self.bucket, at_ms, version.row, key)
