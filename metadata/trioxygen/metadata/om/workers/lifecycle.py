"""What lifecycle rules say, done: bucket after bucket, a page of what has become due at a time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.lifecycle import LifecycleRules
from trioxygen.common.units import DAY_MS, MINUTE_MS, SECOND_MS
from trioxygen.metadata.om.state.lifecycle_clock import has_changed, noted_distance, tell
from trioxygen.metadata.om.state.lifecycles import (
    RuleEvaluator,
    Stream,
    rules_of,
    streams_of,
    timed_bucket,
)
from trioxygen.metadata.om.state.schema import LIFECYCLES, TIMES, TRANSITIONS
from trioxygen.metadata.om.state.times import TimeKind, kind_prefix, read_time_key
from trioxygen.metadata.om.state.transitions import QUEUED_MAX
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.replication.rounds import ROWS_AT_ONCE_MAX, Round, execute_rows
from trioxygen.metadata.store.metered import MeteredTxn
from trioxygen.proto.v1.om_pb2 import (
    ClearTimes,
    ExpireObjects,
    FillTimes,
    LifecycleRow,
    NoteLifecycleClock,
)
from trioxygen.proto.v1.replication_pb2 import WorkReply

log = logs.get(__name__)

_LOOKED_AT_MAX: Final = 500
_LOOKED_AT_MIN: Final = 50
# With more rules fewer rows are looked at in one go: each is compared with all of them.
_RULES_OF_FULL_PAGES: Final = 50
_BUCKETS_KEPT_MAX: Final = 1_000
# Of rows for each of which those around it are looked at, too.
_TRIGGERS_MAX: Final = 20
# Where nothing goes, it is stored so often where the look is, so that another leader goes on there.
_ROWS_UNTIL_STORED: Final = 10_000
# So many cost as much as one that goes.
_LOOKS_PER_ROW: Final = 10
# For so long a bucket has the worker: none waits for another with millions of objects to go. Much
# longer than it takes to see that others have nothing.
_TURN_MS: Final = 10 * SECOND_MS
_INTERVALS_PER_DAY: Final = 10
_INTERVAL_MS_MIN: Final = 100


class Pace(NamedTuple):
    """day_ms: the length of a day. rows_per_second: that something is done with."""

    day_ms: int = DAY_MS
    rows_per_second: int = 2_000

    @property
    def interval_ms(self) -> float:
        return min(MINUTE_MS, max(_INTERVAL_MS_MIN, self.day_ms / _INTERVALS_PER_DAY))


class _Page(NamedTuple):
    """due: rows of the index of which something is to be done. is_full: there may be more."""

    due: list[bytes]
    last: bytes
    looked_at: int
    is_full: bool


class _Place(NamedTuple):
    """Where a stream is, if that is not stored yet. examined: since it was."""

    after: bytes
    examined: int


class Lifecycle:
    """A Worker, of the leader."""

    name = "om-lifecycle"

    def __init__(self, executor: Executor, clock: Clock, pace: Pace) -> None:
        self._executor, self._clock, self._pace = executor, clock, pace
        self.interval_ms = pace.interval_ms
        self._round = Round()
        # Of some bucket, whose turn was over in this round.
        self._has_more = False
        self._turn_of, self._turn_began_ms = b"", 0.0
        # By bucket, revision and stream.
        self._places: dict[tuple[int, int, Stream], _Place] = {}
        # By bucket, with their revision.
        self._rules: dict[int, tuple[int, LifecycleRules]] = {}
        self._term = -1
        self._now_ms = 0

    async def work(self) -> bool:
        """One bucket. Raises: what the executor raises."""
        if not self._executor.replica.is_leader():
            return False
        if self._executor.replica.term != self._term:
            self._term = self._executor.replica.term
            self._places.clear()
        with self._executor.store.read() as txn:
            rows = LIFECYCLES.scan(txn, prefix=b"", after=self._round.after)
            first = next(rows, None)
        was_at = self._round.after
        self._round.went_to(None if first is None else first[0])
        if first is None:
            more, self._has_more = self._has_more, False
            return more
        if first[0] != self._turn_of:
            self._turn_of, self._turn_began_ms = first[0], self._clock.monotonic_ms()
        await self._tell_time()
        if await self._handle(int.from_bytes(first[0], "big"), first[1]):
            if self._clock.monotonic_ms() - self._turn_began_ms < _TURN_MS:
                self._round.went_to(was_at)
            else:
                self._turn_of, self._has_more = b"", True
        return True

    async def _tell_time(self) -> None:
        with self._executor.store.read() as txn:
            noted = noted_distance(txn)
        now_is = tell(
            noted,
            wall_ms=self._clock.wall_ms(),
            group_ms=self._executor.group_ms(),
            day_ms=self._pace.day_ms,
        )
        self._now_ms = now_is.wall_ms
        if not has_changed(noted, now_is.distance, day_ms=self._pace.day_ms):
            return
        believed_ms, leapt_ms, since_ms = now_is.distance
        if since_ms:
            log.warning("clock_leapt", ahead_ms=leapt_ms - believed_ms)
        await self._executor.execute(
            NoteLifecycleClock(believed_ms=believed_ms, leapt_ms=leapt_ms, since_ms=since_ms)
        )

    async def _handle(self, bucket_id: int, lifecycle: LifecycleRow) -> bool:
        """Whether there is more to do at once."""
        if lifecycle.state == LifecycleRow.FILLING:
            return await self._execute(FillTimes(bucket_id=bucket_id, rows_max=ROWS_AT_ONCE_MAX))
        if lifecycle.state == LifecycleRow.CLEARING:
            return await self._execute(ClearTimes(bucket_id=bucket_id, rows_max=ROWS_AT_ONCE_MAX))
        rules = self._read_rules(bucket_id, lifecycle.revision)
        if rules is None:
            return False
        more = False
        for stream in streams_of(rules):
            more |= await self._look(bucket_id, lifecycle, rules, stream)
            # A thousand rules have a thousand streams, most of them without anything.
            await self._clock.sleep_ms(0)
        return more

    def _read_rules(self, bucket_id: int, revision: int) -> LifecycleRules | None:
        kept = self._rules.get(bucket_id)
        if kept is not None and kept[0] == revision:
            return kept[1]
        with self._executor.store.read() as txn:
            rules = rules_of(txn, bucket_id, revision)
        if len(self._rules) >= _BUCKETS_KEPT_MAX:
            self._rules.clear()
        if rules is not None:
            self._rules[bucket_id] = revision, rules
        return rules

    async def _execute(self, command: FillTimes | ClearTimes) -> bool:
        reply = await self._executor.execute(command)
        return isinstance(reply, WorkReply) and reply.more

    async def _look(
        self, bucket_id: int, lifecycle: LifecycleRow, rules: LifecycleRules, stream: Stream
    ) -> bool:
        """At the next rows of a stream; whether there are more."""
        day_ms, now_ms = self._pace.day_ms, self._now_ms
        room = QUEUED_MAX - self._executor.store.count(TRANSITIONS.table)
        if stream.moves and room <= 0:
            return False
        where = (bucket_id, lifecycle.revision, stream)
        place = self._places.get(where) or _stored_place(lifecycle, stream)
        after = place.after
        if after and read_time_key(after).time_ms > now_ms:
            # The clock was ahead: what is written now comes before.
            after = b""
        with self._executor.store.read() as txn:
            bucket = timed_bucket(txn, lifecycle, bucket_id)
            if bucket is None:
                return False
            count_max = page_rows(rules, stream)
            if stream.moves:
                count_max = min(count_max, room)
            metered = MeteredTxn(txn)
            evaluator = RuleEvaluator(metered, bucket, rules, now_ms=now_ms, day_ms=day_ms)
            until_ms = stream.until_ms(now_ms, day_ms)
            page = next_page(metered, bucket_id, evaluator, stream, after, until_ms, count_max)
        if not page.looked_at:
            return False
        examined = place.examined + page.looked_at
        if not page.due and examined < _ROWS_UNTIL_STORED:
            self._places[where] = _Place(page.last, examined)
            await self._wait(page)
            return page.is_full
        self._places.pop(where, None)

        def expire(row_keys: Sequence[bytes]) -> ExpireObjects:
            is_whole = len(row_keys) == len(page.due)
            return ExpireObjects(
                bucket_id=bucket_id,
                revision=lifecycle.revision,
                day_ms=day_ms,
                stream=stream.row(after),
                row_keys=row_keys,
                until=page.last if is_whole else row_keys[-1],
                examined=examined if is_whole else 1,
                now_ms=now_ms,
            )

        has_left = await execute_rows(self._executor, page.due, expire)
        log.debug("lifecycle_page", bucket=lifecycle.bucket, kind=stream.kind, rows=len(page.due))
        await self._wait(page)
        return has_left or page.is_full

    async def _wait(self, page: _Page) -> None:
        """So that requests have the machine for themselves most of the time."""
        rows = len(page.due) + page.looked_at / _LOOKS_PER_ROW
        await self._clock.sleep_ms(SECOND_MS * rows / self._pace.rows_per_second)


def _stored_place(lifecycle: LifecycleRow, stream: Stream) -> _Place:
    for row in lifecycle.streams:
        if Stream.of(row) == stream:
            return _Place(row.after, 0)
    return _Place(b"", 0)


def page_rows(rules: LifecycleRules, stream: Stream) -> int:
    """How many rows are looked at in one go."""
    is_trigger = stream.kind is TimeKind.NONCURRENT and not stream.days and not stream.moves
    most, least = (_TRIGGERS_MAX, 1) if is_trigger else (_LOOKED_AT_MAX, _LOOKED_AT_MIN)
    rows = most * _RULES_OF_FULL_PAGES // max(_RULES_OF_FULL_PAGES, len(rules.rules))
    return max(least, rows)


def next_page(
    txn: MeteredTxn,
    bucket_id: int,
    evaluator: RuleEvaluator,
    stream: Stream,
    after: bytes,
    until_ms: int,
    count_max: int,
) -> _Page:
    """Args: txn: that `evaluator` reads in: on the loop, so that megabytes of rows have to wait."""
    due: list[bytes] = []
    last, looked_at = after, 0
    prefix = kind_prefix(bucket_id, stream.kind)
    for row_key, key in txn.scan(TIMES, prefix=prefix, after=after or None):
        row = read_time_key(row_key)
        if row.time_ms > until_ms:
            break
        last, looked_at = row_key, looked_at + 1
        # A row that says to look again is taken away by that.
        if row.kind is TimeKind.AGAIN or evaluator.due_actions(stream, row, key):
            due.append(row_key)
        if looked_at == count_max or txn.is_spent:
            return _Page(due, last, looked_at, is_full=True)
    return _Page(due, last, looked_at, is_full=False)
