"""Retention and legal hold, by any sequence of calls and steps of the wall clock: what was promised
is kept. The promises are noted apart from the rules, as a client would understand them."""

import random
from typing import Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from trioxygen.common.units import DAY_MS
from trioxygen.metadata.om.state import locks
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

START_MS: Final = 50 * 365 * DAY_MS
FAR_S: Final = 30 * 365 * 86_400
BOTH: Final = st.sampled_from((om.GOVERNANCE, om.COMPLIANCE))
# Few, so that they meet; a clock steps by as much as is retained, or out of all bounds.
LENGTHS_S: Final = st.sampled_from((1, 100, 200, 300))
STEPS_S: Final = st.sampled_from((-FAR_S, -300, -200, -100, -1, 1, 100, 200, 300, FAR_S))


def at(wall_ms: int, group_ms: int) -> Now:
    return Now(wall_ms, group_ms, 0, random.Random(0))


class Promises(RuleBasedStateMachine):
    """One version.

    Attributes:
        promised_ms: in true time, how long it was last said that it stays, by mode.
        shown_ms: the date that a client sees for that.
    """

    def __init__(self) -> None:
        super().__init__()
        self.row = om.KeyRow()
        self.bucket = om.BucketRow(versioning=om.VERSIONED)
        self.bucket.object_lock.SetInParent()
        self.wall_ms, self.true_ms = START_MS, START_MS
        self.mode = om.LOCK_MODE_NONE
        self.promised_ms = self.shown_ms = 0
        self.is_held = False

    @property
    def now(self) -> Now:
        return at(self.wall_ms, self.true_ms)

    @property
    def is_promised(self) -> bool:
        return self.mode != om.LOCK_MODE_NONE and (
            self.true_ms < self.promised_ms or self.wall_ms < self.shown_ms
        )

    @rule(seconds=LENGTHS_S)
    def time_passes(self, seconds: int) -> None:
        self.true_ms += seconds * 1_000
        self.wall_ms += seconds * 1_000

    @rule(seconds=STEPS_S)
    def wall_clock_steps(self, seconds: int) -> None:
        self.wall_ms = max(1, self.wall_ms + seconds * 1_000)

    @rule(mode=BOTH, seconds=LENGTHS_S, bypass=st.booleans())
    def retain(self, mode: om.LockMode, seconds: int, bypass: bool) -> None:
        until_ms = self.wall_ms + seconds * 1_000
        self._retain(om.Retention(mode=mode, retain_until_ms=until_ms), bypass)

    @rule(more_s=st.sampled_from((-100, -1, 0, 1, 100)), bypass=st.booleans())
    def move_date(self, more_s: int, bypass: bool) -> None:
        """To one near the one that it has."""
        until_ms = self.shown_ms + more_s * 1_000
        if self.mode and until_ms > self.wall_ms:
            self._retain(om.Retention(mode=self.mode, retain_until_ms=until_ms), bypass)

    @rule(bypass=st.booleans())
    def retain_no_more(self, bypass: bool) -> None:
        self._retain(om.Retention(), bypass)

    def _retain(self, wanted: om.Retention, bypass: bool) -> None:
        shortens = wanted.mode != self.mode or wanted.retain_until_ms < self.shown_ms
        may = not shortens or (bypass and self.mode == om.GOVERNANCE)
        refusal = locks.check_retention(self.row.lock, wanted, self.now, bypasses_governance=bypass)
        if self.is_promised and not may:
            assert refusal is not None and refusal.code == types_pb2.OBJECT_LOCKED
        if refusal is not None:
            assert self.is_promised and not may
            return
        locks.retain(self.row.lock, wanted, self.now)
        promised_ms = self.true_ms + wanted.retain_until_ms - self.wall_ms
        # The later of the two dates was promised to somebody, whatever the clock said then.
        self.promised_ms = promised_ms if shortens else max(promised_ms, self.promised_ms)
        self.mode, self.shown_ms = wanted.mode, wanted.retain_until_ms

    @rule(is_held=st.booleans())
    def hold(self, is_held: bool) -> None:
        self.row.lock.legal_hold = self.is_held = is_held

    @invariant()
    def stays_as_long_as_was_promised_and_no_longer(self) -> None:
        for bypass in (False, True):
            refusal = locks.check_removal(self.row, self.now, bypasses_governance=bypass)
            is_lifted = bypass and self.mode == om.GOVERNANCE
            assert (refusal is not None) == (self.is_held or (self.is_promised and not is_lifted))

    @invariant()
    def shows_what_was_asked_for(self) -> None:
        lock = self.row.lock
        assert (lock.mode, lock.retain_until_ms) == (self.mode, self.shown_ms)


TestPromises = Promises.TestCase
TestPromises.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)


def bucket_with(mode: om.LockMode = om.LOCK_MODE_NONE, **default: int) -> om.BucketRow:
    row = om.BucketRow(versioning=om.VERSIONED)
    row.object_lock.CopyFrom(om.BucketLock(mode=mode, **default))
    return row


