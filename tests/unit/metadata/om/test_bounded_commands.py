"""What one command reads, however much waits for it."""

import random
from collections.abc import Iterator
from typing import Final

import pytest

from tests.unit.metadata.om.counted_txn import CountedTxn
from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME
from trioxygen.common.lifecycle import (
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
    Transition,
)
from trioxygen.common.lifecycle_rows import store_rules
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.commands.lifecycle import LifecycleCommands
from trioxygen.metadata.om.commands.renames import RenameCommands
from trioxygen.metadata.om.commands.uploads import abort
from trioxygen.metadata.om.state import lifecycles, times
from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.lifecycles import RuleEvaluator, Stream
from trioxygen.metadata.om.state.schema import (
    ALL_TABLES,
    BLOCK_REFERENCES,
    BUCKETS,
    HISTORY,
    KEYS,
    PARTS,
    TIMES,
    TRANSITIONS,
    UPLOADS,
    VISIBLE,
    bucket_key,
    history_key,
    key_key,
    part_key,
    upload_key,
)
from trioxygen.metadata.om.state.settings import put_setting
from trioxygen.metadata.om.state.times import TimeKind
from trioxygen.metadata.om.state.transitions import QUEUED_MAX, queue
from trioxygen.metadata.om.state.versions import Versions
from trioxygen.metadata.om.workers.lifecycle import next_page
from trioxygen.metadata.replication.batch import CHANGED_AT_ONCE_BYTES, Now
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.memory_kv import MemoryStore
from trioxygen.metadata.store.metered import MeteredTxn
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import BlockSlice

NOW = Now(10 * DAY_MS, 10 * DAY_MS, 10_000, random.Random(0))
BLOCKS = BlockKeeper(gc_delay_ms=0)


@pytest.fixture
def txn() -> Iterator[CountedTxn]:
    store = MemoryStore(ALL_TABLES)
    counted = CountedTxn(store.begin())
    yield counted
    counted.abort()
    store.close()


def made_bucket(txn: CountedTxn) -> om.BucketRow:
    bucket = om.BucketRow(bucket_id=9, name="bucket", account_id=ACCOUNT)
    BUCKETS.put(txn, bucket_key(VOLUME, bucket.name), bucket)
    return bucket


LARGE: Final = om.KeyRow(
    parts=12_000 * [om.ObjectPart(number=1, md5=bytes(16), checksum=bytes(64))]
)


def test_prefix_of_large_objects_is_read_as_far_as_it_is_renamed(txn: CountedTxn) -> None:
    bucket = made_bucket(txn)
    for number in range(20):
        row = om.KeyRow(object_id=number + 1, parts=LARGE.parts)
        KEYS.put(txn, key_key(bucket.bucket_id, b"a/%02d" % number), row)
    request = om.RenameKeyRequest(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        source=b"a/",
        key=b"z/",
        is_prefix=True,
    )
    handler = RenameCommands(Versions(BLOCKS)).rename_key
    txn.touched.clear()
    reply = handler(CapturingTxn(txn), request, NOW)
    assert isinstance(reply, om.RenameKeyReply) and (reply.keys, reply.more) == (1, True)
    assert txn.touched["key"] < 10
    for left in range(18, -1, -1):
        reply = handler(CapturingTxn(txn), request, NOW)
        assert isinstance(reply, om.RenameKeyReply) and (reply.keys, reply.more) == (1, left > 0)


def put_blocks(txn: CountedTxn, container: int) -> list[BlockSlice]:
    """Of one object, or part: ranges of one block."""
    count = 10_000
    place = block_key(container, 1)
    BLOCK_REFERENCES.put(txn, place, om.BlockReferenceRow(references=count))
    return count * [BlockSlice(container=container, local=1, length_bytes=1)]


