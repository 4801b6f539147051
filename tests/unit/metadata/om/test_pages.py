"""Replies that grow with their rows, with rows of the greatest size: each fits a message, and pages
leave nothing out and bring nothing twice."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import ACCOUNT, EVERY_KIND, VOLUME, OmHarness, om_test
from trioxygen.common.errors import ObjectTooLarge
from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.common.paging import REPLY_BYTES_MAX, ROW_BYTES_MAX
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.common.units import MIB
from trioxygen.metadata.om.state.blocks import check_row
from trioxygen.metadata.om.state.schema import (
    ACCESS_KEYS,
    ACCOUNT_BUCKETS,
    ACCOUNTS,
    BUCKETS,
    HISTORY,
    KEYS,
    PARTS,
    UPLOADS,
    VISIBLE,
    VOLUMES,
    account_bucket_key,
    bucket_key,
    history_key,
    key_key,
    part_key,
    upload_key,
    volume_key,
)
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2
from trioxygen.proto.v1.types_pb2 import Account, BlockSlice

COUNT = 2_600
HEADERS = om.ObjectHeaders(
    content_type="t" * 8_192,
    user_metadata=[om.HeaderPair(name="n" * 1_000, value="v" * 8_000)],
)
UPLOAD_ID = b"u" * 16


def long_key(number: int) -> bytes:
    return b"%04d" % number + b"k" * 1_020


def fill(harness: OmHarness, bucket: om.BucketRow) -> None:
    """As many rows as one page may have, as large as their rules let them be."""
    txn = harness.store.begin()
    key = long_key(0)
    UPLOADS.put(
        txn,
        upload_key(bucket.bucket_id, key, UPLOAD_ID),
        om.UploadRow(key=key, headers=HEADERS, upload_id=UPLOAD_ID),
    )
    blocks = 3_000 * [BlockSlice(container=2**40, local=2**40, length_bytes=2**30, lease_id=2**40)]
    for number in range(COUNT):
        key, name = long_key(number), f"{number:04d}" + "n" * 250
        row = om.KeyRow(
            etag="e" * 128,
            account_id="😀" * 256,
            storage_class="😀" * 255,
            object_id=COUNT + number + 1,
        )
        KEYS.put(txn, key_key(bucket.bucket_id, key), row)
        older = om.KeyRow(object_id=number + 1, is_marker=True, account_id="😀" * 256)
        place = history_key(bucket.bucket_id, VISIBLE, key, older.object_id)
        HISTORY.put(txn, place, om.HistoryRow(row=older))
        upload_id = number.to_bytes(16, "big")
        upload = om.UploadRow(key=key, headers=HEADERS, upload_id=upload_id, account_id="a" * 256)
        UPLOADS.put(txn, upload_key(bucket.bucket_id, key, upload_id), upload)
        part = om.PartRow(size_bytes=1, etag="e" * 64, checksum=b"c" * 64)
        if number < 20:
            part.blocks.extend(blocks)
            part.pieces.extend(3_000 * [om.SealedPiece(plain_bytes=2**30, wrapped_key=bytes(64))])
        PARTS.put(txn, part_key(UPLOAD_ID, number + 1), part)
        made = om.BucketRow(name=name, account_id="😀" * 256, location="😀" * 255)
        BUCKETS.put(txn, bucket_key(VOLUME, name), made)
        txn.put(ACCOUNT_BUCKETS, account_bucket_key(VOLUME, "many", name), b"")
        volume = om.VolumeRow(name=name[:63], account_id="😀" * 256)
        VOLUMES.put(txn, volume_key(volume.name), volume)
        ACCOUNTS.put(
            txn,
            name.encode(),
            Account(account_id=name, canonical_id="😀" * 256, display_name="😀" * 256),
        )
        ACCESS_KEYS.put(
            txn,
            f"{number:04d}".encode() + b"k" * 120,
            iam.AccessKeyRow(access_key=f"{number:04d}" + "k" * 120, account_id="😀" * 256),
        )
    txn.commit()


Walk = Callable[..., Awaitable[Any]]


def fields(message: Any) -> dict[str, Any]:
    return {field.name: value for field, value in message.ListFields()}


async def walked(
    call: Walk, entries: Callable[[Any], list[Any]], after: Callable[[Any], Any]
) -> Any:
    """All entries of all pages."""
    actual: list[Any] = []
    position, pages = None, 0
    while True:
        reply = await call(position)
        assert (
            reply.ByteSize() <= REPLY_BYTES_MAX + ROW_BYTES_MAX < SessionLimits().message_bytes_max
        )
        page = entries(reply)
        actual += page
        pages += 1
        if not reply.truncated:
            assert pages > 1, "one page: the test does not test"
            return actual
        assert page, "a page that gets nowhere"
        position = after(reply)


async def set_all_that_fits(harness: OmHarness, bucket: om.BucketRow) -> None:
    """Settings of a bucket, of the greatest size together."""
    left = harness.config.settings_bytes_max
    for kind in (om.BucketSetting.POLICY, om.BucketSetting.LIFECYCLE):
        setting = om.BucketSetting(
            kind=kind, document=bytes(min(left, harness.config.setting_bytes_max) - 40)
        )
        request = om.PutBucketSettingRequest(
            volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, setting=setting
        )
        await harness.client.put_bucket_setting(request)
        left -= setting.ByteSize()


@om_test()
async def test_every_list_of_the_om_pages_through_rows_of_the_greatest_size(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    fill(harness, bucket)
    await set_all_that_fits(harness, bucket)
    client, most = harness.client, 10_000
    keys = [long_key(number) for number in range(COUNT)]

    for delimiter in (b"", b"/"):
        asked = om.ListKeysRequest(
            volume=VOLUME,
            bucket=bucket.name,
            count_max=most,
            delimiter=delimiter,
            setting_kinds=EVERY_KIND,
        )
        listed = await walked(
            lambda after, asked=asked: client.list_keys(
                om.ListKeysRequest(**fields(asked), after=after or b"")
            ),
            lambda reply: list(reply.keys),
            lambda reply: reply.last,
        )
        assert listed == keys
    versions = await walked(
        lambda after: client.list_versions(
            om.ListVersionsRequest(
                volume=VOLUME,
                bucket=bucket.name,
                setting_kinds=EVERY_KIND,
                count_max=most,
                key_marker=after.next_key_marker if after else b"",
                version_marker=om.VersionId(object_id=after.versions[-1].row.object_id)
                if after
                else None,
            )
        ),
        lambda reply: [(each.key, each.row.object_id) for each in reply.versions],
        lambda reply: reply,
    )
    assert versions == [
        (key, object_id + number + 1) for number, key in enumerate(keys) for object_id in (COUNT, 0)
    ]
    uploads = await walked(
        lambda after: client.list_uploads(
            om.ListUploadsRequest(
                volume=VOLUME,
                bucket=bucket.name,
                setting_kinds=EVERY_KIND,
                count_max=1_000,
                key_marker=after[0] if after else b"",
                upload_id_marker=after[1] if after else b"",
            )
        ),
        lambda reply: [(upload.key, upload.upload_id) for upload in reply.uploads],
        lambda reply: (reply.next_key_marker, reply.next_upload_id_marker),
    )
    own = [(key, number.to_bytes(16, "big")) for number, key in enumerate(keys)]
    assert uploads == sorted([(keys[0], UPLOAD_ID), *own])


@om_test()
async def test_every_other_list_of_the_om_pages_through_rows_of_the_greatest_size(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    fill(harness, bucket)
    await set_all_that_fits(harness, bucket)
    client, most = harness.client, 10_000
    keys = [long_key(number) for number in range(COUNT)]
    names = [f"{number:04d}" + "n" * 250 for number in range(COUNT)]
    parts = await walked(
        lambda after: client.list_parts(
            om.ListPartsRequest(
                volume=VOLUME,
                bucket=bucket.name,
                setting_kinds=EVERY_KIND,
                key=keys[0],
                upload_id=UPLOAD_ID,
                after_number=after or 0,
                count_max=1_000,
            )
        ),
        lambda reply: list(reply.numbers),
        lambda reply: reply.numbers[-1],
    )
    assert parts == list(range(1, COUNT + 1))
    buckets = await walked(
        lambda after: client.list_buckets(
            om.ListBucketsRequest(
                volume=VOLUME, account_id="many", count_max=most, after=after or ""
            )
        ),
        lambda reply: [bucket.name for bucket in reply.buckets],
        lambda reply: reply.buckets[-1].name,
    )
    assert buckets == names
    volumes = await walked(
        lambda after: client.list_volumes(
            om.ListVolumesRequest(count_max=1_000, after=after or "")
        ),
        lambda reply: [volume.name for volume in reply.volumes],
        lambda reply: reply.volumes[-1].name,
    )
    assert volumes[:COUNT] == [name[:63] for name in names]
    accounts = await walked(
        lambda after: client.list_accounts(
            om.ListAccountsRequest(count_max=1_000, after=after or "")
        ),
        lambda reply: [account.account_id for account in reply.accounts],
        lambda reply: reply.accounts[-1].account_id,
    )
    assert accounts[:COUNT] == names
    access_keys = await walked(
        lambda after: client.list_access_keys(
            om.ListAccessKeysRequest(count_max=1_000, after=after or "")
        ),
        lambda reply: [key.access_key for key in reply.keys],
        lambda reply: reply.keys[-1].access_key,
    )
    assert access_keys == [f"{number:04d}" + "k" * 120 for number in range(COUNT)]


def test_every_list_of_the_om_is_walked_here() -> None:
    """A new one joins the test above."""
    growing = {
        method.name
        for method in om.DESCRIPTOR.services_by_name["OzoneManager"].methods
        if method.name.startswith("List")
    }
    assert growing == {
        "ListKeys",
        "ListVersions",
        "ListUploads",
        "ListParts",
        "ListVolumes",
        "ListBuckets",
        "ListAccounts",
        "ListAccessKeys",
        # In workers/test_lifecycle.
        "ListLifecycles",
    }


@om_test()
async def test_object_of_more_blocks_than_a_row_has_room_for_is_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    lease = await harness.lease(1)
    piece = BlockSlice(
        container=lease.blocks.container,
        local=lease.blocks.first_local,
        length_bytes=2**20,
        lease_id=lease.lease_id,
        tag=7,
        block_bytes=2**20,
    )
    for count, fits in ((30_000, True), (150_000, False)):
        row = om.KeyRow(size_bytes=count * 2**20, blocks=count * [piece], account_id=ACCOUNT)
        request = om.CommitKeyRequest(
            volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, key=b"key", row=row
        )
        assert RULES.fault(request) is None
        if not fits:
            with pytest.raises(ObjectTooLarge):
                await harness.client.commit_key(request)
            return
        await harness.client.commit_key(request)
        reply = await harness.lookup(bucket, b"key")
        assert len(reply.row.blocks) == count
        assert reply.ByteSize() < SessionLimits().message_bytes_max


def sealed_row(parts: int, **of_piece: Any) -> om.KeyRow:
    size_bytes = 512 * MIB
    return om.KeyRow(
        size_bytes=parts * size_bytes,
        etag="e" * 38,
        account_id=ACCOUNT,
        blocks=[
            BlockSlice(container=2**16, local=2**32 + at, length_bytes=2**28, lease_id=2**32, tag=7)
            for at in range(2 * parts)
        ],
        parts=[
            om.ObjectPart(
                number=at,
                size_bytes=size_bytes,
                checksum=32 * b"c",
                md5=16 * b"m",
                crc64nvme=8 * b"c",
            )
            for at in range(1, parts + 1)
        ],
        pieces=parts * [om.SealedPiece(plain_bytes=size_bytes, **of_piece)],
    )


def test_object_of_the_most_parts_has_room_with_keys_that_a_kms_wrapped() -> None:
    """As Vault does it: a key of 32 bytes, beside one that is wrapped itself."""
    row = sealed_row(PART_NUMBER_MAX, wrapped_key=139 * b"k", master_key="vault:objects:1")
    assert check_row(row) is None
    # The former version of the key is beside it.
    assert 2 * row.ByteSize() < RaftReplicaConfig().entry_bytes_max


def test_few_parts_with_keys_that_fill_a_row_are_refused() -> None:
    long = {"wrapped_key": 1_024 * b"k", "master_key": 2_048 * "k"}
    assert check_row(sealed_row(200, **long)) is None
    refusal = check_row(sealed_row(1_500, **long))
    assert refusal is not None and refusal.code == types_pb2.OBJECT_TOO_LARGE


@om_test()
async def test_page_of_sealed_objects_leaves_their_keys_out(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    txn = harness.store.begin()
    for number in range(10):
        row = sealed_row(PART_NUMBER_MAX, wrapped_key=48 * b"k", master_key="objects:1")
        row.object_id = number + 1
        KEYS.put(txn, key_key(bucket.bucket_id, b"%d" % number), row)
    txn.commit()
    keys = await harness.client.list_keys(
        om.ListKeysRequest(volume=VOLUME, bucket=bucket.name, count_max=1_000)
    )
    versions = await harness.client.list_versions(
        om.ListVersionsRequest(volume=VOLUME, bucket=bucket.name, count_max=1_000)
    )
    assert len(keys.rows) == len(versions.versions) == 10
    assert keys.ByteSize() < 10_000 and versions.ByteSize() < 10_000
