from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, om_test, slices_of
from trioxygen.common.errors import (
    BucketAlreadyExists,
    BucketAlreadyOwned,
    BucketNotEmpty,
    InvalidRequest,
    NoSuchBucket,
    TooManyBuckets,
)
from trioxygen.common.replication import RATIS_THREE, Replication
from trioxygen.metadata.om.state.schema import (
    ACCOUNT_BUCKETS,
    ALL_TABLES,
    DELETED_BUCKETS,
    GC,
    PARTS,
    UPLOADS,
)
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import replication_pb2 as replication
from trioxygen.proto.v1 import types_pb2 as types

OTHER = "222222222222"


def names(reply: om.ListBucketsReply) -> list[str]:
    return [bucket.name for bucket in reply.buckets]


async def listed(harness: OmHarness, **wanted: object) -> om.ListBucketsReply:
    values = {"volume": VOLUME, "account_id": ACCOUNT, "count_max": 100, **wanted}
    request = om.ListBucketsRequest(**values)  # type: ignore[arg-type]
    return await harness.client.list_buckets(request)


@om_test()
async def test_created_bucket_is_found_and_listed(harness: OmHarness) -> None:
    bucket = await harness.bucket("one")
    assert (bucket.name, bucket.account_id) == ("one", ACCOUNT)
    assert bucket.created_ms == harness.clock.wall_ms()
    reply = await harness.client.lookup_bucket(om.LookupBucketRequest(volume=VOLUME, bucket="one"))
    assert reply.bucket == bucket
    assert names(await listed(harness)) == ["one"]


@om_test()
async def test_bucket_that_one_owns_is_refused_as_owned(harness: OmHarness) -> None:
    await harness.bucket("one")
    with pytest.raises(BucketAlreadyOwned):
        await harness.bucket("one")


@om_test()
async def test_bucket_of_another_account_is_refused_as_taken(harness: OmHarness) -> None:
    await harness.bucket("one", OTHER)
    with pytest.raises(BucketAlreadyExists):
        await harness.bucket("one")
    assert names(await listed(harness)) == []


@om_test(buckets_per_account_max=2)
async def test_account_has_at_most_so_many_buckets(harness: OmHarness) -> None:
    first = await harness.bucket("one")
    await harness.bucket("two")
    with pytest.raises(TooManyBuckets) as refused:
        await harness.bucket("three")
    assert refused.value.facts == {"buckets_max": "2"}
    await harness.bucket("others", OTHER)
    await harness.delete_bucket(first)
    await harness.bucket("three")


@om_test()
async def test_buckets_are_listed_by_account_prefix_and_page(harness: OmHarness) -> None:
    for name in ("b-2", "a", "b-1", "b-3"):
        await harness.bucket(name)
    await harness.bucket("b-0", OTHER)
    assert names(await listed(harness)) == ["a", "b-1", "b-2", "b-3"]
    page = await listed(harness, prefix="b", count_max=2)
    assert (names(page), page.truncated) == (["b-1", "b-2"], True)
    page = await listed(harness, prefix="b", after="b-2", count_max=2)
    assert (names(page), page.truncated) == (["b-3"], False)
    everyone = await listed(harness, every_account=True, prefix="b", after="b-0", count_max=2)
    assert (names(everyone), everyone.truncated) == (["b-1", "b-2"], True)


@om_test()
async def test_bucket_with_keys_is_not_deleted(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, b"key")
    with pytest.raises(BucketNotEmpty):
        await harness.delete_bucket(bucket)
    await harness.delete(bucket, b"key")
    await harness.delete_bucket(bucket)
    with pytest.raises(NoSuchBucket):
        await harness.lookup(bucket, b"key")
    assert harness.rows(ACCOUNT_BUCKETS) == []


@om_test()
async def test_bucket_made_again_is_not_the_one_a_caller_was_authorised_for(
    harness: OmHarness,
) -> None:
    before = await harness.bucket()
    await harness.delete_bucket(before)
    after = await harness.bucket()
    assert after.bucket_id != before.bucket_id
    with pytest.raises(NoSuchBucket):
        await harness.put(before, b"key")
    with pytest.raises(NoSuchBucket):
        await harness.delete(before, b"key")
    with pytest.raises(NoSuchBucket):
        await harness.delete_bucket(before)
    await harness.put(after, b"key")


