"""Blocks of a namespace from their lease to their end: what is committed stays, the rest goes."""

from dataclasses import replace

import pytest

from tests.unit.metadata.scm.namespaces.spaces import (
    LIMITS,
    block_of,
    client_of,
    deleted,
    leased,
    listed,
    made,
    to_commit,
)
from tests.unit.metadata.scm.scm_harness import ScmHarness, report, scm_test
from trioxygen.common.errors import (
    BlockExists,
    LeaseExpired,
    NamespaceFull,
    NoSuchNamespace,
    Overloaded,
)
from trioxygen.metadata.scm.schema import NAMESPACE_GARBAGE, NAMESPACE_LEASES
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.replication_pb2 import WorkReply
from trioxygen.proto.v1.types_pb2 import BlockRange


@scm_test(namespaces=LIMITS)
async def test_what_a_dead_client_left_is_deleted_when_its_lease_ends_and_nothing_else(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs, 4)
    await logs.commit(to_commit(lease, 1))
    first = lease.blocks.first_local
    await harness.pass_time(59_000)
    assert await listed(logs) == [(first + 1, 10)]
    await harness.pass_time(2_000)
    assert harness.rows(NAMESPACE_LEASES.table) == []
    # A write that was given up may still be on its way.
    assert deleted(harness) == []
    await harness.pass_time(31_000)
    assert deleted(harness) == [(first, 1), (first + 2, 2)]
    assert harness.rows(NAMESPACE_GARBAGE.table) == []
    assert await listed(logs) == [(first + 1, 10)]


