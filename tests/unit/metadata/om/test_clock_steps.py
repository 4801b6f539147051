"""What the OM measures does not move with the wall clock; what it tells people does."""

from pathlib import Path

import pytest

from tests.unit.metadata.om.om_harness import ACCOUNT, VOLUME, OmHarness, om_test, slices_of
from trioxygen.common.units import DAY_MS, HOUR_MS
from trioxygen.metadata.om.state.schema import GC, LEASES
from trioxygen.proto.v1 import om_pb2 as om

STEPS_MS = (HOUR_MS, -HOUR_MS, 73 * 365 * DAY_MS, -56 * 365 * DAY_MS)


@pytest.mark.parametrize("step_ms", STEPS_MS)
@pytest.mark.parametrize("lasting", [True, False])
def test_lease_lasts_as_long_as_was_said(tmp_path: Path, step_ms: int, lasting: bool) -> None:
    @om_test(lease_duration_ms=60_000)
    async def scenario(harness: OmHarness) -> None:
        bucket = await harness.bucket()
        lease = await harness.lease(2)
        harness.clock.wall += step_ms
        await harness.pass_time(10_000)
        if not lasting:
            harness.clock.wall -= step_ms
        await harness.pass_time(10_000)
        await harness.put(bucket, b"key", blocks=slices_of(lease, 1))
        await harness.pass_time(60_000)
        assert harness.rows(LEASES.table) == []

    scenario(tmp_path)


@pytest.mark.parametrize("step_ms", STEPS_MS)
@pytest.mark.parametrize("restarted", [True, False])
def test_garbage_waits_for_its_delay_and_no_longer(
    tmp_path: Path, step_ms: int, restarted: bool
) -> None:
    @om_test(gc_delay_ms=60_000)
    async def scenario(harness: OmHarness) -> None:
        bucket = await harness.bucket()
        await harness.put(bucket, b"key")
        await harness.delete(bucket, b"key")
        harness.clock.wall += step_ms
        if restarted:
            await harness.restart()
        await harness.pass_time(40_000)
        assert harness.scm.deleted == [], "readers may be at it"
        await harness.pass_time(30_000)
        assert len(harness.scm.deleted) == 1
        assert harness.rows(GC.table) == []

    scenario(tmp_path)


@om_test()
async def test_last_modified_of_a_key_does_not_go_back_an_hour(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    first = await harness.put(bucket, b"key")
    harness.clock.wall -= HOUR_MS
    assert (await harness.put(bucket, b"key")).modified_ms == first.modified_ms
    assert (await harness.put(bucket, b"other")).modified_ms == first.modified_ms - HOUR_MS
    assert (await harness.copy(bucket, b"other", b"key")).modified_ms == first.modified_ms
    harness.clock.wall += HOUR_MS + 1_000
    assert (await harness.put(bucket, b"key")).modified_ms == first.modified_ms + 1_000


@om_test()
async def test_last_modified_of_a_wrong_century_is_not_kept(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    harness.clock.wall += 73 * 365 * DAY_MS
    await harness.put(bucket, b"key")
    harness.clock.wall -= 73 * 365 * DAY_MS
    assert (await harness.put(bucket, b"key")).modified_ms == harness.clock.wall_ms()


@om_test()
async def test_versions_and_uploads_are_ordered_by_their_making(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    uploads: list[bytes] = []
    versions: list[int] = []
    for step_ms in (0, -HOUR_MS, 2 * HOUR_MS, -3 * HOUR_MS):
        harness.clock.wall += step_ms
        request = om.CreateUploadRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=b"key",
            row=om.UploadRow(account_id=ACCOUNT),
        )
        uploads.append((await harness.client.create_upload(request)).upload_id)
        versions.append((await harness.put(bucket, b"key")).object_id)
    listed = await harness.client.list_uploads(
        om.ListUploadsRequest(volume=VOLUME, bucket=bucket.name, count_max=10)
    )
    assert versions == sorted(versions)
    assert [row.upload_id for row in listed.uploads] == uploads
