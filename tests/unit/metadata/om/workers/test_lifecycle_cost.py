"""The worker of lifecycle rules meets what has become due and nothing else, however much there is.
Rows are counted, so that no machine's speed matters."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.unit.metadata.manual_clock import SkippingClock
from tests.unit.metadata.om.counted_txn import CountedTxn
from tests.unit.metadata.om.om_harness import OmHarness, om_test
from tests.unit.metadata.om.workers.test_lifecycle import (
    DAY_MS,
    PACE,
    named,
    put_rules,
    rule,
    status,
    versioned,
)
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    NoncurrentExpiration,
    Transition,
)
from trioxygen.metadata.om.state.schema import TIMES
from trioxygen.metadata.om.workers.lifecycle import Lifecycle
from trioxygen.proto.v1 import om_pb2 as om

KEYS = 300
# Of the index: where each stream ends, and what is beyond.
TOUCHED_MAX = 20


class CountedStore:
    def __init__(self, store: Any) -> None:
        self._store = store
        self.touched: Counter[str] = Counter()

    @contextmanager
    def read(self) -> Iterator[CountedTxn]:
        with self._store.read() as txn:
            counted = CountedTxn(txn)
            counted.touched = self.touched
            yield counted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class CountedExecutor:
    def __init__(self, executor: Any) -> None:
        self._executor = executor
        self.store = CountedStore(executor.store)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)


async def full_bucket(harness: OmHarness, *rules: LifecycleRule) -> om.BucketRow:
    """Each of its keys has a noncurrent version too."""
    bucket = await versioned(harness)
    for _ in range(2):
        for number in range(KEYS):
            row = om.KeyRow(account_id="1", etag="d41d8cd98f00b204e9800998ecf8427e")
            key = b"%04d" % number
            harness.start_soon(om.CommitKeyRequest(key=key, row=row, **named(bucket)))
        await harness.all_done()
    await put_rules(harness, bucket, *rules)
    assert (await status(harness)).state == om.LifecycleRow.WORKING
    assert len(harness.rows(TIMES)) == 2 * KEYS
    return bucket


def worker_of(harness: OmHarness) -> tuple[Lifecycle, Counter[str]]:
    """One that has looked at nothing yet, and what it touches."""
    executor: Any = CountedExecutor(harness.executor)
    clock = SkippingClock(wall_ms=harness.clock.wall)
    return Lifecycle(executor, clock, PACE), executor.store.touched


async def look_once(worker: Lifecycle) -> None:
    """At all that is due now."""
    while await worker.work():
        pass


@om_test(lifecycle=PACE)
async def test_what_is_not_due_is_not_met(harness: OmHarness) -> None:
    wanted = Filter(Form.FILTER, larger_than=1)
    await full_bucket(
        harness,
        rule(expiration=Expiration(days=30)),
        rule(expiration=Expiration(date_ms=harness.clock.wall + 99 * DAY_MS)),
        rule(noncurrent=NoncurrentExpiration(30)),
        rule(wanted, transitions=(Transition("EC_3_2", days=20),)),
        rule(abort_days=30),
    )
    worker, touched = worker_of(harness)
    for _ in range(2):
        touched.clear()
        await look_once(worker)
        assert 0 < touched[TIMES.name] <= TOUCHED_MAX
    assert (await status(harness)).examined == 0


@om_test(lifecycle=PACE)
async def test_what_was_looked_at_in_vain_is_met_once(harness: OmHarness) -> None:
    """Old enough, and of other tags."""
    wanted = Filter(Form.FILTER, tags=(("k", "v"),))
    await full_bucket(
        harness,
        rule(wanted, expiration=Expiration(days=1)),
        rule(wanted, noncurrent=NoncurrentExpiration(1)),
    )
    harness.clock.advance(3 * DAY_MS)
    worker, touched = worker_of(harness)
    await look_once(worker)
    assert 2 * KEYS <= touched[TIMES.name] <= 2 * KEYS + TOUCHED_MAX
    touched.clear()
    await look_once(worker)
    assert 0 < touched[TIMES.name] <= TOUCHED_MAX
