"""A replica that the SCM has deleted: its files and rows go, whenever the node ends meanwhile."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.hdds.support import (
    RING,
    CrashedDisk,
    FragileDisk,
    ListRing,
    Node,
    node,
    until,
)
from trioxygen.common.container_state import ContainerState
from trioxygen.common.errors import ContainerNotOpen, NoSuchContainer
from trioxygen.hdds.container.blocks import BLOCKS, CONTAINERS, SEGMENTS
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.replicas import closed_by_force, may_be_deleted
from trioxygen.proto.v1.datanode_pb2 import MoveReplicaCommand
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    DataNodeCommand,
    DeleteBlocksCommand,
    DeleteContainerCommand,
)
from trioxygen.proto.v1.types_pb2 import BlockRange

S = ContainerState
LARGE = bytes(range(256)) * (2 << 12)


async def tell(n: Node, command: DataNodeCommand) -> None:
    commands = Commands(n.runtime.clock, n.datanode.homes, n.datanode.copies, n.datanode.rebuilds)
    await commands.execute(command, asked_ms=n.runtime.clock.monotonic_ms())


async def filled(n: Node) -> None:
    """Container 1, closed, with blocks of all kinds; container 2 is another one."""
    await n.write(1, b"small")
    await n.stream(2, [LARGE[:70_000]], 70_000)
    await n.stream(3, [LARGE], len(LARGE))
    await n.write(1, b"other", container=2)
    await n.pipeline.close_container(1)
    await until(lambda: n.container().state is S.CLOSED)


DELETE = DataNodeCommand(delete_container=DeleteContainerCommand(container_id=1, force=True))


def rows(n: Node) -> dict[str, int]:
    """How many there are of container 1."""
    key = (1).to_bytes(8, "big")
    with n.work.volume.store.read() as txn:
        return {
            table.name: len(list(txn.scan(table, prefix=key)))
            for table in (BLOCKS.table, CONTAINERS.table, SEGMENTS.table)
        }


def test_deleted_replica_leaves_nothing_and_does_not_come_back(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        async with node(tmp_path, ring=ring) as n:
            await filled(n)
            await n.flush()
            await tell(n, DELETE)
            await until(lambda: 1 not in n.work.volume.containers)
            assert not (tmp_path / "containers" / "1").exists()
            assert rows(n) == {"block": 0, "container": 0, "segment": 0}
            with pytest.raises(NoSuchContainer):
                await n.read(1, 0, 5)
            with pytest.raises(ContainerNotOpen):
                await n.write(9, b"late")
            assert await n.read(1, 0, 5, container=2) == b"other"
            # Told again, it is done already.
            await tell(n, DELETE)
        # All that the log has, from its beginning.
        async with node(tmp_path, ring=ring) as again:
            assert list(again.work.volume.containers) == [2]
            with pytest.raises(ContainerNotOpen):
                await again.write(9, b"late")

    asyncio.run(run())


def test_replica_is_deleted_without_force_only_if_it_is_empty(tmp_path: Path) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await filled(n)
            gentle = DataNodeCommand(delete_container=DeleteContainerCommand(container_id=1))
            await tell(n, gentle)
            assert n.container().state is S.CLOSED
            await n.delete((1, 3))
            await tell(n, gentle)
            await until(lambda: 1 not in n.work.volume.containers)

    asyncio.run(run())


@pytest.mark.parametrize("changes", range(4))
def test_deletion_that_a_crash_breaks_off_goes_on_at_the_next_start(
    tmp_path: Path, changes: int
) -> None:
    async def run() -> None:
        ring, disk = ListRing(), FragileDisk()
        async with node(tmp_path, ring=ring, disk=disk, crash=True) as n:
            await filled(n)
            await n.flush()
            disk.failure, disk.changes_left = CrashedDisk, changes
            await tell(n, DELETE)
            await until(lambda: not disk.changes_left)
        async with node(tmp_path, ring=ring) as again:
            await until(lambda: 1 not in again.work.volume.containers)
            assert not (tmp_path / "containers" / "1").exists()
            assert rows(again) == {"block": 0, "container": 0, "segment": 0}
            assert await again.read(1, 0, 5, container=2) == b"other"

    asyncio.run(run())


def test_blocks_of_a_container_whose_ring_is_not_here_are_deleted_by_the_volumes_own_log(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with node(tmp_path) as n:
            await n.write(1, b"one")
            await n.write(2, b"two")
            await n.flush()
            n.container().belongs_to(99)
            commands = Commands(
                n.runtime.clock, n.datanode.homes, n.datanode.copies, n.datanode.rebuilds
            )
            gone = BlockRange(container=1, first_local=1, count=1)
            command = DeleteBlocksCommand(transaction_id=5, blocks=[gone])
            await commands.execute(DataNodeCommand(delete_blocks=command), asked_ms=0)
            assert commands.deleted_transaction_ids == {5}
            await n.flush()
            assert n.container().block_count == 1
            # It is none of those that the node takes part in.
            assert [ring.pipeline_id for ring in n.work.rings] == [RING]
            assert len(n.work.rings) == 1

    asyncio.run(run())


def test_a_close_by_force_makes_a_quasi_closed_replica_a_closed_one(tmp_path: Path) -> None:
    async def run() -> None:
        ring = ListRing()
        forced = CloseContainerCommand(container_id=1, force=True)
        async with node(tmp_path, ring=ring) as n:
            await n.write(1, b"one")
            await n.flush()
            n.container().belongs_to(99)
            await tell(n, DataNodeCommand(close_container=forced))
            assert n.container().state is S.QUASI_CLOSED
            await tell(n, DataNodeCommand(close_container=forced))
            assert n.container().state is S.CLOSED
        async with node(tmp_path, ring=ring) as again:
            assert again.container().state is S.CLOSED

    asyncio.run(run())


def test_force_closes_what_no_ring_sees_to() -> None:
    assert closed_by_force(Container(1), None) is S.QUASI_CLOSED
    closed = Container(1, state=S.CLOSED, logged_state=S.CLOSED)
    assert closed_by_force(closed, None) is None
    quasi = Container(1, state=S.QUASI_CLOSED, logged_state=S.QUASI_CLOSED)
    assert closed_by_force(quasi, None) is S.CLOSED


def test_another_replica_and_an_open_one_are_not_deleted() -> None:
    force = DeleteContainerCommand(container_id=1, replica_index=2, force=True)
    closed = Container(1, state=S.CLOSED, logged_state=S.CLOSED, replica_index=2)
    assert may_be_deleted(closed, force)
    assert not may_be_deleted(Container(1, replica_index=2), force)
    closed.replica_index = 3
    assert not may_be_deleted(closed, force)


def test_deletion_counts_though_the_ring_has_yet_to_bring_the_container(tmp_path: Path) -> None:
    """As after a start: the volume's own log and those of its rings are replayed side by side."""

    async def run() -> None:
        async with node(tmp_path) as n:
            n.work.blocks.is_catching_up = lambda: True
            for container in (1, 2):
                if container == 2:
                    await n.write(1, b"there, and open yet", container=2)
                deletion = MoveReplicaCommand(container_id=container, state=S.DELETING.proto)
                n.work.blocks.move_replica(deletion)
                with pytest.raises(ContainerNotOpen):
                    await n.write(2, b"from the ring's log", container=container)
                await until(lambda c=container: c not in n.work.volume.containers)  # type: ignore[misc]
                with pytest.raises(ContainerNotOpen):
                    await n.stream(3, [LARGE[:70_000]], 70_000, container=container)
            await n.write(1, b"others", container=3)

    asyncio.run(run())