def test_upload_of_many_large_parts_is_read_as_far_as_it_is_aborted(txn: CountedTxn) -> None:
    bucket = made_bucket(txn)
    upload = om.UploadRow(upload_id=bytes(16), key=b"a", bucket_id=bucket.bucket_id)
    UPLOADS.put(txn, upload_key(bucket.bucket_id, upload.key, upload.upload_id), upload)
    count = 40
    for number in range(1, count + 1):
        blocks = put_blocks(txn, container=number)
        PARTS.put(txn, part_key(upload.upload_id, number), om.PartRow(blocks=blocks))
    is_gone, commands = False, 0
    while not is_gone:
        txn.touched.clear()
        is_gone = abort(CapturingTxn(txn), BLOCKS, bucket, upload, NOW)
        assert txn.touched["part"] < count
        commands += 1
    assert commands > 3
    for table in (UPLOADS.table, PARTS.table, BLOCK_REFERENCES.table):
        assert next(txn.scan(table, prefix=b""), None) is None


MOVING: Final = LifecycleRule(
    rule_id="r",
    is_enabled=True,
    filter=Filter(Form.FILTER, larger_than=1),
    transitions=(Transition("EC_3_2", days=1),),
)


def put_rules(txn: CountedTxn, bucket: om.BucketRow, *rules: LifecycleRule) -> int:
    document = store_rules(LifecycleRules(rules or (MOVING,)))
    setting = om.BucketSetting(kind=om.BucketSetting.LIFECYCLE, document=document)
    put_setting(txn, bucket, setting, NOW)
    lifecycles.begin(txn, bucket, VOLUME, setting.revision)
    BUCKETS.put(txn, bucket_key(VOLUME, bucket.name), bucket)
    return setting.revision


def test_index_of_large_objects_is_filled_some_at_a_time(txn: CountedTxn) -> None:
    bucket = made_bucket(txn)
    count = 40
    for number in range(count):
        row = om.KeyRow(object_id=number + 1, modified_ms=DAY_MS, parts=LARGE.parts)
        KEYS.put(txn, key_key(bucket.bucket_id, b"%02d" % number), row)
    put_rules(txn, bucket)
    fill = LifecycleCommands(BLOCKS, Versions(BLOCKS)).fill
    request = om.FillTimes(bucket_id=bucket.bucket_id, rows_max=1_000)
    more, steps = True, 0
    while more:
        txn.touched.clear()
        more = fill(CapturingTxn(txn), request, NOW).more
        assert txn.touched["key"] < count // 2
        steps += 1
    assert steps > 4
    assert len({key for _, key in txn.scan(TIMES, prefix=b"")}) == count


def put_large_objects(txn: CountedTxn, bucket: om.BucketRow, count: int) -> None:
    for number in range(count):
        row = om.KeyRow(object_id=number + 1, size_bytes=5, modified_ms=DAY_MS, parts=LARGE.parts)
        key = b"%02d" % number
        KEYS.put(txn, key_key(bucket.bucket_id, key), row)
        times.note_version(txn, bucket, TimeKind.CURRENT, row.modified_ms, row, key)


MOVES: Final = Stream(TimeKind.CURRENT, 1, moves=True)


def test_large_objects_that_are_due_are_looked_at_some_at_a_time(txn: CountedTxn) -> None:
    """By the worker, on the loop, and by its command."""
    bucket = made_bucket(txn)
    revision = put_rules(txn, bucket)
    count = 40
    put_large_objects(txn, bucket, count)
    rules = lifecycles.rules_of(txn, bucket.bucket_id, revision)
    assert rules is not None
    after, pages = b"", 0
    while True:
        txn.touched.clear()
        metered = MeteredTxn(txn)
        evaluator = RuleEvaluator(metered, bucket, rules, now_ms=NOW.wall_ms, day_ms=DAY_MS)
        until_ms = MOVES.until_ms(NOW.wall_ms, DAY_MS)
        page = next_page(metered, bucket.bucket_id, evaluator, MOVES, after, until_ms, 500)
        assert txn.touched["key"] < count // 2
        after, pages = page.last, pages + 1
        if not page.is_full:
            break
    assert pages > 4
    request = om.ExpireObjects(
        bucket_id=bucket.bucket_id,
        revision=revision,
        day_ms=DAY_MS,
        stream=MOVES.row(b""),
        row_keys=[row_key for row_key, _ in txn.scan(TIMES, prefix=b"")],
        now_ms=NOW.wall_ms,
    )
    txn.touched.clear()
    reply = LifecycleCommands(BLOCKS, Versions(BLOCKS)).expire(CapturingTxn(txn), request, NOW)
    assert reply.more
    assert 0 < txn.touched["key"] < count // 2


