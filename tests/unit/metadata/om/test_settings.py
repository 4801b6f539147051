"""Settings of buckets: documents by kind and id, which come with the bucket that they are of."""

from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import ACCOUNT, EVERY_KIND, VOLUME, OmHarness, om_test
from trioxygen.common.errors import ConditionConflict, InvalidRequest, NoSuchBucket
from trioxygen.metadata.om.state.schema import BUCKET_SETTINGS
from trioxygen.proto.v1 import om_pb2 as om

LIFECYCLE, POLICY = om.BucketSetting.LIFECYCLE, om.BucketSetting.POLICY
INVENTORY = om.BucketSetting.INVENTORY


async def put(
    harness: OmHarness,
    bucket: om.BucketRow,
    kind: om.BucketSetting.Kind,
    document: bytes,
    *,
    id: str = "",
    replaces: int | None = None,
) -> int:
    """Its revision."""
    request = om.PutBucketSettingRequest(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        setting=om.BucketSetting(kind=kind, id=id, document=document),
        replaces=replaces,
    )
    return (await harness.client.put_bucket_setting(request)).revision


async def delete(
    harness: OmHarness,
    bucket: om.BucketRow,
    kind: om.BucketSetting.Kind,
    *,
    id: str = "",
    replaces: int | None = None,
) -> bool:
    request = om.DeleteBucketSettingRequest(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        kind=kind,
        id=id,
        replaces=replaces,
    )
    return (await harness.client.delete_bucket_setting(request)).deleted


async def settings(
    harness: OmHarness, bucket: om.BucketRow, kinds: int = EVERY_KIND
) -> list[tuple[int, str, bytes]]:
    request = om.LookupBucketRequest(volume=VOLUME, bucket=bucket.name, setting_kinds=kinds)
    reply = await harness.client.lookup_bucket(request)
    return [(row.kind, row.id, row.document) for row in reply.settings]


