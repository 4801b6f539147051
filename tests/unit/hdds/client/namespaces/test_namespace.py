"""Blocks in a namespace of one's own, on real DataNodes, with an SCM and no OM."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from tests.unit.hdds.ring.three import NAMES, until
from tests.unit.hdds.scm_cluster import SCM, ScmCluster
from trioxygen.common.errors import (
    BlockExists,
    DeadlineExceeded,
    InvalidRequest,
    LeaseExpired,
    NoSuchBlock,
    NoSuchNamespace,
    NotEnoughDataNodes,
    WrongBlock,
)
from trioxygen.common.rpc.call import Role
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.client import BlockRef, Hdds, Namespace
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.container.blocks import block_key
from trioxygen.metadata.scm.config import ScmConfig
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.schema import DELETED_BLOCKS, NAMESPACE_LEASES

CONFIG = ScmConfig(
    cluster_id="cluster-1",
    pipelines_per_node_max=1,
    close_delay_ms=0,
    heartbeat_interval_ms=20,
    pipeline_interval_ms=50,
    namespaces=NamespaceLimits(gc_delay_ms=50, lease_duration_ms=60_000, interval_ms=20),
)
SHORT_LEASES = ScmConfig(
    cluster_id="cluster-1",
    pipelines_per_node_max=1,
    close_delay_ms=0,
    heartbeat_interval_ms=20,
    pipeline_interval_ms=50,
    namespaces=NamespaceLimits(gc_delay_ms=50, lease_duration_ms=500, interval_ms=20),
)
LEASING = LeasingConfig(
    block_bytes_max=MIB, small_blocks_leased=8, large_blocks_leased=2, lease_check_ms=50
)
DATANODES = ClientConfig(member_slow_ms=300, fail_over_ms=300, leader_try_ms=300)
DATA = bytes(range(256)) * (3 * MIB // 256)

Scenario = Callable[[ScmCluster, Hdds], Awaitable[None]]


def hdds_of(cluster: ScmCluster, client: str = "alice") -> Hdds:
    runtime = cluster.runtime.as_role(Role.CLIENT, client)
    return Hdds(runtime, [SCM], leasing=LEASING, datanodes=DATANODES)


def with_hdds(
    root: Path, scenario: Scenario, *, config: ScmConfig = CONFIG, names: Sequence[str] = NAMES
) -> None:
    async def run() -> None:
        cluster = ScmCluster(root, config, names)
        await cluster.start()
        hdds = hdds_of(cluster)
        try:
            await hdds.create_namespace("logs")
            await scenario(cluster, hdds)
        finally:
            await hdds.stop()
            await cluster.end()

    asyncio.run(run())


async def write(namespace: Namespace, data: bytes, label: bytes = b"") -> tuple[BlockRef, ...]:
    """Once there is a pipeline."""
    async with asyncio.timeout(90):
        while True:
            try:
                return await namespace.write(data, label=label)
            except (DeadlineExceeded, NotEnoughDataNodes):
                await asyncio.sleep(0.05)


async def labels(namespace: Namespace) -> list[bytes]:
    return [each.label async for each in namespace.blocks()]


def held(cluster: ScmCluster, ref: BlockRef) -> set[str]:
    """Who has the block."""
    key = block_key(ref.container, ref.local)
    return {member.name for member in cluster.members if member.work.blocks.find(key) is not None}


def test_what_is_committed_is_read_listed_and_deleted(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            (small,) = await write(logs, b"small", b"a")
            (middle,) = await logs.write(DATA[: 100 * KIB], label=b"b")
            large = await logs.write(DATA, label=b"c")
            assert [ref.size_bytes for ref in large] == [MIB] * 3
            assert await logs.write(b"") == ()
            assert await logs.read_all(small) == b"small"
            assert await logs.read_all((small, middle), offset_bytes=3, length_bytes=10) == (
                b"ll" + DATA[:8]
            )
            pieces = [bytes(piece) async for piece in logs.read(large, offset_bytes=5)]
            assert b"".join(pieces) == DATA[5:]
            assert await labels(logs) == [b"a", b"b", b"c", b"c", b"c"]
            info = await logs.info()
            assert (info.blocks, info.size_bytes) == (5, 5 + 100 * KIB + 3 * MIB)
            assert await logs.delete([*large, small]) == 4
            assert await labels(logs) == [b"b"]
            # Its bytes go from all DataNodes.
            await until(lambda: not held(cluster, large[0]) and not held(cluster, small))
            with pytest.raises(NoSuchBlock):
                await logs.read_all(small)
            assert held(cluster, middle) == set(NAMES)

    with_hdds(tmp_path, scenario)


def test_range_beyond_the_end_and_another_blocks_name_are_refused(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            (first,) = await write(logs, b"first")
            with pytest.raises(InvalidRequest):
                await logs.read_all(first, offset_bytes=3, length_bytes=3)
            with pytest.raises(InvalidRequest):
                await logs.read_all(BlockRef(first.container, first.local, 65 * MIB, first.tag))
            other = BlockRef(first.container, first.local, 5, first.tag ^ 1)
            with pytest.raises(WrongBlock):
                await logs.read_all(other)
        with pytest.raises(NoSuchNamespace):
            async with hdds.open("none"):
                raise AssertionError("opened")

    with_hdds(tmp_path, scenario)


def test_block_is_allocated_written_and_committed_one_step_after_the_other(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"there is a pipeline")
            async with await logs.allocate(200 * KIB) as block:
                assert set(block.datanodes) == set(NAMES)
                with pytest.raises(InvalidRequest):
                    await block.commit()
                await block.write(DATA[: 64 * KIB], DATA[64 * KIB : 200 * KIB])
                with pytest.raises(InvalidRequest):
                    await block.write(b"more")
                ref = await block.commit(b"mine")
            assert await logs.read_all(ref) == DATA[: 200 * KIB]
            async with await logs.allocate(10) as block:
                with pytest.raises(InvalidRequest):
                    await block.write(b"more than ten bytes")
                await block.write(b"given up")
            assert await labels(logs) == [b"", b"mine"]
            with pytest.raises(InvalidRequest):
                await logs.allocate(MIB + 1)

    with_hdds(tmp_path, scenario)


def test_block_that_is_refused_is_the_last_that_is_allocated_of_its_lease(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"there is a pipeline")
            async with await logs.allocate(10) as block:
                taken = block._taken
                await cluster.writer.write_small(taken.block, taken.lease.pipeline, b"another's")
                with pytest.raises(BlockExists):
                    await block.write(b"mine")
            assert not logs._blocks.keeper._dropped
            async with await logs.allocate(10) as block:
                assert block._taken.lease is not taken.lease
                await block.write(b"mine")
                ref = await block.commit()
            assert await logs.read_all(ref) == b"mine"

    with_hdds(tmp_path, scenario)


def test_stream_is_committed_at_its_end_or_leaves_nothing(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"there is a pipeline")
            async with logs.writer() as writer:
                for first in range(0, len(DATA), 100_000):
                    await writer.write(DATA[first : first + 100_000])
                refs = await writer.commit(b"stream")
                with pytest.raises(InvalidRequest):
                    await writer.write(b"more")
            assert await logs.read_all(refs) == DATA
            with pytest.raises(ZeroDivisionError):
                async with logs.writer(len(DATA)) as writer:
                    await writer.write(DATA[:MIB])
                    raise ZeroDivisionError
            assert (await logs.info()).blocks == 1 + len(refs)

    with_hdds(tmp_path, scenario)


def test_what_a_dead_client_wrote_and_did_not_commit_is_gone_when_its_lease_ends(
    tmp_path: Path,
) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        dying = hdds_of(cluster)
        opened = dying.open("logs")
        logs = await opened.__aenter__()
        (kept,) = await write(logs, b"committed", b"kept")
        block = await logs.allocate(10)
        await block.write(b"not yet")
        lost = BlockRef(block._taken.lease.container, block._taken.local, 7, 0)
        await until(lambda: held(cluster, lost) == set(NAMES))
        # It is killed: nothing of it is renewed or given back any more.
        await cluster.runtime.tasks.end(
            *[task for task in asyncio.all_tasks() if task.get_name() == "block-leases"]
        )
        await until(lambda: not cluster.store.count(NAMESPACE_LEASES.table))
        await until(lambda: not held(cluster, lost))
        await until(lambda: not cluster.store.count(DELETED_BLOCKS.table))
        async with hdds.open("logs") as others:
            assert await labels(others) == [b"kept"]
            assert await others.read_all(kept) == b"committed"
        await dying.stop()

    with_hdds(tmp_path, scenario, config=SHORT_LEASES)


def test_lease_that_the_scm_has_ended_is_not_written_with_again(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:

            async def end_leases() -> None:
                with cluster.store.read() as txn:
                    keys = [key for key, _ in txn.scan(NAMESPACE_LEASES.table, prefix=b"")]
                await logs._client.release([int.from_bytes(key[8:]) for key in keys], [])

            await write(logs, b"there is a lease")
            await end_leases()
            (small,) = await logs.write(b"small")
            await logs.write(DATA[:MIB])
            await end_leases()
            async with logs.writer() as writer:
                await writer.write(DATA[:MIB])
                with pytest.raises(LeaseExpired):
                    await writer.commit()
            async with logs.writer() as writer:
                await writer.write(DATA[:MIB])
                (large,) = await writer.commit()
            assert await logs.read_all((small, large)) == b"small" + DATA[:MIB]

    with_hdds(tmp_path, scenario)


def test_write_goes_on_where_a_datanode_dies_in_the_middle(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"there is a pipeline")
            async with asyncio.TaskGroup() as dying, logs.writer() as writer:
                for number, first in enumerate(range(0, len(DATA), 100_000)):
                    if number == 5:
                        dying.create_task(cluster.members[2].end(crash=True))
                    await writer.write(DATA[first : first + 100_000])
                refs = await writer.commit()
            assert await logs.read_all(refs) == DATA

    with_hdds(tmp_path, scenario)


def test_namespaces_do_not_see_each_others_blocks(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        bob = hdds_of(cluster, "bob")
        await bob.create_namespace("maps", replication="RATIS/ONE", blocks_max=10)
        assert [each.name async for each in bob.namespaces()] == ["maps"]
        async with hdds.open("logs") as logs, bob.open("maps") as maps:
            (one,) = await write(logs, b"one", b"one")
            (two,) = await write(maps, b"two", b"two")
            assert one.container != two.container
            assert (await labels(logs), await labels(maps)) == ([b"one"], [b"two"])
            # The name of another's block deletes nothing.
            assert await maps.delete([one]) == 0
            assert len(held(cluster, two)) == 1
            await bob.delete_namespace("maps", force=True)
            await until(lambda: not held(cluster, two))
            assert await logs.read_all(one) == b"one"
        await bob.stop()

    with_hdds(tmp_path, scenario)


def test_erasure_coded_namespace_is_read_with_two_datanodes_less(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        await hdds.create_namespace("cold", replication="EC/3-2-64k")
        async with hdds.open("cold") as cold:
            refs = [*await write(cold, DATA), *await write(cold, b"small")]
            assert all(ref.is_erasure_coded for ref in refs)
            for member in cluster.members[:2]:
                await member.end(crash=True)
            assert [each.ref async for each in cold.blocks()] == sorted(refs)
            assert await cold.read_all(refs) == DATA + b"small"

    with_hdds(tmp_path, scenario, names=("dn1", "dn2", "dn3", "dn4", "dn5"))


def test_metrics_count_what_namespaces_hold(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        async with hdds.open("logs") as logs:
            await write(logs, b"one")
        value = cluster.runtime.registry.get_sample_value
        assert value("trioxygen_scm_namespaces") == 1
        assert value("trioxygen_scm_namespace_blocks") == 1
        assert value("trioxygen_scm_namespace_leases") == 0

    with_hdds(tmp_path, scenario)
