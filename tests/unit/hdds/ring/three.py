"""Three DataNodes whose rings share a log each, on one network in memory; each may crash alone."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.unit.hdds.ring.freezing import FreezableNetwork, Frozen
from tests.unit.hdds.support import broken_off, new_runtime
from trioxygen.cli.wiring.rings import ring_members
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Disk
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime
from trioxygen.common.system_disk import SystemDisk
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.container.blocks import Block, block_key
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.ports import Locate
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.ring import Ring
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.transport.transport import RaftTransport, RaftTransportConfig
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.proto.v1.scm_pb2 import ContainerLocation, ContainerReplica
from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

NAMES = ("dn1", "dn2", "dn3")
# Ring r has container r.
RINGS = (3, 40, 500)


def pipeline(ring: int) -> Pipeline:
    return Pipeline(
        pipeline_id=ring, datanodes=[DataNodeAddress(node_id=name, address=name) for name in NAMES]
    )


@dataclass
class Member:
    """One disk, and the lives of the DataNode on it."""

    name: str
    root: Path
    network: LocalNetwork
    # Of SCMs; none: it sends no heartbeats.
    scms: Sequence[str] = ()
    ring_config: RaftReplicaConfig | None = None
    wal_config: WalConfig = WalConfig()
    disk: Disk = field(default_factory=SystemDisk)
    # So long that it is looked at only when something on it failed; 0: never.
    disk_probe_ms: float = 0
    locate: Locate | None = None
    # In place of those that tests of rings have.
    settings: DataNodeConfig | None = None
    # It wants block tokens, by the keys of its SCMs.
    wants_tokens: bool = False
    runtime: Runtime = field(init=False)
    datanode: DataNode = field(init=False)
    wal: WriteAheadLog = field(init=False)
    _stores: list[Store] = field(default_factory=list)
    is_up: bool = False
    _lives: int = 0

    async def start(self) -> None:
        self._lives += 1
        # Each draws ids of its own.
        rng = random.Random(f"{self.name}-{self._lives}")
        runtime = replace(new_runtime(self.disk, self.network), rng=rng)
        if self.wants_tokens:
            runtime = runtime.as_role(Role.DATANODE, self.name)
        self.runtime = runtime
        self.wal = await WriteAheadLog.open(self.root / "log", runtime, self.wal_config)
        transport = RaftTransport(
            runtime,
            address=self.name,
            # All members stand still together: what they sent is read before many ticks are made.
            config=RaftTransportConfig(tick_ms=20, ticks_at_once_max=4),
        )

        def stores(name: str, tables: Iterable[Table]) -> Store:
            self._stores.append(LmdbStore(self.root / name, tables, reserve_bytes=8 << 20))
            return self._stores[-1]

        config = self.settings or DataNodeConfig(
            node_id=self.name,
            address=self.name,
            space_reserve_bytes=0,
            flush_interval_ms=5,
            disk_probe_ms=self.disk_probe_ms,
        )
        members = ring_members(runtime, self.wal, transport, self.ring_config)
        parts = VolumeParts(self.root, stores, self.wal, members)
        scms = [ScmClient(runtime, [address], only_these=True) for address in self.scms]
        keys = ScmClient(runtime, list(self.scms)).token_keys if self.wants_tokens else None
        self.datanode = DataNode(
            runtime,
            config,
            [parts],
            scms,
            locate=self.locate,
            services=[transport.service],
            token_keys=None if keys is None else KnownTokenKeys(runtime, keys),
        )
        await self.datanode.start()
        self.is_up = True

    @property
    def work(self) -> VolumeWork:
        return self.datanode.works[0]

    def ring(self, ring: int) -> Ring:
        actual = self.work.rings.get(ring)
        assert actual is not None
        return actual

    def block(self, ring: int, local: int) -> Block | None:
        return self.work.blocks.find_block(block_key(ring, local))

    def container_state(self, ring: int) -> ContainerState:
        return self.work.volume.containers[ring].state

    async def read(self, ring: int, local: int, size_bytes: int) -> bytes:
        pieces = self.work.reads.stream(ring, local, 0, size_bytes)
        return b"".join([bytes(piece) async for piece in pieces])

    def lacks(self, ring: int, local: int) -> bool:
        return self.work.blocks.missing.get(block_key(ring, local)) is not None

    def whole_through(self, ring: int) -> int:
        return self.work.volume.containers[ring].report(self.name).commit_sequence

    def counted(self, ring: int) -> tuple[int, int]:
        """(live blocks, their bytes) that the index knows."""
        container = self.work.volume.containers[ring]
        return container.block_count, container.used_bytes

    def reached(self, ring: int) -> int:
        return self.work.blocks.reached(ring).index

    async def end(self, *, crash: bool = False) -> None:
        """Args: crash: nothing is flushed or handed over; what was synced stays."""
        if not self.is_up:
            return
        self.is_up = False
        if crash:
            server = self.datanode._server
            assert server is not None
            self.network.forget(server)  # type: ignore[arg-type]
            await self.runtime.tasks.stop()
            await server.stop()
            for work in self.datanode.works:
                # The log has the rest.
                await broken_off(work)
                work.volume.files.close()
        else:
            await self.datanode.stop()
        await self.wal.close()
        await self.runtime.stop()
        while self._stores:
            self._stores.pop().close()


class Three:
    def __init__(self, root: Path) -> None:
        network = LocalNetwork(encode=True)
        self.frozen = Frozen()
        self.network = FreezableNetwork(network, self.frozen)
        self.members = [
            Member(name, root / name, FreezableNetwork(network, self.frozen, name))
            for name in NAMES
        ]
        self._runtime = new_runtime(SystemDisk(), self.network)
        self.pool = pool = DataNodePool(self.network, self._runtime.clock, self._locate)
        self.writer, self.reader = BlockWriter(pool), BlockReader(pool)

    async def _locate(self, container_ids: list[int]) -> list[ContainerLocation]:
        replicas = [ContainerReplica(datanode=datanode) for datanode in pipeline(0).datanodes]
        return [
            ContainerLocation(container_id=container_id, replicas=replicas)
            for container_id in container_ids
        ]

    async def start(self) -> None:
        for member in self.members:
            await member.start()
        for ring in RINGS:
            for member in self.members:
                await member.datanode.homes.join(pipeline(ring))
        for ring in RINGS:
            await self.leader(ring)

    async def leader(self, ring: int, *, not_: Member | None = None) -> Member:
        actual: list[Member] = []

        def is_there() -> bool:
            actual[:] = [
                member
                for member in self.members
                if member.is_up and member is not not_ and member.ring(ring).replica.is_leader()
            ]
            return bool(actual)

        await until(is_there)
        return max(actual, key=lambda member: member.ring(ring).replica.term)

    async def agreed(self, ring: int) -> int:
        """Returns when all who are up have applied the same; how far that is."""

        def are_level() -> bool:
            return len({member.reached(ring) for member in self.members if member.is_up}) == 1

        await until(are_level)
        return next(member.reached(ring) for member in self.members if member.is_up)

    async def end(self) -> None:
        self.frozen.thaw_all()
        await self.pool.stop()
        for member in self.members:
            await member.end(crash=True)
        await self._runtime.stop()


async def until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def with_three(
    root: Path,
    scenario: Callable[[Three], Awaitable[None]],
    *,
    ring_config: RaftReplicaConfig | None = None,
    wal_config: WalConfig | None = None,
    new_disk: Callable[[], Disk] = SystemDisk,
    disk_probe_ms: float = 0,
) -> None:
    async def run() -> None:
        three = Three(root)
        for member in three.members:
            member.disk, member.disk_probe_ms = new_disk(), disk_probe_ms
            member.ring_config = ring_config
            member.wal_config = wal_config or member.wal_config
        try:
            await three.start()
            async with asyncio.timeout(200):
                await scenario(three)
        finally:
            await three.end()

    asyncio.run(run())
