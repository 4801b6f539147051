"""Snapshots whose callers are cancelled while a thread works for them."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.replica_harness import run
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.disk import Buffer
from trioxygen.metadata.replication.state import META, ReplicatedState, StoreIncoming
from trioxygen.metadata.store.lmdb_kv import LmdbStore
from trioxygen.metadata.store.ports import Incoming

TABLES = (META,)


class Gate:
    """Holds a thread until it is opened."""

    def __init__(self) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.reached.set()
        assert self.opened.wait(20)


class SlowStore(LmdbStore):
    """Waits at a gate once what takes a copy in was made."""

    gate: Callable[[], None] | None = None

    def receive(self) -> Incoming:  # type: ignore[override]
        made = super().receive()
        gate, self.gate = self.gate, None
        if gate is not None:
            gate()
        return made


async def cancelled(task: "asyncio.Task[object]", gate: Gate) -> None:
    """Cancels it while its thread is at the gate."""
    await asyncio.to_thread(gate.reached.wait, 20)
    task.cancel()
    await asyncio.sleep(0)
    gate.opened.set()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_snapshots_can_come_in_after_one_whose_sender_went_away_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, blocking = SlowStore(tmp_path / "store", TABLES, map_bytes=1 << 24), ThreadBlocking()
        state = ReplicatedState(store, TABLES, blocking)
        gate = store.gate = Gate()
        receiving: asyncio.Task[object] = asyncio.create_task(state.receive(store.copy_format))
        await cancelled(receiving, gate)
        incoming = await state.receive(store.copy_format)
        incoming.abort()
        store.close()
        blocking.close()

    run(scenario())


class SlowIncoming:
    """Implements `Incoming`."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self.done: list[str] = []

    def write(self, piece: Buffer) -> None:
        self._gate()
        self.done.append("write")

    def abort(self) -> None:
        self.done.append("abort")


def test_abort_waits_for_the_write_that_a_thread_has_begun() -> None:
    async def scenario() -> None:
        gate, blocking = Gate(), ThreadBlocking()
        slow = SlowIncoming(gate)
        incoming = StoreIncoming(slow, blocking, _never)  # type: ignore[arg-type]
        writing = asyncio.create_task(incoming.write(b"piece"))
        await asyncio.to_thread(gate.reached.wait, 20)
        writing.cancel()
        aborting = asyncio.create_task(incoming.abort())
        await asyncio.sleep(0)
        gate.opened.set()
        await aborting
        assert slow.done == ["write", "abort"]
        blocking.close()

    run(scenario())


async def _never(incoming: Incoming, configuration: bytes) -> None:
    raise AssertionError("nothing is installed here")
