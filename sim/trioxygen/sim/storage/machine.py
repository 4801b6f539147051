"""A DataNode of the simulation, built of the production parts, over all its lives."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from trioxygen.common.block_token import Refusal
from trioxygen.common.rpc.call import Role
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import KIB, MIB
from trioxygen.hdds.datanode.datanode import DataNode
from trioxygen.hdds.datanode.disks import DiskState
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.sim.cluster import Cluster
from trioxygen.sim.disk import Ailment
from trioxygen.sim.node import Node
from trioxygen.sim.services import DATA
from trioxygen.sim.storage.folder import SimFolder
from trioxygen.sim.storage.sizes import Sizes

_PORT: Final = 9859
# Of a disk: little, so that what lies on it is a share that the balancer can see.
_CAPACITY_BYTES: Final = 16 * MIB


def _config(name: str, address: str, sizes: Sizes) -> DataNodeConfig:
    """Small blocks, containers and intervals: a run is short, and holds little."""
    return DataNodeConfig(
        node_id=name,
        address=address,
        block_bytes_max=sizes.part_bytes_max,
        small_block_bytes_max=sizes.small_bytes_max,
        packed_block_bytes_max=sizes.packed_bytes_max,
        container_bytes_max=sizes.replica_bytes_max,
        segment_bytes_max=64 * KIB,
        space_reserve_bytes=64 * KIB,
        pending_bytes_max=64 * KIB,
        flush_bytes=16 * KIB,
        store_sync_log_bytes=64 * KIB,
        store_sync_interval_ms=2_000,
        sealed_expiry_ms=20_000,
        write_piece_bytes=8 * KIB,
        read_piece_bytes=64 * KIB,
        scrub_bytes_per_s=1 << 20,
        scrub_interval_ms=10_000,
        compaction_interval_ms=2_000,
        disk_probe_ms=2_000,
    )


class DataNodeMachine:
    """Args: tokens: it wants block tokens.

    Attributes:
    disks: its folders.
    datanode: of the present life, once it has started.
    is_lost: the machine will not come back, or has not come yet.
    """

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        rng: random.Random,
        sizes: Sizes,
        *,
        volumes: int = 1,
        tokens: bool = False,
    ) -> None:
        self.disks = [DATA / f"disk{number + 1}" for number in range(volumes)]
        self._tokens = tokens
        self.name, self.address = name, f"{name}:{_PORT}"
        self._config = _config(name, self.address, sizes)
        self._scms = cluster.scm_addresses
        self.node = Node(name, cluster.loop, cluster.fabric, cluster.trace, rng, self._boot)
        self.node.platter.capacity_bytes = _CAPACITY_BYTES
        self.node.platter.disks = tuple(self.disks)
        self.datanode: DataNode | None = None
        self.is_lost = False
        cluster.fabric.name_address(self.address, name)

    def start(self) -> None:
        self.datanode = None
        self.node.start()

    def leads(self) -> bool:
        return any(ring.replica.is_leader() for work in self.works() for ring in work.rings)

    def has_failed(self) -> bool:
        """Whether whoever runs it would start it again."""
        return self.datanode is not None and not self.datanode.takes_writes()

    def tokens(self) -> tuple[int, int]:
        """That this life's DataNode has taken, and those whose keys did not count."""
        gate = None if self.datanode is None else self.datanode.token_gate
        return (0, 0) if gate is None else (gate.passed, gate.refused[Refusal.KEY])

    def works(self) -> Iterator[VolumeWork]:
        if self.node.is_up and self.datanode is not None:
            yield from self.datanode.works

    def is_failing(self, disk: Path) -> bool:
        """Nothing that is on it counts."""
        return self.node.disk_behaviour.ailing.get(disk) in (Ailment.BROKEN, Ailment.READ_ONLY)

    def is_out(self, disk: Path) -> bool:
        """Whether it may be replaced: nobody has anything of it open."""
        datanode = self.datanode
        if not self.node.is_up:
            return True
        return datanode is not None and any(
            each.folder.path == disk and each.state is DiskState.OUT
            for each in datanode.disks.disks
        )

    async def _boot(self, node: Node, runtime: Runtime) -> None:
        runtime = runtime.as_role(Role.DATANODE, node.name)
        platter = self.node.platter
        platter.directories.update(dict.fromkeys((DATA, *self.disks)))
        metrics = WalMetrics(runtime.registry)
        transport = RaftTransport(runtime, address=self.address)
        folders = [
            SimFolder(runtime, disk, number, metrics, transport)
            for number, disk in enumerate(self.disks, start=1)
        ]
        scm = ScmClient(runtime, self._scms, timeout_ms=3_000, try_ms=500)
        datanode = DataNode(
            runtime,
            self._config,
            folders,
            [
                ScmClient(runtime, [scm], timeout_ms=3_000, try_ms=500, only_these=True)
                for scm in self._scms
            ],
            services=[replace(transport.service, group_of=Role.DATANODE)],
            locate=scm.locate,
            token_keys=KnownTokenKeys(runtime, scm.token_keys) if self._tokens else None,
        )
        await datanode.start()
        self.datanode = datanode
