"""A retention lasts as long as who asks for it means, however it is asked for, wherever the
leader's clock is then, and wherever it goes until an upload is complete."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import ManualClock
from tests.unit.metadata.om.om_harness import ACCOUNT, CONFIG, VOLUME, OmHarness, with_om
from tests.unit.metadata.om.upload_steps import KEY, Uploading
from trioxygen.common.units import DAY_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1 import types_pb2

RETAINED_MS = 300_000
AHEAD_MS = 200_000
# Moments that the test itself takes.
MARGIN_MS = 10_000


@dataclass
class LockedBucket:
    """Attributes: asker: has the right time. true_ms: the time when the test began."""

    harness: OmHarness
    asker: OmClient
    bucket: om.BucketRow
    true_ms: int
    ahead_later_ms: int

    @property
    def named(self) -> dict[str, Any]:
        return {
            "volume": VOLUME,
            "bucket": self.bucket.name,
            "bucket_id": self.bucket.bucket_id,
        }

    @property
    def until_ms(self) -> int:
        return self.true_ms + RETAINED_MS

    @property
    def lock(self) -> om.ObjectLock:
        return om.ObjectLock(mode=om.COMPLIANCE, retain_until_ms=self.until_ms)

    async def turn_on(self) -> None:
        kept = om.SetBucketVersioningRequest(versioning=om.VERSIONED, **self.named)
        await self.harness.client.set_bucket_versioning(kept)
        locked = om.SetBucketLockRequest(lock=om.BucketLock(), **self.named)
        await self.harness.client.set_bucket_lock(locked)

    def leap(self) -> None:
        self.harness.clock.wall = self.true_ms + self.ahead_later_ms

    # ---- how a version is locked ----

    async def put(self) -> om.VersionId:
        row = om.KeyRow(etag="e", account_id=ACCOUNT, lock=self.lock)
        request = om.CommitKeyRequest(key=KEY, row=row, **self.named)
        return (await self.asker.commit_key(request)).version

    async def set_later(self) -> om.VersionId:
        version = (await self.harness.put(self.bucket, KEY)).version
        retention = om.Retention(mode=om.COMPLIANCE, retain_until_ms=self.until_ms)
        request = om.SetObjectLockRequest(
            key=KEY, version=version, retention=retention, **self.named
        )
        await self.asker.set_object_lock(request)
        return version

    async def upload(self) -> om.VersionId:
        request = om.CreateUploadRequest(key=KEY, row=om.UploadRow(lock=self.lock), **self.named)
        reply = await self.asker.create_upload(request)
        self.leap()
        made = Uploading(self.harness, self.bucket, types_pb2.CHECKSUM_NONE, reply.upload_id)
        await made.part(1, b"part")
        return (await made.complete()).version

    async def delete(self, version: om.VersionId) -> int:
        request = om.DeleteKeysRequest(bypasses_governance=True, **self.named)
        request.keys.add(key=KEY, version=version)
        [code] = (await self.harness.client.delete_keys(request)).results
        return code


@pytest.mark.parametrize(
    "way",
    [LockedBucket.put, LockedBucket.set_later, LockedBucket.upload],
    ids=lambda way: way.__name__,
)
@pytest.mark.parametrize(
    ("ahead_ms", "ahead_later_ms"), [(0, 0), (AHEAD_MS, AHEAD_MS), (0, AHEAD_MS)]
)
def test_retention_lasts_as_long_as_was_asked_for(
    tmp_path: Path,
    way: Callable[[LockedBucket], Awaitable[om.VersionId]],
    ahead_ms: int,
    ahead_later_ms: int,
) -> None:
    async def scenario(harness: OmHarness) -> None:
        true_ms, began_ms = harness.clock.wall, harness.executor.group_ms()
        runtime = inline_runtime(ManualClock(wall_ms=true_ms), network=harness.network, seed=9)
        asker = OmClient(runtime, ["om1"])
        asker.first_group.client_id = 9
        locked = LockedBucket(harness, asker, await harness.bucket(), true_ms, ahead_later_ms)
        await locked.turn_on()
        harness.clock.wall = true_ms + ahead_ms
        version = await way(locked)
        # By the wall it is long over.
        harness.clock.wall = true_ms + DAY_MS
        passed_ms = harness.executor.group_ms() - began_ms
        await harness.pass_time(RETAINED_MS - passed_ms - MARGIN_MS)
        assert await locked.delete(version) == types_pb2.OBJECT_LOCKED
        await harness.pass_time(2 * MARGIN_MS)
        assert await locked.delete(version) == types_pb2.ERROR_CODE_UNSPECIFIED

    asyncio.run(with_om(tmp_path, CONFIG, scenario))
