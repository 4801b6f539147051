"""What lifecycle rules are to do with what the index by time has, and where that is.

Whether something is due is decided here alone: the worker asks in order to find it, its command
once more in the transaction in which it goes.
"""

from collections.abc import Iterator
from enum import Enum, auto
from itertools import islice, takewhile
from typing import Final, NamedTuple

from trioxygen.common.errors import InvalidRequest
from trioxygen.common.lifecycle import (
    Due,
    LifecycleRules,
    Subject,
    abort_due,
    expiration_due,
    marker_due,
    noncurrent_due,
)
from trioxygen.common.lifecycle_rows import load_rules
from trioxygen.common.transitions import STANDARD, noncurrent_transition_due, transition_due
from trioxygen.common.units import MINUTE_MS
from trioxygen.metadata.om.state.schema import (
    BUCKET_SETTINGS,
    BUCKETS,
    HISTORY,
    KEYS,
    LIFECYCLES,
    UPLOADS,
    VISIBLE,
    bucket_key,
    bucket_prefix,
    history_key,
    key_key,
    upload_key,
    versions_prefix,
)
from trioxygen.metadata.om.state.settings import setting_key
from trioxygen.metadata.om.state.times import TimeKind, TimeRow, is_top
from trioxygen.metadata.om.state.versions import Placed, hides_nothing
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1.om_pb2 import (
    BucketRow,
    BucketSetting,
    HistoryRow,
    KeyRow,
    LifecycleRow,
    LifecycleStream,
    UploadRow,
)

# Parts of a day; see `Stream.until_ms`.
_SETTLES_IN: Final = 20


# ---- the row of a bucket ----


def begin(txn: WriteTxn, bucket: BucketRow, volume: str, revision: int) -> None:
    """There are rules, or other ones: all is looked at from the start."""
    key = bucket_prefix(bucket.bucket_id)
    row = LIFECYCLES.get(txn, key) or LifecycleRow(volume=volume, bucket=bucket.name)
    if not bucket.lifecycle_revision:
        row.state, row.filled_steps, row.filled_after = LifecycleRow.FILLING, 0, b""
    bucket.lifecycle_revision = row.revision = revision
    row.ClearField("streams")
    LIFECYCLES.put(txn, key, row)


def end(txn: WriteTxn, bucket: BucketRow) -> None:
    """There are no rules any more."""
    key = bucket_prefix(bucket.bucket_id)
    row = LIFECYCLES.get(txn, key)
    bucket.lifecycle_revision = 0
    if row is not None:
        row.state = LifecycleRow.CLEARING
        row.ClearField("streams")
        LIFECYCLES.put(txn, key, row)


def timed_bucket(txn: ReadTxn, lifecycle: LifecycleRow, bucket_id: int) -> BucketRow | None:
    """None: it is gone, or has no rules any more."""
    bucket = BUCKETS.get(txn, bucket_key(lifecycle.volume, lifecycle.bucket))
    if bucket is None or bucket.bucket_id != bucket_id or not bucket.lifecycle_revision:
        return None
    return bucket


def rules_of(txn: ReadTxn, bucket_id: int, revision: int) -> LifecycleRules | None:
    """None: there are none, or other ones. Raises: InvalidRequest: they cannot be read."""
    setting = BUCKET_SETTINGS.get(txn, setting_key(bucket_id, BucketSetting.LIFECYCLE, ""))
    if setting is None or setting.revision != revision:
        return None
    try:
        return load_rules(setting.document)
    except ValueError as error:
        raise InvalidRequest("lifecycle rules that cannot be read", bucket=bucket_id) from error


# ---- what is gone through ----