@scm_test(namespaces=LIMITS)
async def test_blocks_of_a_deleted_namespace_are_not_leased_to_another_of_its_name(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    former = (await logs.describe()).namespace
    lease = await leased(logs)
    await logs.delete(force=False)
    await made(harness)
    # Its blocks had been allocated before.
    grant = namespaces.GrantNamespaceLease(
        namespace=former.name, namespace_id=former.namespace_id, blocks=lease.blocks
    )
    with pytest.raises(NoSuchNamespace):
        await harness.manager.executor.execute(grant)


@scm_test(namespaces=LIMITS)
async def test_lease_that_is_renewed_goes_on_and_only_its_client_renews_it(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    another = client_of(harness, "logs")
    for _ in range(3):
        await harness.pass_time(50_000)
        assert list(await logs.renew([lease.lease_id])) == []
        assert list(await another.renew([lease.lease_id])) == [lease.lease_id]
    await logs.commit(to_commit(lease, 0))
    await harness.pass_time(61_000)
    assert list(await logs.renew([lease.lease_id])) == [lease.lease_id]


@scm_test(namespaces=LIMITS)
async def test_block_whose_lease_has_ended_or_is_of_another_namespace_is_not_committed(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs, other = await made(harness), await made(harness, "other")
    lease = await leased(logs)
    for wrong in (
        to_commit(lease, 4),
        [namespaces.BlockToCommit(id=block_of(lease, 0), lease_id=lease.lease_id + 1)],
    ):
        with pytest.raises(LeaseExpired):
            await logs.commit(wrong)
    with pytest.raises(LeaseExpired):
        await other.commit(to_commit(lease, 0))
    # All of them, or none.
    with pytest.raises(LeaseExpired):
        await logs.commit(to_commit(lease, 0, 4))
    assert await listed(logs) == []
    await logs.release([lease.lease_id], [])
    with pytest.raises(LeaseExpired):
        await logs.commit(to_commit(lease, 0))


@scm_test(namespaces=LIMITS)
async def test_commit_that_is_asked_for_again_counts_once(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    await logs.commit(to_commit(lease, 0, 1))
    # Another call, and long after: its first answer is not kept any more.
    await logs.commit(to_commit(lease, 0, 1, 2))
    row = (await logs.describe()).namespace
    assert (row.blocks, row.bytes) == (3, 30)
    with pytest.raises(BlockExists):
        await logs.commit(to_commit(lease, 0, size_bytes=9))
    await harness.restart()
    assert len(await listed(client_of(harness, "logs"))) == 3


@scm_test(namespaces=LIMITS)
async def test_deleted_blocks_go_when_readers_have_had_their_time(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    await logs.commit(to_commit(lease, 0, 1, 2, 3))
    first = lease.blocks.first_local
    assert await logs.delete_blocks([block_of(lease, 0), block_of(lease, 3)]) == 2
    assert await logs.delete_blocks([block_of(lease, 0)]) == 0
    with pytest.raises(LeaseExpired):
        await logs.commit(to_commit(lease, 0))
    # Its lease ends long before that, and has nothing to say about it.
    await harness.pass_time(299_000)
    assert deleted(harness) == []
    await harness.pass_time(2_000)
    assert deleted(harness) == [(first, 1), (first + 3, 1)]
    assert await listed(logs) == [(first + 1, 10), (first + 2, 10)]
    row = (await logs.describe()).namespace
    assert (row.blocks, row.bytes) == (2, 20)


@scm_test(namespaces=LIMITS)
async def test_block_of_a_lease_that_is_over_is_deleted_as_well(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs, 1)
    await logs.commit(to_commit(lease, 0))
    await logs.release([lease.lease_id], [])
    assert await logs.delete_blocks([block_of(lease, 0)]) == 1
    await harness.pass_time(301_000)
    assert deleted(harness) == [(lease.blocks.first_local, 1)]


@scm_test(namespaces=LIMITS)
async def test_block_that_is_given_back_is_deleted_soon_unless_it_was_committed(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    await logs.commit(to_commit(lease, 0))
    await client_of(harness, "logs").release([], [block_of(lease, 2)])
    await logs.release([], [block_of(lease, 0), block_of(lease, 1)])
    with pytest.raises(LeaseExpired):
        await logs.commit(to_commit(lease, 1))
    await harness.pass_time(31_000)
    first = lease.blocks.first_local
    assert deleted(harness) == [(first + 1, 1)]
    await logs.commit(to_commit(lease, 2))
    assert await listed(logs) == [(first, 10), (first + 2, 10)]


@scm_test(namespaces=LIMITS)
async def test_limits_of_a_namespace_are_kept_exactly(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness, blocks_max=2, bytes_max=15)
    lease = await leased(logs)
    with pytest.raises(NamespaceFull) as refused:
        await logs.commit(to_commit(lease, 0, 1))
    assert refused.value.facts == {"namespace": "logs", "bytes": "20", "bytes_max": "15"}
    await logs.commit(to_commit(lease, 0, 1, size_bytes=5))
    with pytest.raises(NamespaceFull):
        await logs.commit(to_commit(lease, 2, size_bytes=0))
    await logs.delete_blocks([block_of(lease, 0)])
    await logs.commit(to_commit(lease, 2))
    with pytest.raises(Overloaded):
        for _ in range(3):
            await harness.network.channel("scm1").call(
                "StorageContainerManager/LeaseNamespaceBlocks",
                namespaces.LeaseNamespaceBlocksRequest(namespace="logs", count=1),
                namespaces.LeaseNamespaceBlocksReply,
                timeout_ms=1_000,
            )


@scm_test(namespaces=LIMITS)
async def test_owners_have_containers_of_their_own(harness: ScmHarness) -> None:
    await harness.join()
    logs, other = await made(harness), await made(harness, "other")
    containers = {
        (await leased(logs)).blocks.container,
        (await leased(other)).blocks.container,
        (await harness.allocate()).blocks.container,
    }
    assert len(containers) == 3
    assert (await leased(logs)).blocks.container in containers
    rows = (await harness.describe()).containers
    spaces = {(await each.describe()).namespace.namespace_id for each in (logs, other)}
    assert {row.namespace_id for row in rows} == {0, *spaces}
    # A leader that follows knows it from the state.
    await harness.restart()
    await harness.join()
    assert (await leased(client_of(harness, "logs"))).blocks.container in containers


@scm_test(namespaces=LIMITS)
async def test_om_that_was_put_back_has_no_say_in_a_namespaces_deletions(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs, 1)
    await logs.release([lease.lease_id], [])
    await harness.pass_time(31_000)
    await harness.client.delete_blocks(
        scm.DeleteBlocksRequest(
            om_lineage=7, blocks=[BlockRange(container=99, first_local=1, count=1)]
        )
    )
    assert deleted(harness) == [(lease.blocks.first_local, 1)]


@scm_test(namespaces=LIMITS)
async def test_om_deletes_no_blocks_of_namespaces(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    await logs.commit(to_commit(lease, 0, 1, 2, 3))
    own = (await harness.allocate()).blocks
    await harness.client.delete_blocks(scm.DeleteBlocksRequest(blocks=[lease.blocks, own]))
    assert deleted(harness) == [(own.first_local, own.count)]


@scm_test(namespaces=LIMITS)
async def test_namespace_that_is_deleted_leaves_nothing(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    await logs.commit(to_commit(lease, 0, 1))
    await logs.delete(force=True)
    with pytest.raises(NoSuchNamespace):
        await logs.commit(to_commit(lease, 2))
    # Its name is free at once, and another's blocks are not those that were there.
    again = await made(harness)
    assert await listed(again) == []
    await harness.pass_time(1_000)
    assert harness.rows(NAMESPACE_LEASES.table) == []
    container = lease.blocks.container
    assert await harness.state_of(container) == scm.CLOSING
    await harness.pass_time(301_000)
    first = lease.blocks.first_local
    assert deleted(harness) == [(first, 1), (first + 1, 1), (first + 2, 2)]
    await harness.heartbeat("dn1", report(container, state=scm.CLOSED))
    assert await harness.state_of(container) == scm.CLOSED


@scm_test(namespaces=replace(LIMITS, leases_max=10))
async def test_what_many_leases_of_a_deleted_namespace_leave_is_no_single_entry(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    for _ in range(5):
        lease = await leased(logs, 10_000)
        # Every other block, so that as many runs are left.
        await logs.release([], [block_of(lease, place) for place in range(0, 10_000, 2)])
    namespace_id = (await logs.describe()).namespace.namespace_id
    await logs.delete(force=True)
    purge = namespaces.PurgeNamespace(namespace_id=namespace_id, rows_max=1_000)
    reply = await harness.manager.executor.execute(purge)
    assert isinstance(reply, WorkReply) and reply.more
    await harness.pass_time(1_000)
    assert harness.rows(NAMESPACE_LEASES.table) == []


@scm_test(namespaces=LIMITS)
async def test_blocks_are_listed_a_page_at_a_time(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs, 5)
    await logs.commit(to_commit(lease, 0, 1, 2, 3, 4))
    page = await logs.list_blocks(None, count_max=3)
    assert page.more and [each.block.label for each in page.blocks] == [
        b"part 0",
        b"part 1",
        b"part 2",
    ]
    assert [each.block.place for each in page.blocks] == [0, 1, 2]
    page = await logs.list_blocks(page.blocks[-1].id, count_max=3)
    assert not page.more and [each.id.local for each in page.blocks] == [
        lease.blocks.first_local + 3,
        lease.blocks.first_local + 4,
    ]
