"""What lies in a container is found wherever the namespace keeps it, in pages that stay small."""

import pytest

from tests.unit.metadata.om.om_harness import OmHarness, om_test
from tests.unit.metadata.om.test_history import keeping_bucket
from tests.unit.metadata.om.upload_steps import KEY, begin_upload
from trioxygen.common.errors import InvalidRequest
from trioxygen.metadata.om.queries.holders import find_holders
from trioxygen.proto.v1 import om_pb2 as om

LOST, OTHER, EMPTY = 70, 80, 90


async def filled(harness: OmHarness) -> None:
    """Objects, versions and parts in two containers, in buckets of which one is deleted."""
    for name in ("first", "gone"):
        bucket = await keeping_bucket(harness, name, 10**9)
        for container in (LOST, OTHER, LOST):
            harness.scm.container = container
            await harness.put(bucket, b"a", b"123")
        harness.scm.container = OTHER
        await harness.put(bucket, b"b", b"1234")
    await harness.delete(bucket, b"a", b"b")
    await harness.delete_bucket(bucket)
    bucket = await harness.bucket("second")
    upload = await begin_upload(harness, bucket)
    for number, container in ((1, OTHER), (2, LOST), (7, LOST)):
        harness.scm.container = container
        await upload.part(number, b"12345")
    await harness.put(bucket, b"z", b"1")


def named(reply: om.FindHoldersReply) -> list[tuple[int, str, bytes, int, int]]:
    return [
        (each.kind, each.bucket, each.key, each.part_number, each.held_bytes)
        for each in reply.holders
    ]


WANTED = [
    (om.Holder.OBJECT, "first", b"a", 0, 3),
    (om.Holder.VERSION, "first", b"a", 0, 3),
    (om.Holder.PART, "second", KEY, 2, 5),
    (om.Holder.PART, "second", KEY, 7, 5),
    (om.Holder.OBJECT, "second", b"z", 0, 1),
    (om.Holder.VERSION, "gone", b"a", 0, 3),
    (om.Holder.VERSION, "gone", b"a", 0, 3),
]


@om_test()
async def test_objects_versions_and_parts_in_a_container_are_named(harness: OmHarness) -> None:
    await filled(harness)
    request = om.FindHoldersRequest(container_ids=[LOST, EMPTY])
    reply = await harness.client.find_holders(request)
    assert sorted(named(reply)) == sorted(WANTED)
    assert not reply.next and reply.examined > len(WANTED)
    assert [(each.container_id, each.blocks) for each in reply.containers] == [
        (LOST, len(WANTED)),
        (EMPTY, 0),
    ]
    [first] = [each for each in reply.holders if each.kind == om.Holder.OBJECT and each.key == b"a"]
    assert (first.volume, first.size_bytes, [*first.container_ids]) == ("s3v", 3, [LOST])


@om_test()
async def test_container_that_nothing_refers_to_is_known_at_once(harness: OmHarness) -> None:
    await filled(harness)
    reply = await harness.client.find_holders(om.FindHoldersRequest(container_ids=[EMPTY]))
    assert (reply.examined, len(reply.holders), bool(reply.next)) == (0, 0, False)


@om_test()
async def test_pages_of_any_size_name_each_once(harness: OmHarness) -> None:
    await filled(harness)
    for rows_max in (1, 2, 3):
        request, output = (
            om.FindHoldersRequest(container_ids=[LOST]),
            list[tuple[int, str, bytes, int, int]](),
        )
        for page in range(100):
            with harness.store.read() as txn:
                reply = find_holders(txn, request, rows_max=rows_max)
            assert bool(reply.containers) == (page == 0) and reply.examined <= rows_max
            output += named(reply)
            if not reply.next:
                break
            request.after = reply.next
        assert sorted(output) == sorted(WANTED), rows_max


@om_test()
async def test_walk_goes_on_where_its_place_was_deleted(harness: OmHarness) -> None:
    await filled(harness)
    place = om.HolderPlace(bucket_key=b"s3v/second", kind=om.Holder.OBJECT, row_key=b"\0gone")
    request = om.FindHoldersRequest(container_ids=[LOST], after=place.SerializeToString())
    assert len((await harness.client.find_holders(request)).holders) == 4
    place = om.HolderPlace(bucket_key=b"s3v/no-more", kind=om.Holder.PART, row_key=b"x")
    request = om.FindHoldersRequest(container_ids=[LOST], after=place.SerializeToString())
    assert {each.bucket for each in (await harness.client.find_holders(request)).holders} == {
        "second",
        "gone",
    }


@om_test()
async def test_place_that_is_none_is_refused(harness: OmHarness) -> None:
    with pytest.raises(InvalidRequest):
        await harness.client.find_holders(
            om.FindHoldersRequest(container_ids=[LOST], after=b"\xff")
        )
