import hashlib

import pytest

from tests.unit.metadata.om.om_harness import (
    CONTAINER,
    VOLUME,
    OmHarness,
    blocks_of,
    etag_of,
    om_test,
    slices_of,
)
from tests.unit.metadata.om.upload_steps import KEY, begin_upload
from trioxygen.common.errors import (
    ConditionFailed,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    LeaseExpired,
    NoSuchBucket,
    NoSuchUpload,
    ObjectTooLarge,
    PartTooSmall,
    SizeMismatch,
    TrioxygenError,
)
from trioxygen.common.units import GIB, TIB
from trioxygen.metadata.om.state.schema import COMPLETED_UPLOADS, GC, PARTS, UPLOADS
from trioxygen.proto.v1 import om_pb2 as om


def etag_of_parts(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"


def queued(harness: OmHarness) -> list[int]:
    rows = [om.GcRow.FromString(value).blocks for _, value in harness.rows(GC.table)]
    ranges = [range(row.first_local, row.first_local + row.count) for row in rows]
    return sorted(local for each in ranges for local in each)


@om_test()
async def test_upload_is_invisible_until_it_is_completed(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    await upload.part(3, b"three")
    await upload.part(1, b"one")
    assert not (await harness.lookup(bucket, KEY)).exists
    reply = await upload.complete()
    assert reply.etag == etag_of_parts(b"one", b"three")
    row = (await harness.lookup(bucket, KEY)).row
    assert (row.etag, row.size_bytes, row.object_id) == (reply.etag, 8, reply.object_id)
    assert [(part.number, part.size_bytes) for part in row.parts] == [(1, 3), (3, 5)]
    assert [piece.length_bytes for piece in row.blocks] == [3, 5]
    assert row.headers.content_type == "text/plain"
    assert (harness.rows(UPLOADS.table), harness.rows(PARTS.table)) == ([], [])


@om_test()
async def test_parts_out_of_order_or_named_twice_are_refused(harness: OmHarness) -> None:
    upload = await begin_upload(harness, await harness.bucket())
    for number in (1, 2, 3):
        await upload.part(number, b"%d" % number)
    first, two, three = (upload.parts[number] for number in (1, 2, 3))
    stale = om.CompletePart(number=1, etag=etag_of(b"stale"))
    absent = om.CompletePart(number=2**31 - 1, etag=first.etag)
    disorders = (
        [two, first],
        [first, three, two],
        [first, two, first],
        [first, first],
        [first, first, two],
    )
    for parts in (*disorders, [stale, first], [first, stale], [stale, three, two], [absent, first]):
        with pytest.raises(InvalidPartOrder):
            await upload.complete(parts)
    await upload.complete([first, three])


@om_test()
async def test_part_that_is_missing_or_has_another_etag_is_refused(harness: OmHarness) -> None:
    upload = await begin_upload(harness, await harness.bucket())
    await upload.part(1, b"one")
    first = upload.parts[1]
    for number in (2, 10_000, 10_001, 70_000, 2**32 - 1):
        with pytest.raises(InvalidPart) as refused:
            await upload.complete([first, om.CompletePart(number=number, etag=first.etag)])
        assert refused.value.facts["part"] == str(number)
    for wrong in (etag_of(b"two"), "", first.etag.upper()):
        with pytest.raises(InvalidPart):
            await upload.complete([om.CompletePart(number=1, etag=wrong)])
    with pytest.raises(InvalidRequest):
        await upload.complete([])
    await upload.complete()


@om_test()
async def test_part_that_is_too_small_is_refused_unless_it_is_the_last(harness: OmHarness) -> None:
    upload = await begin_upload(harness, await harness.bucket())
    for number, size in ((1, 10), (2, 9), (3, 1)):
        await upload.part(number, b"x" * size)
    with pytest.raises(PartTooSmall) as refused:
        await upload.complete(minimum=10)
    assert refused.value.facts["part"] == "2"
    assert (refused.value.facts["size"], refused.value.facts["minimum"]) == ("9", "10")
    await upload.complete([upload.parts[1], upload.parts[3]], minimum=10)


@om_test()
async def test_object_is_at_most_5_tib_and_as_large_as_claimed(harness: OmHarness) -> None:
    upload = await begin_upload(harness, await harness.bucket())
    for number in (1, 2):
        lease = await harness.lease(192)
        blocks = slices_of(lease, *192 * [16 * GIB])
        row = om.PartRow(size_bytes=3 * TIB, etag="00", blocks=blocks)
        await upload.commit(number, row)
        upload.parts[number] = om.CompletePart(number=number, etag="00")
    with pytest.raises(ObjectTooLarge):
        await upload.complete()
    with pytest.raises(SizeMismatch):
        await upload.complete([upload.parts[1]], size_bytes=1)
    await upload.complete([upload.parts[1]], size_bytes=3 * TIB)


@om_test(completed_uploads_kept_ms=60_000)
async def test_completing_again_is_answered_alike_for_a_day(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    await upload.part(1, b"one")
    await upload.part(2, b"two")
    reply = await upload.complete()
    await harness.put(bucket, KEY, b"newer")
    state = harness.rows(COMPLETED_UPLOADS.table)
    assert await upload.complete() == reply
    assert harness.rows(COMPLETED_UPLOADS.table) == state
    assert (await harness.lookup(bucket, KEY)).row.etag == etag_of(b"newer")
    with pytest.raises(NoSuchUpload):
        await upload.complete([upload.parts[1]])
    assert not await exists(harness, bucket, upload.upload_id)
    await harness.pass_time(60_001)
    with pytest.raises(NoSuchUpload):
        await upload.complete()
    assert not harness.rows(COMPLETED_UPLOADS.table)


async def exists(
    harness: OmHarness, bucket: om.BucketRow, upload_id: bytes, key: bytes = KEY
) -> bool:
    request = om.LookupUploadRequest(
        volume=VOLUME, bucket=bucket.name, key=key, upload_id=upload_id
    )
    return (await harness.client.lookup_upload(request)).exists


@om_test()
async def test_upload_is_found_by_its_own_key_and_id_only(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    assert await exists(harness, bucket, upload.upload_id)
    for key, upload_id in (
        (b"other", upload.upload_id),
        (KEY, b"x" * 16),
        (KEY, b""),
        (KEY, upload.upload_id[:-1]),
    ):
        assert not await exists(harness, bucket, upload_id, key)
    for wrong in (b"", b"\0", b"x" * 16, b"x" * 3_000):
        upload.upload_id = wrong
        for step in (
            upload.part(1, b"one"),
            upload.abort(),
            upload.complete(),
            upload.list_parts(),
        ):
            with pytest.raises(NoSuchUpload):
                await step


@om_test()
async def test_abort_and_complete_have_one_winner(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    aborted, completed = await begin_upload(harness, bucket), await begin_upload(harness, bucket)
    for upload in (aborted, completed):
        await upload.part(1, b"one")
    await aborted.abort()
    with pytest.raises(NoSuchUpload):
        await aborted.complete()
    with pytest.raises(NoSuchUpload):
        await aborted.abort()
    assert not (await harness.lookup(bucket, KEY)).exists
    await completed.complete()
    with pytest.raises(NoSuchUpload):
        await completed.abort()
    assert (await harness.lookup(bucket, KEY)).exists


@om_test()
async def test_abort_gives_its_blocks_to_gc(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload, other = await begin_upload(harness, bucket), await begin_upload(harness, bucket)
    rows = [await upload.part(number, b"data") for number in (1, 2)]
    await other.part(1, b"data")
    await upload.abort()
    assert queued(harness) == [local for row in rows for _, local in blocks_of(row.blocks)]
    assert len(harness.rows(PARTS.table)) == 1
    await other.complete()


@om_test()
async def test_part_sent_again_replaces_the_first_and_releases_its_blocks(
    harness: OmHarness,
) -> None:
    upload = await begin_upload(harness, await harness.bucket())
    first = await upload.part(1, b"first")
    second = await upload.part(1, b"second")
    assert queued(harness) == [local for _, local in blocks_of(first.blocks)]
    parts = (await upload.list_parts()).parts
    assert [part.etag for part in parts] == [second.etag]
    with pytest.raises(InvalidPart):
        await upload.complete([om.CompletePart(number=1, etag=first.etag)])
    assert (await upload.complete()).etag == etag_of_parts(b"second")


@om_test()
async def test_parts_that_completion_leaves_out_are_released(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    await harness.put(bucket, KEY, b"before")
    before = (await harness.lookup(bucket, KEY)).row
    upload = await begin_upload(harness, bucket)
    rows = [await upload.part(number, b"data %d" % number) for number in (1, 2, 3)]
    await upload.complete([upload.parts[1], upload.parts[3]])
    released = [*blocks_of(before.blocks), *blocks_of(rows[1].blocks)]
    assert queued(harness) == [local for _, local in released]
    kept = (await harness.lookup(bucket, KEY)).row
    assert blocks_of(kept.blocks) == [*blocks_of(rows[0].blocks), *blocks_of(rows[2].blocks)]
    await harness.delete(bucket, KEY)
    assert len(queued(harness)) == 4


@om_test()
async def test_completion_decides_conditions_like_a_put(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    await upload.part(1, b"one")
    await harness.put(bucket, KEY, b"there")
    before = harness.all_rows()
    with pytest.raises(ConditionFailed):
        await upload.complete(condition=om.WriteCondition(if_none_match="*"))
    assert harness.all_rows() == before
    await upload.complete(condition=om.WriteCondition(if_match=etag_of(b"there")))


@om_test()
async def test_part_is_refused_that_the_upload_cannot_take(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    lease = await harness.lease(1)
    before = harness.all_rows()
    blocks = slices_of(lease, 1)
    unleased = slices_of(om.LeaseBlocksReply(lease_id=99, blocks=lease.blocks), 1)
    cases: list[tuple[int, om.PartRow, type[TrioxygenError]]] = [
        (0, om.PartRow(size_bytes=1, blocks=blocks), InvalidRequest),
        (10_001, om.PartRow(size_bytes=1, blocks=blocks), InvalidRequest),
        (2**32 - 1, om.PartRow(size_bytes=1, blocks=blocks), InvalidRequest),
        (1, om.PartRow(size_bytes=1, blocks=unleased), LeaseExpired),
        (1, om.PartRow(size_bytes=1, blocks=blocks, checksum=b"1234"), InvalidRequest),
    ]
    for number, row, error in cases:
        with pytest.raises(error):
            await upload.commit(number, row)
    assert harness.all_rows() == before
    await upload.commit(10_000, om.PartRow(size_bytes=1, etag="00", blocks=blocks))


@om_test()
async def test_part_of_an_upload_in_a_deleted_bucket_is_refused(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    await harness.delete_bucket(bucket)
    for step in (upload.part(1, b"one"), upload.complete(), upload.abort()):
        with pytest.raises(NoSuchBucket):
            await step


@om_test()
async def test_parts_are_listed_in_pages_by_number(harness: OmHarness) -> None:
    upload = await begin_upload(harness, await harness.bucket())
    for number in (9, 2, 10_000, 300):
        await upload.part(number, b"%d" % number)
    first = await upload.list_parts(count_max=3)
    assert (list(first.numbers), first.truncated) == ([2, 9, 300], True)
    assert [part.size_bytes for part in first.parts] == [1, 1, 3]
    assert first.upload.key == KEY
    second = await upload.list_parts(after=300, count_max=3)
    assert (list(second.numbers), second.truncated) == ([10_000], False)
    for after in (10_000, 65_536, 2**31):
        page = await upload.list_parts(after=after)
        assert (list(page.numbers), page.truncated) == ([], False)


@om_test(gc_delay_ms=0)
async def test_upload_of_ten_thousand_parts_is_completed_and_deleted(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    upload = await begin_upload(harness, bucket)
    lease = await harness.lease(10_000)
    for number in range(1, 10_001):
        slices = slices_of(lease, 5, first=number - 1)
        command = om.CommitPartRequest(
            volume=VOLUME,
            bucket=bucket.name,
            bucket_id=bucket.bucket_id,
            key=KEY,
            upload_id=upload.upload_id,
            number=number,
            row=om.PartRow(size_bytes=5, etag=etag_of(b"%d" % number), blocks=slices),
        )
        upload.parts[number] = om.CompletePart(number=number, etag=command.row.etag)
        harness.start_soon(command)
    await harness.all_done()
    await harness.release(lease)
    assert queued(harness) == []
    reply = await upload.complete(minimum=5, size_bytes=50_000)
    assert reply.etag.endswith("-10000")
    row = (await harness.lookup(bucket, KEY)).row
    assert [part.number for part in row.parts] == list(range(1, 10_001))
    assert harness.rows(PARTS.table) == []
    await harness.delete(bucket, KEY)
    await harness.pass_time(10_000)
    assert set(harness.scm.deleted) == {(CONTAINER, local) for _, local in harness.scm.allocated}
    assert len(harness.scm.deleted) == 10_000
