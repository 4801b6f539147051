"""Members of a group that do not run: rows are put into the store of one, and the others get a copy
of it. What would take a client many minutes is there in seconds."""

import asyncio
import shutil
from collections.abc import Callable, Sequence

from bench.member import MemberProcess
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.metadata.raft.log.config import WalConfig
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import Applied, GroupId
from trioxygen.metadata.replication.state import read_applied
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Table


def stopped_store(member: MemberProcess, tables: Sequence[Table]) -> LmdbStore:
    return LmdbStore(member.data / member.node.role, tables)


def _applied_of(member: MemberProcess, tables: Sequence[Table]) -> Applied:
    store = stopped_store(member, tables)
    with store.read() as txn:
        applied = read_applied(txn)
    store.close()
    return applied


async def _begin_log(member: MemberProcess, group: GroupId, applied: Applied) -> None:
    """The log holds nothing that could be sent instead of the state."""
    runtime = system_runtime(LocalNetwork())
    wal = await WriteAheadLog.open(member.data / "log", runtime, WalConfig())
    await wal.reset(group, applied.index, applied.term)
    await wal.close()
    await runtime.stop()


async def fill(
    members: Sequence[MemberProcess],
    group: GroupId,
    tables: Sequence[Table],
    put: Callable[[LmdbStore], None],
) -> None:
    """Stops all, and leaves them stopped, with the same rows. Args: put: writes them."""
    await asyncio.gather(*(member.stop() for member in members))
    applied = {member: _applied_of(member, tables) for member in members}
    first, *others = sorted(members, key=lambda member: -applied[member].index)
    store = stopped_store(first, tables)
    await asyncio.to_thread(put, store)
    store.sync()
    store.close()
    folder = first.node.role
    size_bytes = (first.data / folder / "data.mdb").stat().st_size
    print(f"a store of {size_bytes / 2**20:.0f} MiB", flush=True)
    for member in others:
        shutil.rmtree(member.data / folder)
        shutil.copytree(first.data / folder, member.data / folder)
    for member in members:
        await _begin_log(member, group, applied[first])