@om_test()
async def test_bucket_comes_with_all_its_settings_in_one_call(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    other = await harness.bucket("other")
    await put(harness, bucket, LIFECYCLE, b"rules")
    await put(harness, bucket, POLICY, b"statements")
    for id in ("b", "a"):
        await put(harness, bucket, INVENTORY, id.encode(), id=id)
    await put(harness, other, POLICY, b"another's")
    everything = [
        (POLICY, "", b"statements"),
        (LIFECYCLE, "", b"rules"),
        (INVENTORY, "a", b"a"),
        (INVENTORY, "b", b"b"),
    ]
    assert await settings(harness, bucket) == everything
    assert await settings(harness, bucket, 1 << POLICY) == everything[:1]
    assert await settings(harness, bucket, 1 << INVENTORY | 1 << LIFECYCLE) == everything[1:]
    assert await settings(harness, bucket, 0) == []


@om_test()
async def test_every_query_in_a_bucket_brings_the_settings_that_it_asks_for(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    await put(harness, bucket, POLICY, b"statements")
    upload = await harness.client.create_upload(
        om.CreateUploadRequest(
            volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, key=b"key"
        )
    )
    client = harness.client
    where: dict[str, Any] = {"volume": VOLUME, "bucket": bucket.name}
    for kinds, documents in ((1 << POLICY, [b"statements"]), (1 << LIFECYCLE, []), (0, [])):
        where["setting_kinds"] = kinds
        of_upload = {**where, "key": b"key", "upload_id": upload.upload_id}
        replies: list[Any] = [
            await client.lookup_bucket(om.LookupBucketRequest(**where)),
            await client.lookup_key(om.LookupKeyRequest(**where, key=b"key")),
            await client.list_keys(om.ListKeysRequest(**where, count_max=10)),
            await client.lookup_upload(om.LookupUploadRequest(**of_upload)),
            await client.list_uploads(om.ListUploadsRequest(**where, count_max=10)),
            await client.list_parts(om.ListPartsRequest(**of_upload, count_max=10)),
        ]
        for reply in replies:
            assert [row.document for row in reply.settings] == documents, reply


@om_test()
async def test_setting_is_replaced_and_deleted(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    first = await put(harness, bucket, POLICY, b"first")
    second = await put(harness, bucket, POLICY, b"second")
    assert second > first
    assert await settings(harness, bucket) == [(POLICY, "", b"second")]
    assert await delete(harness, bucket, POLICY)
    assert not await delete(harness, bucket, POLICY)
    assert await settings(harness, bucket) == []
    # Readers of the bucket look for none any more.
    assert (await harness.lookup(bucket, b"key")).bucket.setting_kinds == 0


@om_test()
async def test_kind_stays_known_while_one_of_its_settings_is_left(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for id in ("a", "b"):
        await put(harness, bucket, INVENTORY, b"", id=id)
    await delete(harness, bucket, INVENTORY, id="a")
    assert await settings(harness, bucket) == [(INVENTORY, "b", b"")]
    await delete(harness, bucket, INVENTORY, id="b")
    assert (await harness.lookup(bucket, b"key")).bucket.setting_kinds == 0


@om_test()
async def test_change_of_another_revision_than_there_is_is_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    first = await put(harness, bucket, POLICY, b"first", replaces=0)
    with pytest.raises(ConditionConflict):
        await put(harness, bucket, POLICY, b"other", replaces=0)
    second = await put(harness, bucket, POLICY, b"second", replaces=first)
    for late in (first, 0):
        with pytest.raises(ConditionConflict):
            await put(harness, bucket, POLICY, b"late", replaces=late)
        with pytest.raises(ConditionConflict):
            await delete(harness, bucket, POLICY, replaces=late)
    assert await settings(harness, bucket) == [(POLICY, "", b"second")]
    assert await delete(harness, bucket, POLICY, replaces=second)


@om_test()
async def test_settings_go_with_their_bucket_in_the_same_transaction(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    other = await harness.bucket("other")
    await put(harness, bucket, POLICY, b"statements")
    await put(harness, bucket, INVENTORY, b"daily", id="daily")
    await put(harness, other, POLICY, b"another's")
    await harness.delete_bucket(bucket)
    assert len(harness.rows(BUCKET_SETTINGS.table)) == 1
    again = await harness.bucket()
    assert await settings(harness, again) == []
    assert await settings(harness, other) == [(POLICY, "", b"another's")]
    with pytest.raises(NoSuchBucket):
        await put(harness, bucket, POLICY, b"of the bucket before")


@om_test(setting_bytes_max=10, settings_bytes_max=100, settings_of_kind_max=3)
async def test_settings_of_a_bucket_have_bounds(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await put(harness, bucket, POLICY, 10 * b"x")
    with pytest.raises(InvalidRequest) as refused:
        await put(harness, bucket, POLICY, 11 * b"x")
    assert refused.value.facts == {"document_bytes": "11", "most": "10"}
    for id in "abc":
        await put(harness, bucket, INVENTORY, b"", id=id)
    await put(harness, bucket, INVENTORY, b"again", id="a")
    with pytest.raises(InvalidRequest, match="settings_of_kind=4"):
        await put(harness, bucket, INVENTORY, b"", id="d")
    with pytest.raises(InvalidRequest, match="bucket_bytes="):
        for kind in (LIFECYCLE, om.BucketSetting.CORS, om.BucketSetting.WEBSITE):
            await put(harness, bucket, kind, 10 * b"x")
    assert sum(len(row) for _, row in harness.rows(BUCKET_SETTINGS.table)) <= 100


@om_test()
async def test_setting_has_an_id_where_there_can_be_many_of_its_kind(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for kind, id in ((POLICY, "id"), (INVENTORY, ""), (om.BucketSetting.KIND_UNSPECIFIED, "")):
        with pytest.raises(InvalidRequest):
            await put(harness, bucket, kind, b"document", id=id)
        with pytest.raises(InvalidRequest):
            await delete(harness, bucket, kind, id=id)


@om_test()
async def test_settings_are_there_again_after_a_start_from_the_log(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await put(harness, bucket, POLICY, b"statements")
    await put(harness, bucket, LIFECYCLE, b"rules")
    await delete(harness, bucket, LIFECYCLE)
    await harness.restart(lose_store=True)
    assert await settings(harness, bucket) == [(POLICY, "", b"statements")]


def test_kinds_fit_a_set_of_bits() -> None:
    kinds = om.BucketSetting.Kind.values()
    assert len(set(kinds)) == len(kinds)
    assert max(kinds) < 64


def begin_with(*settings: om.BucketSetting, name: str = "another") -> om.CreateBucketRequest:
    return om.CreateBucketRequest(
        volume=VOLUME, bucket=name, account_id=ACCOUNT, settings=list(settings)
    )


@om_test()
async def test_bucket_begins_with_its_settings(harness: OmHarness) -> None:
    wanted = [
        om.BucketSetting(kind=POLICY, document=b"policy"),
        om.BucketSetting(kind=INVENTORY, id="a", document=b"inventory"),
    ]
    bucket = (await harness.client.create_bucket(begin_with(*wanted))).bucket
    assert await settings(harness, bucket) == [
        (POLICY, "", b"policy"),
        (INVENTORY, "a", b"inventory"),
    ]
    rows = [om.BucketSetting.FromString(value) for _, value in harness.rows(BUCKET_SETTINGS.table)]
    assert all(row.revision > bucket.bucket_id and row.modified_ms for row in rows)
    assert await delete(harness, bucket, POLICY)
    assert await settings(harness, bucket) == [(INVENTORY, "a", b"inventory")]


@om_test()
async def test_bucket_whose_settings_are_refused_is_not_there(harness: OmHarness) -> None:
    for wanted in (
        [om.BucketSetting(kind=POLICY, document=b"1"), om.BucketSetting(kind=POLICY)],
        [om.BucketSetting(kind=POLICY, document=b"x" * 2_000_000)],
        [om.BucketSetting(kind=POLICY, id="a")],
    ):
        with pytest.raises(InvalidRequest):
            await harness.client.create_bucket(begin_with(*wanted))
        request = om.LookupBucketRequest(volume=VOLUME, bucket="another")
        with pytest.raises(NoSuchBucket):
            await harness.client.lookup_bucket(request)
    assert harness.rows(BUCKET_SETTINGS.table) == []


@om_test()
async def test_bucket_says_by_a_revision_when_what_decides_access_has_changed(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()

    async def revision() -> int:
        request = om.LookupBucketRequest(volume=VOLUME, bucket=bucket.name)
        return (await harness.client.lookup_bucket(request)).bucket.access_revision

    await put(harness, bucket, LIFECYCLE, b"")
    assert await revision() == 0
    first = await put(harness, bucket, POLICY, b"statements")
    assert await revision() == first
    second = await put(harness, bucket, om.BucketSetting.CORS, b"rules")
    assert await revision() == second > first
    await delete(harness, bucket, LIFECYCLE)
    assert await revision() == second
    assert await delete(harness, bucket, POLICY)
    assert await revision() > second


@om_test()
async def test_bucket_that_begins_with_an_access_document_has_a_revision(
    harness: OmHarness,
) -> None:
    request = om.CreateBucketRequest(
        volume=VOLUME,
        bucket="bucket",
        account_id=ACCOUNT,
        settings=[om.BucketSetting(kind=om.BucketSetting.OWNERSHIP, document=b"ownership")],
    )
    assert (await harness.client.create_bucket(request)).bucket.access_revision > 0
