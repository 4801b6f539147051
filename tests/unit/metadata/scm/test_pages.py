"""What the SCM says of more rows than one reply has room for."""

from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.paging import AFTER_ALL, REPLY_BYTES_MAX, ROW_BYTES_MAX
from trioxygen.common.rpc.session import SessionLimits
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    DELETED_BLOCKS,
    NODES,
    PIPELINES,
    id_key,
)
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

NODE = "n" * 200
MEMBERS = [f"{NODE}{number}" for number in range(7)]
PIPELINE = 77
CONTAINERS_HERE = 3_500


def fill(harness: ScmHarness) -> None:
    txn = harness.store.begin()
    for node_id in MEMBERS:
        NODES.put(txn, node_id.encode(), scm.NodeRow(node_id=node_id, address="a" * 300))
    pipeline = scm.PipelineRow(pipeline_id=PIPELINE, node_ids=MEMBERS, open=True)
    PIPELINES.put(txn, id_key(PIPELINE), pipeline)
    for number in range(1, CONTAINERS_HERE + 1):
        # With the name that a pipeline had before it had a number, which may be long.
        row = scm.ContainerRow(
            container_id=number,
            state=scm.CLOSED,
            pipeline_id=PIPELINE,
            former_pipeline_id="p-" + "-".join(MEMBERS),
        )
        CONTAINERS.put(txn, id_key(number), row)
    txn.commit()


@scm_test()
async def test_description_of_any_size_comes_in_pages(harness: ScmHarness) -> None:
    fill(harness)
    await harness.join("dn1")
    reason = "r" * 60_000
    corrupt = tuple(
        scm.CorruptBlock(block=BlockId(container=1, local=local), reason=reason)
        for local in range(1, 101)
    )
    await harness.heartbeat("dn1", corrupt=corrupt)
    whole, after, pages = scm.DescribeScmReply(), b"", 0
    while True:
        request = scm.DescribeScmRequest(after=after)
        page = await harness.client.call(request, scm.DescribeScmReply)
        assert page.ByteSize() <= REPLY_BYTES_MAX + ROW_BYTES_MAX
        whole.MergeFrom(page)
        pages += 1
        after = page.next
        if not after:
            break
    assert pages > 1
    assert sorted(row.node.node_id for row in whole.nodes) == sorted([*MEMBERS, "dn1"])
    assert [row.container_id for row in whole.containers] == list(range(1, CONTAINERS_HERE + 1))
    assert [corrupt_block.block.local for corrupt_block in whole.corrupt_blocks] == list(
        range(1, 101)
    )
    assert {row.pipeline_id for row in whole.pipelines} >= {PIPELINE}


@scm_test()
async def test_description_behind_all_rows_has_none_and_says_the_rest(harness: ScmHarness) -> None:
    fill(harness)
    await harness.join("dn1")
    corrupt = scm.CorruptBlock(block=BlockId(container=1, local=1))
    await harness.heartbeat("dn1", corrupt=(corrupt,))
    request = scm.DescribeScmRequest(after=AFTER_ALL)
    reply = await harness.client.call(request, scm.DescribeScmReply)
    assert reply.leader and not reply.next
    assert not (reply.nodes or reply.pipelines or reply.containers or reply.corrupt_blocks)


@scm_test()
async def test_containers_of_any_number_are_located(harness: ScmHarness) -> None:
    fill(harness)
    ids = [*range(1, CONTAINERS_HERE + 1, 2), 999_999]
    channel = harness.network.channel("scm1")
    reply = await channel.call(
        "StorageContainerManager/LocateContainers",
        scm.LocateContainersRequest(container_ids=ids),
        scm.LocateContainersReply,
        timeout_ms=5_000,
    )
    assert 0 < reply.looked_up < len(ids)
    assert reply.ByteSize() <= REPLY_BYTES_MAX + ROW_BYTES_MAX
    located = await harness.client.locate(ids)
    assert [each.container_id for each in located] == ids[:-1]


@scm_test()
async def test_deletions_of_any_number_reach_their_node_in_replies_that_fit(
    harness: ScmHarness,
) -> None:
    await harness.join("dn1")
    container = (await harness.allocate()).blocks.container
    ranges = [
        BlockRange(container=container, first_local=2**60 + 2 * at, count=1) for at in range(20_001)
    ]
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=ranges))
    # A row is a command: it has a size of its own to keep.
    assert len(harness.rows(DELETED_BLOCKS.table)) == 3
    wanted = {each.first_local for each in ranges}
    txn = harness.store.begin()
    for number in range(1_000, 1_035):
        first = 2**61 + number * 10**6
        row = scm.DeletedBlocksRow(
            transaction_id=number,
            blocks=[BlockRange(container=2**60, first_local=first, count=1)] * 10_000,
            waiting_node_ids=["dn1"],
        )
        DELETED_BLOCKS.put(txn, id_key(number), row)
        wanted.add(first)
    txn.commit()
    got: set[int] = set()
    done: tuple[int, ...] = ()
    for _ in range(20):
        reply = await harness.heartbeat("dn1", deleted=done)
        assert reply.ByteSize() < SessionLimits().message_bytes_max
        commands = [command.delete_blocks for command in reply.commands]
        got |= {blocks.first_local for command in commands for blocks in command.blocks}
        done = tuple(command.transaction_id for command in commands)
        if not done:
            break
    assert got == wanted
    assert harness.rows(DELETED_BLOCKS.table) == []
