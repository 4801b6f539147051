"""A folder of a DataNode's disk: its log and its index, opened at a start, and again once the disk
was away."""

from collections.abc import Iterable
from pathlib import Path

from trioxygen.cli.config.schema import Config
from trioxygen.cli.folder import states_held
from trioxygen.cli.wiring.rings import ring_config, ring_members
from trioxygen.cli.wiring.stores import note_logs, open_log, open_store
from trioxygen.common.errors import StoreDamaged
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.container.layout import VolumeLayout, check_whole
from trioxygen.hdds.datanode.volumes import VolumeParts
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.transport.transport import RaftTransport
from trioxygen.metadata.store.ports import Store, Table


class DiskFolder:
    """Implements `hdds.datanode.volumes.VolumeFolder`.

    Args:
        log_name: for logs and metrics.
        transport: of all rings of the process.
        is_mounted: whoever mounts the disk makes the folder: what is below a missing one is another
            disk.
    """

    def __init__(
        self,
        runtime: Runtime,
        config: Config,
        path: Path,
        *,
        log_name: str,
        metrics: WalMetrics,
        transport: RaftTransport,
        is_mounted: bool,
    ) -> None:
        self._runtime, self._config, self._path = runtime, config, path
        self._log_name, self._metrics, self._transport = log_name, metrics, transport
        self._is_mounted = is_mounted
        self._wal: WriteAheadLog | None = None

    @property
    def path(self) -> Path:
        return self._path

    async def open(self) -> VolumeParts:
        """Raises: StoreDamaged, LogCorrupt, OSError."""
        runtime, path, storage = self._runtime, self._path, self._config.storage
        await runtime.blocking.run(self._check)
        wal = self._wal = await open_log(
            runtime,
            path / "log",
            self._log_name,
            storage.log_segment_bytes,
            self._metrics,
            states_held.of_rings(path / "index"),
        )
        members = ring_members(runtime, wal, self._transport, ring_config(storage))
        return VolumeParts(path, self._open_index, wal, members)

    def _check(self) -> None:
        disk = self._runtime.disk
        if self._is_mounted and not disk.exists(self._path):
            raise StoreDamaged("the disk's folder is not there", path=str(self._path))
        check_whole(disk, VolumeLayout(self._path))

    def _open_index(self, name: str, tables: Iterable[Table]) -> Store:
        return open_store(self._config, self._path / name, tables)

    async def in_use(self) -> None:
        await note_logs(self._runtime, self._path / "log")

    async def close(self) -> None:
        wal, self._wal = self._wal, None
        if wal is not None:
            await wal.close()