class Stream(NamedTuple):
    """Rows of a kind, as soon as they are so many days old, and from a date on. Of no days: as soon
    as they are there. Each is looked at once.

    Attributes:
        moves: to other classes, which has its own pace; by days, though they be none: at midnight.
    """

    kind: TimeKind
    days: int = 0
    date_ms: int = 0
    moves: bool = False

    @classmethod
    def of(cls, row: LifecycleStream) -> "Stream":
        return cls(TimeKind(row.kind), row.days, row.date_ms, row.moves)

    def row(self, after: bytes) -> LifecycleStream:
        return LifecycleStream(
            kind=self.kind, days=self.days, date_ms=self.date_ms, moves=self.moves, after=after
        )

    def until_ms(self, now_ms: int, day_ms: int) -> int:
        """Rows of up to that time can be looked at; -1: none. The last moment waits: a batch that
        is on its way may have rows in it."""
        if self.kind is TimeKind.AGAIN:
            return now_ms
        if now_ms < self.date_ms:
            return -1
        if self.days or (self.moves and not self.date_ms):
            return now_ms // day_ms * day_ms - self.days * day_ms
        return now_ms - min(MINUTE_MS, day_ms // _SETTLES_IN)


def put_after(lifecycle: LifecycleRow, stream: Stream, after: bytes) -> None:
    """Where the stream goes on."""
    for row in lifecycle.streams:
        if Stream.of(row) == stream:
            row.after = after
            return
    lifecycle.streams.append(stream.row(after))


def streams_of(rules: LifecycleRules) -> list[Stream]:
    """In the order in which they are gone through."""
    streams: dict[Stream, None] = {}
    for rule in rules.enabled:
        expiration, noncurrent = rule.expiration, rule.noncurrent
        if expiration is not None and expiration.removes_markers:
            streams[Stream(TimeKind.MARKER)] = None
        elif expiration is not None and expiration.removes_markers is None:
            for kind in (TimeKind.CURRENT, TimeKind.MARKER):
                streams[Stream(kind, expiration.days or 0, expiration.date_ms or 0)] = None
        if noncurrent is not None:
            streams[Stream(TimeKind.NONCURRENT, noncurrent.days)] = None
            if noncurrent.newer_kept is not None:
                # Each that becomes noncurrent may be one too many for those before.
                streams[Stream(TimeKind.NONCURRENT)] = None
        if rule.abort_days is not None:
            streams[Stream(TimeKind.UPLOAD, rule.abort_days)] = None
    # What goes is not moved before.
    for rule in rules.enabled:
        for to in rule.transitions:
            streams[Stream(TimeKind.CURRENT, to.days or 0, to.date_ms or 0, moves=True)] = None
        for late in rule.noncurrent_transitions:
            streams[Stream(TimeKind.NONCURRENT, late.days, moves=True)] = None
            if late.newer_kept is not None:
                streams[Stream(TimeKind.NONCURRENT)] = None
    # Last: the others get past a row that cannot be handled, this one comes back to it.
    return [*streams, Stream(TimeKind.AGAIN)]


# ---- what is due ----


class Action(Enum):
    """EXPIRE: a current version, which a marker hides where versions are kept; REMOVE: for good;
    MOVE: to another storage class."""

    EXPIRE = auto()
    REMOVE = auto()
    REMOVE_MARKER = auto()
    ABORT = auto()
    MOVE = auto()


class DueAction(NamedTuple):
    """version: of all but ABORT, which has an upload. storage_class: that it is moved to."""

    action: Action
    key: bytes
    version: Placed | None = None
    upload: UploadRow | None = None
    storage_class: str = ""


class RuleEvaluator:
    """What the rules of a bucket say, at a moment, of the state as it is."""

    def __init__(
        self, txn: ReadTxn, bucket: BucketRow, rules: LifecycleRules, *, now_ms: int, day_ms: int
    ) -> None:
        self._txn, self._bucket, self._rules = txn, bucket, rules
        self._now_ms, self._day_ms = now_ms, day_ms
        self._newer_max = max(
            [
                late.newer_kept or 0
                for rule in rules.enabled
                for late in (rule.noncurrent, *rule.noncurrent_transitions)
                if late is not None
            ],
            default=0,
        )

    def due_actions(self, stream: Stream, row: TimeRow, key: bytes) -> list[DueAction]:
        """None where the row says what is not so any more, or nothing is due."""
        if stream.moves:
            due = self.move(row.object_id, key)
        elif row.kind is TimeKind.CURRENT:
            due = self._of_current(row.object_id, key)
        elif row.kind is TimeKind.MARKER:
            due = self._of_marker(row.object_id, key)
        elif row.kind is TimeKind.UPLOAD:
            due = self._of_upload(row.subject, key)
        elif row.kind is TimeKind.AGAIN:
            due = self._of_any(row.object_id, key)
        elif stream.days:
            due = self._of_noncurrent(row.object_id, key)
        else:
            return [*self._of_those_before(row.object_id, key)]
        return [] if due is None else [due]

    def _is_due(self, due: Due | None) -> bool:
        return due is not None and due.at_ms <= self._now_ms

    def _history(self, object_id: int, key: bytes) -> HistoryRow | None:
        place = history_key(self._bucket.bucket_id, VISIBLE, key, object_id)
        return HISTORY.get(self._txn, place)

    def _of_current(self, object_id: int, key: bytes) -> DueAction | None:
        row = KEYS.get(self._txn, key_key(self._bucket.bucket_id, key))
        if row is None or row.object_id != object_id:
            return None
        due = expiration_due(
            self._rules, _subject(key, row), created_ms=row.modified_ms, day_ms=self._day_ms
        )
        return DueAction(Action.EXPIRE, key, Placed(row, True)) if self._is_due(due) else None

    def _of_marker(self, object_id: int, key: bytes) -> DueAction | None:
        history = self._history(object_id, key)
        if history is None or not history.row.is_marker or not is_top(history):
            return None
        due = marker_due(
            self._rules,
            key.decode("utf-8", "surrogateescape"),
            created_ms=history.row.modified_ms,
            day_ms=self._day_ms,
        )
        if not self._is_due(due) or not hides_nothing(self._txn, self._bucket, key):
            return None
        return DueAction(Action.REMOVE_MARKER, key, Placed(history.row, False))

    def _of_upload(self, upload_id: bytes, key: bytes) -> DueAction | None:
        upload = UPLOADS.get(self._txn, upload_key(self._bucket.bucket_id, key, upload_id))
        if upload is None:
            return None
        due = abort_due(
            self._rules,
            key.decode("utf-8", "surrogateescape"),
            begun_ms=upload.created_ms,
            day_ms=self._day_ms,
        )
        return DueAction(Action.ABORT, key, upload=upload) if self._is_due(due) else None

    def _of_any(self, object_id: int, key: bytes) -> DueAction | None:
        history = self._history(object_id, key)
        if history is None:
            gone = self._of_current(object_id, key)
        elif is_top(history):
            gone = self._of_marker(object_id, key)
        else:
            gone = self._of_noncurrent(object_id, key)
        return gone or self.move(object_id, key)

    def move(self, object_id: int, key: bytes) -> DueAction | None:
        """Of a version, whether it is current or not."""
        row = KEYS.get(self._txn, key_key(self._bucket.bucket_id, key))
        if row is not None and row.object_id == object_id:
            wanted = transition_due(
                self._rules,
                _subject(key, row),
                row.storage_class or STANDARD,
                created_ms=row.modified_ms,
                now_ms=self._now_ms,
                day_ms=self._day_ms,
            )
            version = Placed(row, True)
            if wanted is None:
                return None
            return DueAction(Action.MOVE, key, version, storage_class=wanted)
        history = self._history(object_id, key)
        if history is None or history.row.is_marker:
            return None
        return self._noncurrent_move(history, key, self._newer(object_id, key))

    def _noncurrent_move(self, history: HistoryRow, key: bytes, newer: int) -> DueAction | None:
        wanted = noncurrent_transition_due(
            self._rules,
            _subject(key, history.row),
            history.row.storage_class or STANDARD,
            superseded_ms=history.superseded_ms,
            newer_noncurrent=newer,
            now_ms=self._now_ms,
            day_ms=self._day_ms,
        )
        if wanted is None:
            return None
        return DueAction(Action.MOVE, key, Placed(history.row, False), storage_class=wanted)

    def _of_noncurrent(self, object_id: int, key: bytes) -> DueAction | None:
        history = self._history(object_id, key)
        if history is None or is_top(history):
            return None
        return self._removal(history, key, self._newer(object_id, key))

    def _removal(self, history: HistoryRow, key: bytes, newer: int) -> DueAction | None:
        due = noncurrent_due(
            self._rules,
            _subject(key, history.row),
            superseded_ms=history.superseded_ms,
            newer_noncurrent=newer,
            day_ms=self._day_ms,
        )
        if not self._is_due(due):
            return None
        return DueAction(Action.REMOVE, key, Placed(history.row, False))

    def _newer(self, object_id: int, key: bytes) -> int:
        """How many noncurrent versions of the key are newer; no more are counted than matter."""
        if not self._newer_max:
            return 0
        bucket_id = self._bucket.bucket_id
        prefix = versions_prefix(bucket_id, VISIBLE, key)
        end = history_key(bucket_id, VISIBLE, key, object_id)
        # By their row keys alone: each row may have thousands of parts.
        rows = islice(self._txn.scan(HISTORY.table, prefix=prefix), self._newer_max + 1)
        count = sum(1 for _ in takewhile(lambda row: row[0] < end, rows))
        # Where none is current, the newest is the marker that hides the others.
        has_marker = count > 0 and not KEYS.exists(self._txn, key_key(bucket_id, key))
        return count - has_marker

    def _of_those_before(self, object_id: int, key: bytes) -> Iterator[DueAction]:
        """Of older noncurrent versions than one that has become it: any of them may be one too
        many now, whose other conditions hold since long. Those further behind were it before."""
        place = history_key(self._bucket.bucket_id, VISIBLE, key, object_id)
        prefix = versions_prefix(self._bucket.bucket_id, VISIBLE, key)
        newer = self._newer(object_id, key)
        older = HISTORY.scan(self._txn, prefix=prefix, after=place)
        if self._history(object_id, key) is not None:
            newer += 1
        for position, (_, history) in enumerate(islice(older, self._newer_max)):
            behind = newer + position
            due = self._removal(history, key, behind)
            if due is None and not history.row.is_marker:
                due = self._noncurrent_move(history, key, behind)
            if due is not None:
                yield due


def _subject(key: bytes, row: KeyRow) -> Subject:
    tags = tuple([(tag.key, tag.value) for tag in row.tags])
    return Subject(key.decode("utf-8", "surrogateescape"), row.size_bytes, tags)