@om_test(gc_delay_ms=1_000)
async def test_deleted_bucket_leaves_no_uploads_and_no_blocks(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    other = await harness.bucket("other")
    lease = await harness.lease(5)
    for number in range(4):
        created = await harness.client.create_upload(
            om.CreateUploadRequest(
                volume=VOLUME,
                bucket=bucket.name if number else other.name,
                bucket_id=bucket.bucket_id if number else other.bucket_id,
                key=b"key",
            )
        )
        await harness.client.commit_part(
            om.CommitPartRequest(
                volume=VOLUME,
                bucket=bucket.name if number else other.name,
                bucket_id=bucket.bucket_id if number else other.bucket_id,
                key=b"key",
                upload_id=created.upload_id,
                number=1,
                row=om.PartRow(size_bytes=1, etag="00", blocks=slices_of(lease, 1, first=number)),
            )
        )
    await harness.delete_bucket(bucket)
    await harness.pass_time(10_000)
    assert (len(harness.rows(UPLOADS.table)), len(harness.rows(PARTS.table))) == (1, 1)
    assert harness.rows(DELETED_BUCKETS.table) == []
    first = lease.blocks.first_local
    assert sorted(local for _, local in harness.scm.deleted) == [first + 1, first + 2, first + 3]
    assert harness.rows(GC.table) == []


@om_test()
async def test_purge_goes_on_in_bounded_pieces(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(9)
    for upload in range(3):
        created = await harness.client.create_upload(
            om.CreateUploadRequest(
                volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, key=b"key"
            )
        )
        for number in range(3):
            slices = slices_of(lease, 1, first=3 * upload + number)
            await harness.client.commit_part(
                om.CommitPartRequest(
                    volume=VOLUME,
                    bucket=bucket.name,
                    bucket_id=bucket.bucket_id,
                    key=b"key",
                    upload_id=created.upload_id,
                    number=number + 1,
                    row=om.PartRow(size_bytes=1, etag="00", blocks=slices),
                )
            )
    await harness.delete_bucket(bucket)
    purge = om.PurgeBucket(bucket_id=bucket.bucket_id, rows_max=2)
    rounds = left = 0
    more = True
    while more:
        left_before = len(harness.rows(PARTS.table)) + len(harness.rows(UPLOADS.table))
        reply = await harness.executor.execute(purge)
        assert isinstance(reply, replication.WorkReply)
        left = len(harness.rows(PARTS.table)) + len(harness.rows(UPLOADS.table))
        assert left_before - left <= 2
        more, rounds = reply.more, rounds + 1
    assert rounds >= 6
    assert (left, len(harness.rows(GC.table))) == (0, 9)


def test_tables_have_numbers_of_their_own() -> None:
    assert len({table.number for table in ALL_TABLES}) == len(ALL_TABLES)
    assert len({table.name for table in ALL_TABLES}) == len(ALL_TABLES)


async def set_replication(
    harness: OmHarness, bucket: om.BucketRow, replication: Any
) -> om.BucketRow:
    request = om.SetBucketReplicationRequest(
        volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, replication=replication
    )
    return (await harness.client.set_bucket_replication(request)).bucket


@om_test()
async def test_replication_of_a_bucket_is_set_and_taken_back(harness: OmHarness) -> None:
    bucket = await harness.bucket("one")
    assert not bucket.HasField("replication")
    wanted = Replication.parse("EC/3-2")
    changed = await set_replication(harness, bucket, wanted.proto)
    assert Replication.of_proto(changed.replication) == wanted
    lookup = om.LookupBucketRequest(volume=VOLUME, bucket="one")
    assert (await harness.client.lookup_bucket(lookup)).bucket == changed
    assert await set_replication(harness, bucket, None) == bucket


@om_test()
async def test_replication_that_is_not_offered_is_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket("one")
    with pytest.raises(InvalidRequest, match="not offered"):
        await set_replication(harness, bucket, types.Replication(type=types.EC, data=7, parity=1))
    await harness.delete_bucket(bucket)
    with pytest.raises(NoSuchBucket):
        await set_replication(harness, bucket, RATIS_THREE.proto)
