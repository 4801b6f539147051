"""What lifecycle rules make of a bucket as days pass."""

from typing import Any

from tests.unit.metadata.om.om_harness import VOLUME, OmHarness, om_test
from tests.unit.metadata.om.upload_steps import begin_upload
from trioxygen.common.lifecycle import (
    Expiration,
    Filter,
    Form,
    LifecycleRule,
    LifecycleRules,
    NoncurrentExpiration,
)
from trioxygen.common.lifecycle_rows import store_rules
from trioxygen.metadata.om.state.lifecycles import Stream
from trioxygen.metadata.om.state.schema import LIFECYCLES, TIMES, UPLOADS
from trioxygen.metadata.om.state.times import TimeKind
from trioxygen.metadata.om.workers.lifecycle import Pace, page_rows
from trioxygen.proto.v1 import om_pb2 as om

DAY_MS = 100_000
PACE = Pace(day_ms=DAY_MS, rows_per_second=10**9)
EVERYTHING = Filter(Form.FILTER)


def rule(wanted: Filter = EVERYTHING, **actions: Any) -> LifecycleRule:
    return LifecycleRule(rule_id=repr(actions), is_enabled=True, filter=wanted, **actions)


async def put_rules(harness: OmHarness, bucket: om.BucketRow, *rules: LifecycleRule) -> None:
    document = store_rules(LifecycleRules(rules))
    await harness.client.put_bucket_setting(
        om.PutBucketSettingRequest(
            setting=om.BucketSetting(kind=om.BucketSetting.LIFECYCLE, document=document),
            **named(bucket),
        )
    )
    await harness.pass_time(DAY_MS // 10)


def named(bucket: om.BucketRow) -> dict[str, Any]:
    return {"volume": VOLUME, "bucket": bucket.name, "bucket_id": bucket.bucket_id}


async def versioned(harness: OmHarness) -> om.BucketRow:
    bucket = await harness.bucket()
    await harness.client.set_bucket_versioning(
        om.SetBucketVersioningRequest(versioning=om.VERSIONED, **named(bucket))
    )
    return bucket


async def days_pass(harness: OmHarness, days: float) -> None:
    """The workers have done what was due."""
    for _ in range(round(days * 10)):
        await harness.pass_time(DAY_MS // 10 - 5 * harness.config.worker_interval_ms)


async def keys_of(harness: OmHarness, bucket: om.BucketRow) -> list[bytes]:
    request = om.ListKeysRequest(volume=VOLUME, bucket=bucket.name, count_max=1_000)
    return list((await harness.client.list_keys(request)).keys)


async def versions_of(harness: OmHarness, bucket: om.BucketRow) -> list[tuple[bytes, str]]:
    """Keys and what each version is, the newest first."""
    request = om.ListVersionsRequest(volume=VOLUME, bucket=bucket.name, count_max=1_000)
    reply = await harness.client.list_versions(request)
    return [
        (each.key, "marker" if each.row.is_marker else str(each.row.size_bytes))
        for each in reply.versions
    ]


async def tag(harness: OmHarness, bucket: om.BucketRow, key: bytes, value: str) -> None:
    request = om.SetTagsRequest(key=key, **named(bucket))
    request.tags.add(key="k", value=value)
    await harness.client.set_tags(request)


async def status(harness: OmHarness) -> om.LifecycleRow:
    [row] = (await harness.client.list_lifecycles(om.ListLifecyclesRequest())).lifecycles
    return row


@om_test(lifecycle=PACE)
async def test_objects_of_before_and_after_the_rules_expire(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"logs/old")
    await harness.put(bucket, b"kept")
    await put_rules(harness, bucket, rule(Filter(Form.FILTER, "logs/"), expiration=Expiration(2)))
    await harness.put(bucket, b"logs/new")
    await days_pass(harness, 1)
    assert await keys_of(harness, bucket) == [b"kept", b"logs/new", b"logs/old"]
    await days_pass(harness, 3)
    assert await keys_of(harness, bucket) == [b"kept"]
    row = await status(harness)
    assert (row.bucket, row.state, row.expired) == (bucket.name, om.LifecycleRow.WORKING, 2)


@om_test(lifecycle=PACE)
async def test_object_written_again_is_as_old_as_that(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await put_rules(harness, bucket, rule(expiration=Expiration(days=2)))
    await harness.put(bucket, b"a")
    await days_pass(harness, 1.5)
    await harness.put(bucket, b"a", b"again")
    await days_pass(harness, 1.5)
    assert await keys_of(harness, bucket) == [b"a"]
    await days_pass(harness, 2)
    assert await keys_of(harness, bucket) == []


@om_test(lifecycle=PACE)
async def test_tags_put_on_an_old_object_count_at_once(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for key in (b"tagged", b"other"):
        await harness.put(bucket, key)
    wanted = Filter(Form.FILTER, tags=(("k", "v"),))
    await put_rules(harness, bucket, rule(wanted, expiration=Expiration(days=1)))
    await days_pass(harness, 4)
    assert await keys_of(harness, bucket) == [b"other", b"tagged"]
    await tag(harness, bucket, b"other", "x")
    await tag(harness, bucket, b"tagged", "v")
    await days_pass(harness, 0.5)
    assert await keys_of(harness, bucket) == [b"other"]


@om_test(lifecycle=PACE)
async def test_from_a_date_on_all_objects_expire(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    date_ms = (harness.clock.wall_ms() // DAY_MS + 2) * DAY_MS
    await put_rules(harness, bucket, rule(expiration=Expiration(date_ms=date_ms)))
    await harness.put(bucket, b"a")
    await days_pass(harness, 1)
    assert await keys_of(harness, bucket) == [b"a"]
    await days_pass(harness, 1.5)
    assert await keys_of(harness, bucket) == []
    await harness.put(bucket, b"late")
    await days_pass(harness, 0.5)
    assert await keys_of(harness, bucket) == []


@om_test(lifecycle=PACE)
async def test_versions_go_by_age_then_the_marker_that_is_left(harness: OmHarness) -> None:
    bucket = await versioned(harness)
    await put_rules(
        harness,
        bucket,
        rule(expiration=Expiration(days=1)),
        rule(noncurrent=NoncurrentExpiration(2)),
        rule(expiration=Expiration(removes_markers=True)),
    )
    await harness.put(bucket, b"a")
    await days_pass(harness, 2.1)
    assert await versions_of(harness, bucket) == [(b"a", "marker"), (b"a", "4")]
    await days_pass(harness, 3.5)
    assert await versions_of(harness, bucket) == []
    row = await status(harness)
    assert (row.expired, row.removed, row.removed_markers) == (1, 1, 1)


@om_test(lifecycle=PACE)
async def test_newest_noncurrent_versions_stay_until_newer_ones_come(harness: OmHarness) -> None:
    bucket = await versioned(harness)
    await put_rules(harness, bucket, rule(noncurrent=NoncurrentExpiration(1, 2)))
    for size in range(1, 6):
        await harness.put(bucket, b"a", b"x" * size)
    await days_pass(harness, 3)
    assert await versions_of(harness, bucket) == [(b"a", size) for size in "543"]
    await harness.put(bucket, b"a", b"x" * 6)
    # The third newest is old enough since long.
    await days_pass(harness, 0.5)
    assert await versions_of(harness, bucket) == [(b"a", size) for size in "654"]


@om_test(lifecycle=PACE)
async def test_locked_version_stays_until_its_lock_is_over(harness: OmHarness) -> None:
    bucket = await versioned(harness)
    await harness.client.set_bucket_lock(
        om.SetBucketLockRequest(lock=om.BucketLock(), **named(bucket))
    )
    await put_rules(harness, bucket, rule(noncurrent=NoncurrentExpiration(1)))
    held, retained = await harness.put(bucket, b"a"), await harness.put(bucket, b"b")
    until_ms = harness.clock.wall_ms() + 4 * DAY_MS
    retention = om.Retention(mode=om.COMPLIANCE, retain_until_ms=until_ms)
    lock = om.SetObjectLockRequest(key=b"b", retention=retention, **named(bucket))
    lock.version.CopyFrom(retained.version)
    await harness.client.set_object_lock(lock)
    hold = om.SetObjectLockRequest(key=b"a", legal_hold=True, **named(bucket))
    hold.version.CopyFrom(held.version)
    await harness.client.set_object_lock(hold)
    for key in (b"a", b"b"):
        await harness.put(bucket, key, b"newer")
    await days_pass(harness, 3.5)
    both = [(b"a", "5"), (b"a", "4"), (b"b", "5"), (b"b", "4")]
    assert await versions_of(harness, bucket) == both
    await days_pass(harness, 2.5)
    assert await versions_of(harness, bucket) == both[:3]
    hold.legal_hold = False
    await harness.client.set_object_lock(hold)
    await days_pass(harness, 0.5)
    assert await versions_of(harness, bucket) == [both[0], both[2]]


@om_test(lifecycle=PACE)
async def test_version_that_is_current_again_expires(harness: OmHarness) -> None:
    bucket = await versioned(harness)
    await put_rules(harness, bucket, rule(expiration=Expiration(days=1)))
    await harness.put(bucket, b"a")
    await harness.delete(bucket, b"a")
    await days_pass(harness, 3)
    shown = await versions_of(harness, bucket)
    assert shown == [(b"a", "marker"), (b"a", "4")]
    marker = (await harness.lookup(bucket, b"a")).row
    request = om.DeleteKeysRequest(**named(bucket))
    request.keys.add(key=b"a", version=om.VersionId(object_id=marker.object_id))
    await harness.client.delete_keys(request)
    assert await keys_of(harness, bucket) == [b"a"]
    await days_pass(harness, 0.5)
    assert await keys_of(harness, bucket) == []


@om_test(lifecycle=PACE)
async def test_uploads_are_aborted(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    before = await begin_upload(harness, bucket)
    await before.part(1, b"one")
    await put_rules(harness, bucket, rule(abort_days=1))
    await days_pass(harness, 1)
    after = await begin_upload(harness, bucket)
    await after.part(1, b"one")
    await days_pass(harness, 1)
    assert len(harness.rows(UPLOADS.table)) == 1
    await days_pass(harness, 2)
    assert harness.rows(UPLOADS.table) == []
    assert (await status(harness)).aborted == 2


@om_test(lifecycle=PACE)
async def test_nothing_is_left_of_rules_that_are_gone(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a")
    await put_rules(harness, bucket, rule(expiration=Expiration(days=1)))
    assert harness.rows(TIMES)
    await harness.client.delete_bucket_setting(
        om.DeleteBucketSettingRequest(kind=om.BucketSetting.LIFECYCLE, **named(bucket))
    )
    await harness.put(bucket, b"b")
    await days_pass(harness, 4)
    assert await keys_of(harness, bucket) == [b"a", b"b"]
    assert harness.rows(TIMES) == harness.rows(LIFECYCLES.table) == []


@om_test(lifecycle=PACE)
async def test_deleted_bucket_leaves_no_index(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await put_rules(harness, bucket, rule(expiration=Expiration(days=1)))
    await begin_upload(harness, bucket)
    await harness.delete_bucket(bucket)
    await days_pass(harness, 1)
    assert harness.rows(TIMES) == harness.rows(LIFECYCLES.table) == []


@om_test(lifecycle=Pace(day_ms=DAY_MS, rows_per_second=10))
async def test_many_objects_go_page_by_page_and_slowly(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for number in range(1_200):
        row = om.KeyRow(account_id="1", etag="d41d8cd98f00b204e9800998ecf8427e")
        harness.start_soon(
            om.CommitKeyRequest(key=f"{number:04d}".encode(), row=row, **named(bucket))
        )
    await harness.all_done()
    await put_rules(harness, bucket, rule(expiration=Expiration(days=1)))
    counts: set[int] = set()
    for _ in range(40):
        await days_pass(harness, 0.1)
        counts.add((await status(harness)).expired)
    assert {0, 500, 1_000, 1_200} == counts
    assert await keys_of(harness, bucket) == []


@om_test(lifecycle=Pace(day_ms=DAY_MS, rows_per_second=10))
async def test_bucket_does_not_wait_for_another_with_much_to_do(harness: OmHarness) -> None:
    large, small = await harness.bucket("large"), await harness.bucket("small")
    for number in range(1_200):
        row = om.KeyRow(account_id="1", etag="d41d8cd98f00b204e9800998ecf8427e")
        harness.start_soon(
            om.CommitKeyRequest(key=f"{number:04d}".encode(), row=row, **named(large))
        )
    await harness.all_done()
    await harness.put(small, b"a")
    for bucket in (large, small):
        await put_rules(harness, bucket, rule(expiration=Expiration(days=1)))
    while len(await keys_of(harness, small)) == 1:
        assert len(await keys_of(harness, large)) >= 700
        await days_pass(harness, 0.1)
    await days_pass(harness, 3)
    assert await keys_of(harness, large) == []


@om_test(lifecycle=PACE)
async def test_what_another_leader_did_is_gone_on_with(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await put_rules(harness, bucket, rule(expiration=Expiration(days=1)))
    await harness.put(bucket, b"a")
    await harness.restart()
    await days_pass(harness, 3)
    assert await keys_of(harness, bucket) == []
    await harness.put(bucket, b"b")
    await harness.restart()
    await days_pass(harness, 3)
    assert (await status(harness)).expired == 2


@om_test(lifecycle=PACE)
async def test_clock_that_leaps_ahead_makes_nothing_old(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await put_rules(harness, bucket, rule(expiration=Expiration(days=30)))
    await harness.put(bucket, b"a")
    await days_pass(harness, 1)
    harness.clock.wall += 365 * DAY_MS
    await harness.restart()
    await days_pass(harness, 0.8)
    harness.clock.wall -= 365 * DAY_MS
    await days_pass(harness, 2)
    assert await keys_of(harness, bucket) == [b"a"]
    # As after a long time in which nothing ran: that is believed, a day later.
    harness.clock.wall += 365 * DAY_MS
    await days_pass(harness, 0.8)
    assert await keys_of(harness, bucket) == [b"a"]
    await days_pass(harness, 0.8)
    assert await keys_of(harness, bucket) == []


@om_test(lifecycle=PACE)
async def test_clock_that_leaps_ahead_delays_no_look_at_what_has_changed(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"a")
    wanted = Filter(Form.FILTER, tags=(("k", "v"),))
    await put_rules(harness, bucket, rule(wanted, expiration=Expiration(days=1)))
    await days_pass(harness, 4)
    harness.clock.wall += 365 * DAY_MS
    await tag(harness, bucket, b"a", "v")
    harness.clock.wall -= 365 * DAY_MS
    await days_pass(harness, 0.5)
    assert await keys_of(harness, bucket) == []


def test_more_rules_make_smaller_pages() -> None:
    """Versions that are compared with all rules, in one go: of a trigger there are a hundred."""

    def rows(rules: int, stream: Stream) -> int:
        return page_rows(LifecycleRules(rules * (rule(),)), stream)

    trigger, aged = Stream(TimeKind.NONCURRENT), Stream(TimeKind.NONCURRENT, days=1)
    assert (rows(1, trigger), rows(1, aged)) == (20, 500)
    for rules in (100, 1_000):
        assert rules * rows(rules, trigger) * 100 <= 100_000
        assert rules * rows(rules, aged) <= 50_000
    # A move looks at its own version alone.
    assert rows(1, Stream(TimeKind.NONCURRENT, moves=True)) == 500
