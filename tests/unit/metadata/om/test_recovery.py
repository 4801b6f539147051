import asyncio

import pytest

from tests.unit.metadata.om.om_harness import OmHarness, om_test
from trioxygen.common.errors import DeadlineExceeded, Unreachable
from trioxygen.proto.v1 import om_pb2 as om


async def many_changes(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    for number in range(5):
        await harness.put(bucket, b"key %d" % number, b"x" * number)
    await harness.copy(bucket, b"key 1", b"copy")
    await harness.delete(bucket, b"key 1", b"key 2")
    await harness.put(bucket, b"key 3", b"again")
    doomed = await harness.bucket("doomed")
    await harness.delete_bucket(doomed)
    await harness.pass_time(20_000)


@om_test()
async def test_restart_finds_what_was_acknowledged(harness: OmHarness) -> None:
    await many_changes(harness)
    before = harness.all_rows()
    await harness.restart()
    assert harness.all_rows() == before


@om_test()
async def test_restart_replays_what_the_store_lacks(harness: OmHarness) -> None:
    await many_changes(harness)
    before = harness.all_rows()
    await harness.restart(lose_store=True)
    assert harness.all_rows() == before


@om_test()
async def test_ids_go_on_after_a_restart(harness: OmHarness) -> None:
    bucket = await harness.bucket()
    before = [(await harness.put(bucket, b"key")).object_id for _ in range(3)]
    await harness.restart()
    after = [(await harness.put(bucket, b"key")).object_id for _ in range(3)]
    assert sorted({*before, *after}) == [*before, *after]


@om_test()
async def test_description_tells_of_the_state(harness: OmHarness) -> None:
    await harness.bucket()
    request = om.DescribeOmRequest(count_rows=True)
    reply = await harness.client.describe_om(request)
    sizes = {size.name: size.rows for size in reply.tables}
    assert (sizes["bucket"], sizes["volume"], sizes["key"]) == (1, 1, 0)
    assert (reply.node_id, reply.leader) == ("om1", True)
    assert reply.applied_index == len(harness.replica.entries)
    request = om.DescribeOmRequest()
    assert len((await harness.client.describe_om(request)).tables) == 0


@om_test()
async def test_stopped_om_is_not_reached(harness: OmHarness) -> None:
    assert harness._server is not None
    await harness._server.stop()
    calling = asyncio.ensure_future(harness.bucket())
    for _ in range(40):
        await asyncio.sleep(0)
        harness.clock.advance(1_000)
    with pytest.raises(DeadlineExceeded) as refused:
        await calling
    assert isinstance(refused.value.__cause__, Unreachable)
