from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, om_test
from trioxygen.common.errors import (
    BucketAlreadyOwned,
    InvalidRequest,
    NoSuchAccount,
    NoSuchBucket,
    NoSuchVolume,
    VolumeAlreadyExists,
    VolumeNotEmpty,
)
from trioxygen.metadata.om.state.schema import ACCOUNT_BUCKETS, BUCKETS, VOLUMES
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import Account

OTHER = "other"
OLD = ((1, "old-a"), (2, "old-b"))


async def make_volume(harness: OmHarness, name: str, account_id: str = "") -> om.VolumeRow:
    request = om.CreateVolumeRequest(volume=name, account_id=account_id)
    return (await harness.client.create_volume(request)).volume


async def make_bucket(
    harness: OmHarness, volume: str, name: str, account_id: str = ACCOUNT
) -> om.BucketRow:
    request = om.CreateBucketRequest(volume=volume, bucket=name, account_id=account_id)
    return (await harness.client.create_bucket(request)).bucket


async def delete_bucket(harness: OmHarness, volume: str, row: om.BucketRow) -> None:
    request = om.DeleteBucketRequest(volume=volume, bucket=row.name, bucket_id=row.bucket_id)
    await harness.client.delete_bucket(request)


async def lookup_bucket(harness: OmHarness, volume: str, name: str) -> om.BucketRow:
    request = om.LookupBucketRequest(volume=volume, bucket=name)
    return (await harness.client.lookup_bucket(request)).bucket


async def delete_volume(harness: OmHarness, name: str) -> None:
    await harness.client.delete_volume(om.DeleteVolumeRequest(volume=name))


async def bucket_names(harness: OmHarness, volume: str, **wanted: object) -> list[str]:
    values = {"volume": volume, "account_id": ACCOUNT, "count_max": 100, **wanted}
    request = om.ListBucketsRequest(**values)  # type: ignore[arg-type]
    reply = await harness.client.list_buckets(request)
    return [row.name for row in reply.buckets]


@om_test()
async def test_created_volume_is_found_and_listed(harness: OmHarness) -> None:
    await harness.client.create_account(
        om.CreateAccountRequest(account=Account(account_id=ACCOUNT))
    )
    made = await make_volume(harness, OTHER, ACCOUNT)
    assert (made.name, made.account_id) == (OTHER, ACCOUNT)
    assert made.created_ms == harness.clock.wall_ms()
    reply = await harness.client.lookup_volume(om.LookupVolumeRequest(volume=OTHER))
    assert reply.volume == made


@om_test()
async def test_volumes_are_listed_by_owner_prefix_and_page(harness: OmHarness) -> None:
    await harness.client.create_account(
        om.CreateAccountRequest(account=Account(account_id=ACCOUNT))
    )
    for name, owner in (("b-1", ""), ("b-2", ACCOUNT), ("b-3", ACCOUNT), ("a-1", ACCOUNT)):
        await make_volume(harness, name, owner)

    async def listed(**wanted: object) -> tuple[list[str], bool]:
        request = om.ListVolumesRequest(**{"count_max": 100, **wanted})  # type: ignore[arg-type]
        reply = await harness.client.list_volumes(request)
        return [row.name for row in reply.volumes], reply.truncated

    assert await listed(prefix="b-") == (["b-1", "b-2", "b-3"], False)
    assert await listed(account_id=ACCOUNT) == (["a-1", "b-2", "b-3"], False)
    assert await listed(account_id=ACCOUNT, count_max=2) == (["a-1", "b-2"], True)
    assert await listed(account_id=ACCOUNT, after="b-2", count_max=1) == (["b-3"], False)


@om_test()
async def test_volume_is_made_once_and_for_an_account_that_exists(harness: OmHarness) -> None:
    await make_volume(harness, OTHER)
    with pytest.raises(VolumeAlreadyExists):
        await make_volume(harness, OTHER)
    with pytest.raises(NoSuchAccount):
        await make_volume(harness, "third", "nobody")


@om_test()
async def test_volume_of_another_name_than_dns_has_is_refused(harness: OmHarness) -> None:
    for name in ("", "ab", "Upper", "a/b", "-ab", "ab.", "a" * 64, "a_b"):
        with pytest.raises(InvalidRequest):
            await make_volume(harness, name)
    await make_volume(harness, "a" * 63)


@om_test()
async def test_bucket_names_are_unique_in_a_volume_only(harness: OmHarness) -> None:
    await make_volume(harness, OTHER)
    first = await make_bucket(harness, VOLUME, "same")
    second = await make_bucket(harness, OTHER, "same")
    assert first.bucket_id != second.bucket_id
    with pytest.raises(BucketAlreadyOwned):
        await make_bucket(harness, OTHER, "same")
    await make_bucket(harness, OTHER, "alone")
    assert await lookup_bucket(harness, OTHER, "same") == second
    assert await lookup_bucket(harness, VOLUME, "same") == first
    for everyone in (False, True):
        assert await bucket_names(harness, VOLUME, every_account=everyone) == ["same"]
        assert await bucket_names(harness, OTHER, every_account=everyone) == ["alone", "same"]
    assert await bucket_names(harness, OTHER, after="alone") == ["same"]


