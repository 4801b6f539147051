"""Logs and key-value stores, opened as the configuration says."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from trioxygen.cli.config.schema import Config
from trioxygen.cli.folder import own_log
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.om.state.schema import ALL_TABLES as OM_TABLES
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.mending import StatesHeld
from trioxygen.metadata.raft.log.metrics import WalMetrics
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.scm.schema import ALL_TABLES as SCM_TABLES
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Table

# By service.
TABLES: Final[Mapping[str, Sequence[Table]]] = {"om": OM_TABLES, "scm": SCM_TABLES}


async def open_log(
    runtime: Runtime,
    path: Path,
    name: str,
    segment_bytes: int,
    metrics: WalMetrics,
    states: StatesHeld,
) -> WriteAheadLog:
    """Before the stores of `states` are opened; `note_logs` once it is in use.

    Raises: LogCorrupt: also for another log than the one that was noted."""
    await runtime.blocking.run(own_log.check_owner, runtime.disk, path)
    config = WalConfig(segment_bytes=segment_bytes)
    return await WriteAheadLog.open(
        path, runtime, config, name=name, metrics=metrics, states=states
    )


async def note_logs(runtime: Runtime, *paths: Path) -> None:
    for path in paths:
        await runtime.blocking.run(own_log.note_owner, runtime.disk, path)


def open_store(config: Config, path: Path, tables: Iterable[Table]) -> LmdbStore:
    metadata = config.metadata
    return LmdbStore(
        path,
        tables,
        map_bytes=metadata.map_bytes,
        reserve_bytes=metadata.reserved_bytes,
        check_bytes_max=metadata.start_check_bytes_max,
    )


def service_store(config: Config, path: Path, service: str) -> LmdbStore:
    """Of the om or scm."""
    return open_store(config, path, TABLES[service])
