"""What an upload of parts is to be locked with lasts as long as was said when it began, wherever
the leader's clock was then, and wherever it goes until the upload is complete."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.om.om_harness import CONFIG, VOLUME, OmHarness, with_om
from tests.unit.metadata.om.upload_steps import KEY, Uploading
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

RETAINED_MS = 300_000
AHEAD_MS = 200_000
# Moments that the test itself takes.
MARGIN_MS = 10_000


async def begin_locked(harness: OmHarness, asker: OmClient, until_ms: int) -> Uploading:
    bucket = await harness.bucket()
    named = {"volume": VOLUME, "bucket": bucket.name, "bucket_id": bucket.bucket_id}
    kept = om.SetBucketVersioningRequest(versioning=om.VERSIONED, **named)  # type: ignore[arg-type]
    await harness.client.set_bucket_versioning(kept)
    locked = om.SetBucketLockRequest(lock=om.BucketLock(), **named)  # type: ignore[arg-type]
    await harness.client.set_bucket_lock(locked)
    row = om.UploadRow(lock=om.ObjectLock(mode=om.COMPLIANCE, retain_until_ms=until_ms))
    begun = om.CreateUploadRequest(key=KEY, row=row, **named)  # type: ignore[arg-type]
    reply = await asker.create_upload(begun)
    return Uploading(harness, bucket, types_pb2.CHECKSUM_NONE, reply.upload_id)


async def deletion(harness: OmHarness, upload: Uploading, version: om.VersionId) -> int:
    request = om.DeleteKeysRequest(
        volume=VOLUME, bucket=upload.bucket.name, bucket_id=upload.bucket.bucket_id
    )
    request.bypasses_governance = True
    request.keys.add(key=KEY, version=version)
    [code] = (await harness.client.delete_keys(request)).results
    return code


@pytest.mark.parametrize(
    ("ahead_at_begin_ms", "ahead_at_end_ms"), [(0, 0), (AHEAD_MS, AHEAD_MS), (0, AHEAD_MS)]
)
def test_lock_of_an_upload_lasts_from_its_begin(
    tmp_path: Path, ahead_at_begin_ms: int, ahead_at_end_ms: int
) -> None:
    async def scenario(harness: OmHarness) -> None:
        truth = ManualClock(wall_ms=harness.clock.wall)
        asker = OmClient(inline_runtime(truth, network=harness.network, seed=9), ["om1"])
        asker.first_group.client_id = 9
        true_ms, began_ms = harness.clock.wall, harness.executor.group_ms()
        harness.clock.wall = true_ms + ahead_at_begin_ms
        upload = await begin_locked(harness, asker, true_ms + RETAINED_MS)
        harness.clock.wall = true_ms + ahead_at_end_ms
        await upload.part(1, b"part")
        version = (await upload.complete()).version
        # By the wall it is long over.
        harness.clock.wall = true_ms + DAY_MS
        passed_ms = harness.executor.group_ms() - began_ms
        await harness.pass_time(RETAINED_MS - passed_ms - MARGIN_MS)
        assert await deletion(harness, upload, version) == types_pb2.OBJECT_LOCKED
        await harness.pass_time(2 * MARGIN_MS)
        assert await deletion(harness, upload, version) == types_pb2.ERROR_CODE_UNSPECIFIED

    asyncio.run(with_om(tmp_path, CONFIG, scenario))