@pytest.mark.parametrize(
    ("default", "days"), [({"days": 3}, 3), ({"years": 1}, 365), ({"years": 100}, 36_500)]
)
def test_new_version_has_the_buckets_default(default: dict[str, int], days: int) -> None:
    row = om.KeyRow()
    assert locks.lock_new(bucket_with(om.COMPLIANCE, **default), row, at(START_MS, 7)) is None
    assert row.lock == om.ObjectLock(
        mode=om.COMPLIANCE,
        retain_until_ms=START_MS + days * DAY_MS,
        retain_until_group_ms=7 + days * DAY_MS,
    )


def test_what_a_version_comes_with_is_stronger_than_the_default() -> None:
    row = om.KeyRow()
    row.lock.mode, row.lock.retain_until_ms = om.GOVERNANCE, START_MS + 1_000
    # What only the OM knows is never taken from outside.
    row.lock.retain_until_group_ms = 1
    assert locks.lock_new(bucket_with(om.COMPLIANCE, years=9), row, at(START_MS, 7)) is None
    assert (row.lock.mode, row.lock.retain_until_group_ms) == (om.GOVERNANCE, 1_007)


def test_hold_alone_does_not_drop_the_default_and_nothing_leaves_nothing() -> None:
    held, plain = om.KeyRow(), om.KeyRow()
    held.lock.legal_hold = True
    assert locks.lock_new(bucket_with(om.GOVERNANCE, days=1), held, at(START_MS, 0)) is None
    assert held.lock.legal_hold and held.lock.mode == om.GOVERNANCE
    assert locks.lock_new(bucket_with(), plain, at(START_MS, 0)) is None
    assert not plain.HasField("lock")


def test_no_version_is_locked_where_there_is_no_object_lock() -> None:
    for lock in (om.ObjectLock(legal_hold=False), om.ObjectLock(mode=om.GOVERNANCE)):
        row = om.KeyRow(lock=lock)
        refusal = locks.lock_new(om.BucketRow(), row, at(START_MS, 0))
        assert isinstance(refusal, Refusal) and refusal.code == types_pb2.BUCKET_STATE


def test_extension_by_a_clock_that_is_ahead_takes_nothing_back() -> None:
    row = om.KeyRow()
    until_ms = START_MS + 300_000
    wanted = om.Retention(mode=om.COMPLIANCE, retain_until_ms=until_ms)
    locks.retain(row.lock, wanted, at(START_MS, 0))
    ahead = at(START_MS + 200_000, 1_000)
    assert locks.check_retention(row.lock, wanted, ahead, bypasses_governance=False) is None
    locks.retain(row.lock, wanted, ahead)
    for group_ms, is_free in ((299_999, False), (300_000, True)):
        refusal = locks.check_removal(row, at(until_ms, group_ms), bypasses_governance=True)
        assert (refusal is None) == is_free


def test_clock_that_steps_while_an_upload_lasts_shortens_nothing() -> None:
    upload = om.UploadRow()
    upload.lock.mode, upload.lock.retain_until_ms = om.COMPLIANCE, START_MS + 300_000
    upload.lock.retain_until_group_ms = 1
    locks.lock_upload(upload.lock, at(START_MS, 0))
    row = om.KeyRow(lock=upload.lock)
    ahead = at(START_MS + 200_000, 1_000)
    assert locks.lock_new(bucket_with(), row, ahead, promised=upload.lock) is None
    for group_ms, is_free in ((299_999, False), (300_000, True)):
        now = at(START_MS + 300_000, group_ms)
        assert (locks.check_removal(row, now, bypasses_governance=False) is None) == is_free


@pytest.mark.parametrize("leader_ahead_ms", [-3_600_000, 0, 200_000, 300_000, 365 * DAY_MS])
def test_what_is_left_is_told_by_who_asks_where_the_leader_is_ahead(leader_ahead_ms: int) -> None:
    wanted = om.Retention(mode=om.COMPLIANCE, retain_until_ms=START_MS + 300_000)
    set_later, upload = om.KeyRow(), om.UploadRow()
    new = om.KeyRow(lock=om.ObjectLock(mode=wanted.mode, retain_until_ms=wanted.retain_until_ms))
    upload.lock.CopyFrom(new.lock)
    leader = at(START_MS + leader_ahead_ms, 0)
    locks.retain(set_later.lock, wanted, leader, asked_ms=START_MS)
    assert locks.lock_new(bucket_with(), new, leader, asked_ms=START_MS) is None
    locks.lock_upload(upload.lock, leader, asked_ms=START_MS)
    for lock in (set_later.lock, new.lock, upload.lock):
        row = om.KeyRow(lock=lock)
        assert lock.retain_until_ms == wanted.retain_until_ms
        far = START_MS + 365 * 2 * DAY_MS
        assert locks.check_removal(row, at(far, 299_999), bypasses_governance=True) is not None
    assert locks.check_removal(new, at(START_MS, 10**12), bypasses_governance=True) is not None


def test_a_default_lasts_as_long_as_it_says_whatever_time_who_asks_has() -> None:
    row = om.KeyRow()
    bucket = bucket_with(om.COMPLIANCE, days=1)
    ahead = at(START_MS + 365 * DAY_MS, 0)
    assert locks.lock_new(bucket, row, ahead, asked_ms=START_MS) is None
    assert row.lock.retain_until_group_ms == DAY_MS
