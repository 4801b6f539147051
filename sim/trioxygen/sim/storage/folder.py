"""A disk of a simulated DataNode: opened at a start, and again once it was away."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from trioxygen.cli.folder.states_held import rings_held
from trioxygen.cli.wiring.rings import ring_members
from trioxygen.cli.wiring.stores import note_logs, open_log
from trioxygen.common.errors import StoreDamaged
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import KIB
from trioxygen.hdds.container.blocks import TABLES
from trioxygen.hdds.container.layout import VolumeLayout, check_whole
from trioxygen.hdds.datanode.volumes import INDEX_NAME, VolumeParts
from trioxygen.metadata.raft.core.config import RaftConfig
from trioxygen.metadata.raft.driver.config import RaftReplicaConfig
from trioxygen.metadata.raft.log.mending import StateHeld
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.metadata.store.lmdb_room import DATA_FILE
from trioxygen.metadata.store.ports import Store, Table
from trioxygen.sim.disk import SimDisk
from trioxygen.sim.store import SimStore

_LOG_SEGMENT_BYTES: Final = 256 * KIB
# They go quiet between two things that happen.
_RINGS: Final = RaftReplicaConfig(core=RaftConfig(heartbeat_ticks=2, quiesce_ticks=20))


class SimFolder:
    """A `VolumeFolder`, as the one of `cli/wiring` but for the store.

    Args:
        number: of the node's disks, from 1.
        transport: of all rings of the node.
    """

    def __init__(
        self,
        runtime: Runtime,
        path: Path,
        number: int,
        metrics: WalMetrics,
        transport: RaftTransport,
    ) -> None:
        disk = runtime.disk
        assert isinstance(disk, SimDisk)
        self._runtime, self._disk, self._path = runtime, disk, path
        self._log_name = "ring" if number == 1 else f"ring-{number}"
        self._metrics, self._transport = metrics, transport
        self._wal: WriteAheadLog | None = None

    @property
    def path(self) -> Path:
        return self._path

    async def open(self) -> VolumeParts:
        """Raises: StoreDamaged, LogCorrupt, OSError."""
        await self._runtime.blocking.run(self._check)
        wal = self._wal = await open_log(
            self._runtime,
            self._path / "log",
            self._log_name,
            _LOG_SEGMENT_BYTES,
            self._metrics,
            self._states_held,
        )
        members = ring_members(self._runtime, wal, self._transport, _RINGS)
        return VolumeParts(self._path, self._open_index, wal, members)

    def _check(self) -> None:
        if not self._disk.exists(self._path):
            raise StoreDamaged("the disk's folder is not there", path=str(self._path))
        check_whole(self._disk, VolumeLayout(self._path))

    def _open_index(self, name: str, tables: Iterable[Table]) -> Store:
        """With a file where LMDB has its own: whether a disk is whole is seen by it."""
        disk, file = self._disk, self._path / name / DATA_FILE
        if not disk.exists(file):
            disk.make_directory(file.parent)
            disk.open(file, create=True).close()
            disk.sync_directory(file.parent)
        return SimStore(self._disk, self._path / name, tables, _nobody_looks)

    def _states_held(self) -> Mapping[GroupId, StateHeld]:
        return rings_held(self._open_index(INDEX_NAME, TABLES))

    async def in_use(self) -> None:
        await note_logs(self._runtime, self._path / "log")

    async def close(self) -> None:
        wal, self._wal = self._wal, None
        if wal is not None:
            await wal.close()


def _nobody_looks(store: SimStore) -> None:
    """Rows of DataNodes are not compared: what they hold is."""
