"""ACLs of versions: put, and what of else is done with a version they outlive."""

from typing import Any

import pytest

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, om_test
from tests.unit.metadata.om.upload_steps import KEY, Uploading
from trioxygen.common.errors import (
    ConditionConflict,
    InvalidRequest,
    NoSuchKey,
    NoSuchKeyVersion,
    VersionIsMarker,
)
from trioxygen.common.rpc.rules.om_objects import ACL_BYTES_MAX
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

PUBLIC = b"\x01public"


async def set_acl(
    harness: OmHarness, bucket: om.BucketRow, object_id: int, acl: bytes = PUBLIC, **named: Any
) -> om.SetObjectAclReply:
    request = om.SetObjectAclRequest(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        key=KEY,
        object_id=object_id,
        acl=acl,
        **named,
    )
    return await harness.client.set_object_acl(request)


async def keep_versions(harness: OmHarness, bucket: om.BucketRow) -> None:
    request = om.SetBucketVersioningRequest(
        volume=VOLUME,
        bucket=bucket.name,
        bucket_id=bucket.bucket_id,
        versioning=om.VERSIONED,
    )
    await harness.client.set_bucket_versioning(request)


@om_test()
async def test_acl_takes_the_place_of_the_former_and_changes_nothing_else(
    harness: OmHarness,
) -> None:
    bucket = await harness.bucket()
    put = await harness.put(bucket, KEY)
    before = (await harness.lookup(bucket, KEY)).row
    for acl in (PUBLIC, b"\x01other", b""):
        await set_acl(harness, bucket, put.object_id, acl)
        after = (await harness.lookup(bucket, KEY)).row
        assert after.acl == acl
        after.ClearField("acl")
        assert after == before


@om_test()
async def test_version_is_named_or_the_current_one(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await keep_versions(harness, bucket)
    first = await harness.put(bucket, KEY, b"first")
    second = await harness.put(bucket, KEY, b"second")
    done = await set_acl(harness, bucket, first.object_id, version=first.version)
    assert done.version == first.version
    assert (await harness.lookup(bucket, KEY)).row.acl == b""
    await set_acl(harness, bucket, second.object_id)
    assert (await harness.lookup(bucket, KEY)).row.acl == PUBLIC


@om_test()
async def test_object_that_became_another_keeps_its_own(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    read = await harness.put(bucket, KEY, b"read")
    await harness.put(bucket, KEY, b"another's")
    with pytest.raises(ConditionConflict):
        await set_acl(harness, bucket, read.object_id)
    assert (await harness.lookup(bucket, KEY)).row.acl == b""


@om_test()
async def test_what_is_no_object_has_no_acl(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    with pytest.raises(NoSuchKey):
        await set_acl(harness, bucket, 1)
    await keep_versions(harness, bucket)
    put = await harness.put(bucket, KEY)
    with pytest.raises(NoSuchKeyVersion):
        await set_acl(harness, bucket, 1, version=om.VersionId(object_id=1))
    await harness.delete(bucket, KEY)
    with pytest.raises(NoSuchKey):
        await set_acl(harness, bucket, put.object_id)
    marker = (await harness.lookup(bucket, KEY)).row
    with pytest.raises(VersionIsMarker):
        named = om.VersionId(object_id=marker.object_id)
        await set_acl(harness, bucket, marker.object_id, version=named)


@om_test()
async def test_acl_is_bounded(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    put = await harness.put(bucket, KEY)
    with pytest.raises(InvalidRequest):
        await set_acl(harness, bucket, put.object_id, bytes(ACL_BYTES_MAX + 1))
    await set_acl(harness, bucket, put.object_id, bytes(ACL_BYTES_MAX))


@om_test()
async def test_new_name_keeps_the_acl(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    put = await harness.put(bucket, KEY)
    await set_acl(harness, bucket, put.object_id)
    request = om.RenameKeyRequest(
        volume=VOLUME, bucket=bucket.name, bucket_id=bucket.bucket_id, source=KEY, key=b"new"
    )
    await harness.client.rename_key(request)
    assert (await harness.lookup(bucket, b"new")).row.acl == PUBLIC


@om_test()
async def test_upload_gives_its_object_its_owner_and_acl(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    begun = await harness.client.create_upload(
        om.CreateUploadRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=KEY,
            row=om.UploadRow(
                account_id=ACCOUNT,
                checksum_algorithm=types_pb2.CRC32,
                checksum_type=types_pb2.COMPOSITE,
                acl=PUBLIC,
                initiator="ann",
            ),
        )
    )
    upload = Uploading(harness, bucket, types_pb2.CRC32, begun.upload_id)
    looked_up = await harness.client.lookup_upload(
        om.LookupUploadRequest(
            volume=VOLUME, bucket=bucket.name, key=KEY, upload_id=begun.upload_id
        )
    )
    assert looked_up.upload.initiator == "ann"
    await upload.part(1, b"part")
    await upload.complete()
    row = (await harness.lookup(bucket, KEY)).row
    assert (row.account_id, row.acl) == (ACCOUNT, PUBLIC)