def test_large_versions_that_are_due_at_once_go_some_at_a_time(txn: CountedTxn) -> None:
    """One more has become noncurrent just when a day is over, before the others were come to."""
    bucket = made_bucket(txn)
    bucket.versioning = om.VERSIONED
    keeps_one, keeps_many = (
        LifecycleRule(
            rule_id=prefix,
            is_enabled=True,
            filter=Filter(Form.FILTER, prefix),
            noncurrent=NoncurrentExpiration(days=1, newer_kept=kept),
        )
        for prefix, kept in (("a", 1), ("b", 100))
    )
    revision = put_rules(txn, bucket, keeps_one, keeps_many)
    count = 20
    for number in range(count):
        blocks = put_blocks(txn, container=number + 1)
        row = om.KeyRow(object_id=number + 1, is_versioned=True, modified_ms=1, blocks=blocks)
        history = om.HistoryRow(row=row, superseded_ms=number + 1)
        HISTORY.put(txn, history_key(bucket.bucket_id, VISIBLE, b"a", row.object_id), history)
        times.note_history(txn, bucket, history, b"a")
    current = om.KeyRow(object_id=count + 1, is_versioned=True, modified_ms=1)
    KEYS.put(txn, key_key(bucket.bucket_id, b"a"), current)
    newest = [row_key for row_key, _ in txn.scan(TIMES, prefix=b"")][-1]
    request = om.ExpireObjects(
        bucket_id=bucket.bucket_id,
        revision=revision,
        day_ms=DAY_MS,
        stream=Stream(TimeKind.NONCURRENT).row(b""),
        row_keys=[newest],
        now_ms=NOW.wall_ms,
    )
    more, commands = True, 0
    while more:
        capturing = CapturingTxn(txn)
        more = LifecycleCommands(BLOCKS, Versions(BLOCKS)).expire(capturing, request, NOW).more
        assert capturing.size_bytes < 2 * CHANGED_AT_ONCE_BYTES
        commands += 1
    assert commands > 3
    assert sum(1 for _ in txn.scan(HISTORY.table, prefix=b"")) == 1


def test_queue_of_transitions_is_counted_once_for_many_that_are_due(txn: CountedTxn) -> None:
    bucket = made_bucket(txn)
    revision = put_rules(txn, bucket)
    for number in range(QUEUED_MAX - 50):
        queue(txn, 999, number, b"of another bucket")
    due, room = 80, 50
    for number in range(due):
        row = om.KeyRow(object_id=number + 1, size_bytes=5, modified_ms=DAY_MS)
        key = b"%02d" % number
        KEYS.put(txn, key_key(bucket.bucket_id, key), row)
        times.note_version(txn, bucket, TimeKind.CURRENT, row.modified_ms, row, key)
    row_keys = [row_key for row_key, _ in txn.scan(TIMES, prefix=b"")]
    txn.touched.clear()
    LifecycleCommands(BLOCKS, Versions(BLOCKS)).expire(
        CapturingTxn(txn),
        om.ExpireObjects(
            bucket_id=bucket.bucket_id,
            revision=revision,
            day_ms=DAY_MS,
            stream=MOVES.row(b""),
            row_keys=row_keys,
            now_ms=NOW.wall_ms,
        ),
        NOW,
    )
    assert txn.touched["transition"] < QUEUED_MAX + 5 * due
    assert sum(1 for _ in txn.scan(TRANSITIONS.table, prefix=b"")) == QUEUED_MAX
    # What found no room is looked at again.
    again = times.kind_prefix(bucket.bucket_id, TimeKind.AGAIN)
    assert sum(1 for _ in txn.scan(TIMES, prefix=again)) == due - room
