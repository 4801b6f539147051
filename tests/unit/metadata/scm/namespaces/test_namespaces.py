"""Namespaces: made, described, deleted; and who may."""

from dataclasses import replace

import pytest

from tests.unit.metadata.scm.namespaces.spaces import LIMITS, client_of, leased, made, to_commit
from tests.unit.metadata.scm.scm_harness import ScmHarness, scm_test
from trioxygen.common.errors import (
    CallerNotAllowed,
    InvalidRequest,
    NamespaceAlreadyExists,
    NamespaceNotEmpty,
    NoSuchNamespace,
    TooManyNamespaces,
    WrongIdentity,
)
from trioxygen.common.replication import RATIS_ONE, Replication
from trioxygen.common.rpc.call import Role
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1 import scm_pb2 as scm
from trioxygen.proto.v1.types_pb2 import KeptBlocks


@scm_test(namespaces=LIMITS)
async def test_namespace_says_what_it_was_made_with_and_what_it_holds(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness, blocks_max=100)
    lease = await leased(logs)
    await logs.commit(to_commit(lease, 0))
    reply = await logs.describe()
    row = reply.namespace
    assert (row.name, row.owner, row.blocks_max, row.blocks, row.bytes) == (
        "logs",
        "alice",
        100,
        1,
        10,
    )
    assert Replication.of_proto(row.replication) == RATIS_ONE
    assert (reply.leases, reply.leased_blocks) == (1, 4)


@scm_test(namespaces=LIMITS)
async def test_there_are_only_so_many_namespaces_and_one_of_each_name(
    harness: ScmHarness,
) -> None:
    await made(harness)
    with pytest.raises(NamespaceAlreadyExists):
        await made(harness)
    await made(harness, "logs-2")
    await made(harness, "logs-3")
    with pytest.raises(TooManyNamespaces):
        await made(harness, "logs-4")
    with pytest.raises(NoSuchNamespace):
        await client_of(harness, "logs-4").describe()


@scm_test(namespaces=LIMITS)
async def test_namespace_with_blocks_is_deleted_by_force_alone(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    await logs.commit(to_commit(await leased(logs), 0))
    with pytest.raises(NamespaceNotEmpty):
        await logs.delete(force=False)
    await logs.delete(force=True)
    with pytest.raises(NoSuchNamespace):
        await logs.describe()


@scm_test(namespaces=LIMITS)
async def test_what_is_let_go_is_told_with_its_bytes_until_it_is_deleted(
    harness: ScmHarness,
) -> None:
    await harness.join()
    logs = await made(harness)
    committed = to_commit(await leased(logs), 0)
    await logs.commit(committed)
    committed_bytes = sum(block.length_bytes for block in committed)
    assert (await deletion(harness)).kept == KeptBlocks()
    await logs.delete(force=True)
    kept = (await deletion(harness)).kept
    assert kept.ranges > 0 and kept.size_bytes == committed_bytes
    await harness.pass_time(10_000)
    harness.clock.advance(1_000)
    kept = (await deletion(harness)).kept
    assert kept.ranges > 0 and kept.size_bytes == committed_bytes
    assert kept.oldest_ms > 0
    await harness.pass_time(2 * LIMITS.gc_delay_ms)
    await harness.pass_time(10_000)
    reply = await deletion(harness)
    assert (reply.kept, reply.estimated_bytes) == (KeptBlocks(), committed_bytes)


async def deletion(harness: ScmHarness) -> scm.DescribeDeletionReply:
    return await harness.client.call(scm.DescribeDeletionRequest(), scm.DescribeDeletionReply)


@scm_test(namespaces=LIMITS)
async def test_namespace_is_its_owners_alone(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    lease = await leased(logs)
    mallory = client_of(harness, "logs", client="mallory")
    for attempt in (
        leased(mallory),
        mallory.commit(to_commit(lease, 0)),
        mallory.release([lease.lease_id], []),
        mallory.renew([lease.lease_id]),
        mallory.delete_blocks([]),
        mallory.list_blocks(None),
        mallory.describe(),
        mallory.delete(force=True),
    ):
        with pytest.raises(CallerNotAllowed):
            await attempt
    await logs.commit(to_commit(lease, 0))


@scm_test(namespaces=LIMITS)
async def test_only_operators_make_namespaces_for_others(harness: ScmHarness) -> None:
    request = namespaces.CreateNamespaceRequest(name="logs", owner="bob")
    alice = ScmClient(harness.runtime.as_role(Role.CLIENT, "alice"), ["scm1"])
    with pytest.raises(CallerNotAllowed):
        await alice.call(request, namespaces.CreateNamespaceReply)
    operator = ScmClient(harness.runtime.as_role(Role.OPERATOR), ["scm1"])
    await operator.call(request, namespaces.CreateNamespaceReply)
    assert (await client_of(harness, "logs", client="bob").describe()).namespace.owner == "bob"
    # Who may be anybody is nobody.
    nameless = ScmClient(harness.runtime.as_role(Role.CLIENT), ["scm1"])
    with pytest.raises(WrongIdentity):
        await nameless.call(
            namespaces.DescribeNamespaceRequest(name="logs"), namespaces.DescribeNamespaceReply
        )


@scm_test(namespaces=replace(LIMITS, namespaces_max=10))
async def test_caller_sees_the_namespaces_that_it_may_use_in_pages(harness: ScmHarness) -> None:
    for name in ("logs", "notes", "odds"):
        await made(harness, name)
    for name in ("maps", "zoos"):
        await made(harness, name, client="bob")
    alice = ScmClient(harness.runtime.as_role(Role.CLIENT, "alice"), ["scm1"])

    async def page(after: str) -> tuple[list[str], str]:
        request = namespaces.ListNamespacesRequest(after=after, count_max=2)
        reply = await alice.call(request, namespaces.ListNamespacesReply)
        return [row.name for row in reply.namespaces], reply.next

    assert await page("") == (["logs", "notes"], "notes")
    assert await page("notes") == (["odds"], "")
    # Behind it are none of its own.
    assert await page("logs") == (["notes", "odds"], "")


@scm_test(namespaces=LIMITS)
async def test_replication_that_is_not_offered_is_refused(harness: ScmHarness) -> None:
    odd = Replication.parse("EC/3-2").proto
    odd.data = 4
    with pytest.raises(InvalidRequest):
        await client_of(harness, "logs").create(odd, blocks_max=0, bytes_max=0)


@scm_test(namespaces=LIMITS)
async def test_block_that_datanodes_would_not_take_is_not_leased(harness: ScmHarness) -> None:
    await harness.join()
    logs = await made(harness)
    most = (await logs.describe()).block_bytes_max
    assert most == LIMITS.block_bytes_max
    with pytest.raises(InvalidRequest):
        await logs.lease(count=1, block_bytes_max=most + 1, replication=None, excluded_node_ids=())