@om_test()
async def test_what_is_done_in_a_bucket_stays_in_its_volume(harness: OmHarness) -> None:
    await make_volume(harness, OTHER)
    first = await make_bucket(harness, VOLUME, "same")
    second = await make_bucket(harness, OTHER, "same")
    await harness.put(first, b"key")
    where: dict[str, Any] = {"volume": OTHER, "bucket": "same"}
    key_reply = await harness.client.lookup_key(om.LookupKeyRequest(**where, key=b"key"))
    assert not key_reply.exists
    assert key_reply.bucket == second
    with pytest.raises(NoSuchBucket):
        # The id of a bucket in another volume.
        request = om.DeleteBucketRequest(**where, bucket_id=first.bucket_id)
        await harness.client.delete_bucket(request)
    request = om.DeleteBucketRequest(**where, bucket_id=second.bucket_id)
    await harness.client.delete_bucket(request)
    assert await bucket_names(harness, OTHER) == []
    assert await bucket_names(harness, VOLUME) == ["same"]


@om_test()
async def test_missing_volume_is_refused_before_a_missing_bucket(harness: OmHarness) -> None:
    with pytest.raises(NoSuchVolume) as refused:
        await make_bucket(harness, OTHER, "bucket")
    assert refused.value.facts == {"volume": OTHER, "bucket": "bucket"}
    with pytest.raises(NoSuchVolume):
        await lookup_bucket(harness, OTHER, "bucket")
    with pytest.raises(NoSuchVolume):
        request = om.DeleteBucketRequest(volume=OTHER, bucket="bucket", bucket_id=1)
        await harness.client.delete_bucket(request)
    with pytest.raises(NoSuchVolume):
        await delete_volume(harness, OTHER)
    with pytest.raises(NoSuchVolume):
        await harness.client.lookup_volume(om.LookupVolumeRequest(volume=OTHER))


@om_test()
async def test_volume_with_buckets_is_not_deleted(harness: OmHarness) -> None:
    await make_volume(harness, OTHER)
    # Its buckets' rows begin as those of `other` do.
    await make_volume(harness, "other-2")
    await make_bucket(harness, "other-2", "bucket")
    bucket = await make_bucket(harness, OTHER, "bucket")
    with pytest.raises(VolumeNotEmpty):
        await delete_volume(harness, OTHER)
    request = om.DeleteBucketRequest(volume=OTHER, bucket="bucket", bucket_id=bucket.bucket_id)
    await harness.client.delete_bucket(request)
    await delete_volume(harness, OTHER)
    assert OTHER not in [name.decode() for name, _ in harness.rows(VOLUMES.table)]


@om_test()
async def test_rows_of_before_there_were_volumes_count_where_their_bucket_is(
    harness: OmHarness,
) -> None:
    """They were written when no request named a volume: (account, name)."""
    rows = {name: om.BucketRow(bucket_id=at, name=name, account_id=ACCOUNT) for at, name in OLD}
    txn = harness.store.begin()
    for name, row in rows.items():
        BUCKETS.put(txn, f"{VOLUME}/{name}".encode(), row)
        txn.put(ACCOUNT_BUCKETS, f"{ACCOUNT}\0{name}".encode(), b"")
    txn.commit()
    await make_volume(harness, OTHER)
    same = await make_bucket(harness, OTHER, "old-b")
    await make_bucket(harness, OTHER, "alone")
    await make_bucket(harness, VOLUME, "old-aa")
    assert await bucket_names(harness, VOLUME) == ["old-a", "old-aa", "old-b"]
    assert await bucket_names(harness, VOLUME, after="old-a", count_max=1) == ["old-aa"]
    assert await bucket_names(harness, VOLUME, after="old-aa") == ["old-b"]
    assert await bucket_names(harness, VOLUME, prefix="old-b") == ["old-b"]
    assert await bucket_names(harness, OTHER) == ["alone", "old-b"]
    # Another account's bucket of this name in another volume is no reason to show it there.
    await make_bucket(harness, OTHER, "old-a", account_id="2" * 12)
    assert await bucket_names(harness, OTHER) == ["alone", "old-b"]
    await delete_bucket(harness, OTHER, same)
    assert await bucket_names(harness, VOLUME) == ["old-a", "old-aa", "old-b"]
    await delete_bucket(harness, VOLUME, rows["old-b"])
    assert await bucket_names(harness, VOLUME) == ["old-a", "old-aa"]
    left = [key for key, _ in harness.rows(ACCOUNT_BUCKETS) if key.endswith(b"old-b")]
    assert left == []
    again = await make_bucket(harness, VOLUME, "old-b")
    assert await lookup_bucket(harness, VOLUME, "old-b") == again
