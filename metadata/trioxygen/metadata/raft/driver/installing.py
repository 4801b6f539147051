"""A leader's snapshot on its way into this replica: received, then put in place of state and
log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Stopping
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import (
    HardState,
    InstallSnapshot,
    Message,
    ReplicaId,
    SnapshotMeta,
)
from trioxygen.metadata.raft.driver.recovery import install
from trioxygen.metadata.raft.log.wal import WriteAheadLog
from trioxygen.metadata.raft.ports import GroupId, IncomingSnapshot, ReplicatedStateMachine
from trioxygen.metadata.raft.transport.codec import decode_configuration
from trioxygen.metadata.raft.transport.snapshot_stream import SnapshotConfig
from trioxygen.metadata.raft.transport.snapshot_transfer import SnapshotReceiver
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader


class Installer:
    """One snapshot at a time.

    Args:
        step: hands the core the message that says the state is here; the core's answer to it may be
            a call of `begin`.
        is_over: the replica takes part no more.
        clear: returns when nothing of state and log is being written.
        failed: half installed, the replica must not go on.
    """

    def __init__(
        self,
        runtime: Runtime,
        wal: WriteAheadLog,
        machine: ReplicatedStateMachine,
        *,
        group: GroupId,
        replica: ReplicaId,
        step: Callable[[Message], None],
        is_over: Callable[[], bool],
        clear: Callable[[], Awaitable[None]],
        failed: Callable[[BaseException], None],
        config: SnapshotConfig,
    ) -> None:
        self._runtime, self._wal, self._group, self._replica = runtime, wal, group, replica
        self._step, self._is_over, self._clear, self._failed = step, is_over, clear, failed
        self._receiver = SnapshotReceiver(machine, config)
        self._incoming: IncomingSnapshot | None = None
        self._installing: asyncio.Task[None] | None = None

    async def receive(self, header: InstallSnapshotHeader, pieces: AsyncIterator[Buffer]) -> None:
        """Returns when it is installed, or not wanted. Raises as `SnapshotReceiver.receive`;
        InvalidRequest: nothing was received; Stopping."""
        self._check()
        configuration = decode_configuration(header.configuration)
        meta = SnapshotMeta(header.index, header.index_term, configuration)
        message = InstallSnapshot(ReplicaId(header.sender), self._replica, header.term, meta)

        def offer(incoming: IncomingSnapshot) -> "asyncio.Future[None] | None":
            self._check()
            self._incoming = incoming
            self._step(message)
            return self._installing

        try:
            await self._receiver.receive(header, pieces, offer)
        finally:
            self._incoming = None

    def _check(self) -> None:
        if self._is_over():
            raise Stopping(group=self._group)

    def begin(
        self, snapshot: SnapshotMeta, hard_state: HardState, installed: Callable[[], None]
    ) -> None:
        """Args: installed: state and log are the snapshot's now, and the replica goes on."""
        incoming = self._incoming
        assert incoming is not None, "a snapshot without its state"
        self._installing = self._runtime.tasks.start(
            self._install(incoming, snapshot, hard_state, installed),
            name=f"raft-{self._group}-install",
        )

    async def _install(
        self,
        incoming: IncomingSnapshot,
        snapshot: SnapshotMeta,
        hard_state: HardState,
        installed: Callable[[], None],
    ) -> None:
        try:
            await self._clear()
            await install(
                self._wal,
                self._group,
                self._runtime.clock,
                incoming,
                snapshot,
                hard_state,
                is_over=self._is_over,
            )
        except Stopping as error:
            self._failed(error)
            return
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            # Whatever it was: half installed, it must not go on, nor stand still unnoticed.
            self._failed(error)
            raise
        if not self._is_over():
            self._installing = None
            installed()

    async def ended(self) -> None:
        if self._installing is not None:
            await asyncio.wait([self._installing])
