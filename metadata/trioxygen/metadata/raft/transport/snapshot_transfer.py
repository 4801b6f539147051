"""Snapshots between replicas: this one's state to a follower that lacks too much, a leader's to
this one. Not here: when that is; the core says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import (
    ChecksumMismatch,
    DeadlineExceeded,
    Overloaded,
    TrioxygenError,
)
from trioxygen.common.finishing import to_the_end
from trioxygen.common.rpc.network import Upload
from trioxygen.common.runtime import Runtime
from trioxygen.metadata.raft.core.types import InstallSnapshot, ReplicaId
from trioxygen.metadata.raft.ports import GroupId, IncomingSnapshot, ReplicatedStateMachine
from trioxygen.metadata.raft.transport.snapshot_stream import (
    SnapshotConfig,
    receive_stream,
    send_stream,
)
from trioxygen.proto.v1.raft_pb2 import InstallSnapshotHeader

log = logs.get(__name__)


class SnapshotStreams(Protocol):
    """The way to other replicas, for what is large."""

    async def open_snapshot(self, header: InstallSnapshotHeader) -> Upload:
        """Raises: Unavailable errors."""
        ...


@dataclass(frozen=True, slots=True)
class _Sending:
    term: int
    task: "asyncio.Task[bool]"


class SnapshotSender:
    """Args:
    configuration: of a state that does not say.
    reported: to whom, and whether the state is installed there.
    """

    def __init__(
        self,
        machine: ReplicatedStateMachine,
        transport: SnapshotStreams,
        runtime: Runtime,
        *,
        group: GroupId,
        group_digest: int,
        configuration: bytes,
        reported: Callable[[ReplicaId, bool], None],
        config: SnapshotConfig | None = None,
    ) -> None:
        self._machine, self._transport, self._runtime = machine, transport, runtime
        self._group, self._group_digest = group, group_digest
        self._configuration, self._reported = configuration, reported
        self._config = config or SnapshotConfig()
        self._sending: dict[ReplicaId, _Sending] = {}
        # One after the other: each keeps a state alive, and all share the disk.
        self._turn = asyncio.Lock()

    def send(self, message: InstallSnapshot) -> None:
        """Returns at once; the report comes later. One that is under way goes on, unless it is of
        an earlier term: the receiver would not take it any more."""
        to, before = message.to, self._sending.get(message.to)
        if before is not None:
            if before.term == message.term:
                return
            before.task.cancel()
        task = self._runtime.tasks.start(self._run(message), name=f"snapshot-{self._group}-to-{to}")
        self._sending[to] = sending = _Sending(message.term, task)
        task.add_done_callback(lambda _: self._ended(to, sending))

    def _ended(self, to: ReplicaId, sending: _Sending) -> None:
        task = sending.task
        if self._sending.get(to) is not sending:
            return
        del self._sending[to]
        if not task.cancelled():
            self._reported(to, task.exception() is None and task.result())

    async def _run(self, message: InstallSnapshot) -> bool:
        """Whether it was installed."""
        try:
            async with self._turn:
                return await self._send_in_time(message)
        except TrioxygenError as error:
            log.warning("snapshot_not_sent", group=self._group, to=message.to, reason=error)
        # The core asks for the next one as soon as it is told.
        await self._runtime.clock.sleep_ms(self._config.retry_ms)
        return False

    async def _send_in_time(self, message: InstallSnapshot) -> bool:
        try:
            async with asyncio.timeout(self._config.send_ms_max / 1_000):
                return await self._send(message)
        except TimeoutError as error:
            raise DeadlineExceeded("sending a snapshot took too long") from error

    async def _send(self, message: InstallSnapshot) -> bool:
        clock, config = self._runtime.clock, self._config
        snapshot = await self._machine.open_snapshot()
        try:
            # Newer than what the core asked for, if anything.
            applied = snapshot.applied
            header = InstallSnapshotHeader(
                group=self._group,
                group_digest=self._group_digest,
                sender=message.sender,
                to=message.to,
                term=message.term,
                index=applied.index,
                index_term=applied.term,
                configuration=applied.configuration or self._configuration,
                format=snapshot.format,
            )
            upload = await self._transport.open_snapshot(header)
            try:
                log.info("snapshot_began", group=self._group, to=message.to, index=applied.index)
                began_ms = clock.monotonic_ms()
                size_bytes = await send_stream(
                    snapshot.pieces(), upload, clock, bytes_per_second=config.bytes_per_second
                )
                # Nothing of the state is needed any more while the receiver syncs and checks it.
                await snapshot.close()
                reply = await upload.finish(config.finish_ms_max)
            finally:
                await upload.cancel()
        finally:
            await snapshot.close()
        log.info(
            "snapshot_ended",
            group=self._group,
            to=message.to,
            bytes=size_bytes,
            ms=int(clock.monotonic_ms() - began_ms),
            installed=reply.installed,
        )
        return bool(reply.installed)

    def stop(self) -> None:
        """Ends what is under way, without a report."""
        sending = list(self._sending.values())
        self._sending.clear()
        for task in sending:
            task.task.cancel()


class _Receiving:
    """Attributes:
    term: of the leader that sends.
    is_offered: all is here, and nothing takes its place any more.
    superseded: done when another one wants to.
    ended: nothing of it is left.
    """

    def __init__(self, term: int) -> None:
        self.term = term
        self.is_offered = False
        self.superseded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()


class SnapshotReceiver:
    """One at a time: the last one that a leader began."""

    def __init__(
        self, machine: ReplicatedStateMachine, config: SnapshotConfig | None = None
    ) -> None:
        self._machine, self._config = machine, config or SnapshotConfig()
        self._receiving: _Receiving | None = None

    async def receive(
        self,
        header: InstallSnapshotHeader,
        pieces: AsyncIterator[Buffer],
        offer: "Callable[[IncomingSnapshot], asyncio.Future[None] | None]",
    ) -> None:
        """Stores the pieces, then hands the state to `offer`, which may install it until the
        future that it returns is done.

        Raises:
            Overloaded: another one is being installed, or is a later leader's, or took its place.
            ChecksumMismatch, UnknownFormat, NoSpace, DeadlineExceeded: nothing was offered.
        """
        await self._supersede(header)
        receiving = self._receiving = _Receiving(header.term)
        try:
            incoming = await self._machine.receive_snapshot(header.format)
            try:
                await receive_stream(
                    _unless_superseded(pieces, receiving),
                    incoming,
                    piece_ms_max=self._config.piece_ms_max,
                )
                applied = await incoming.complete()
                if (applied.index, applied.term) != (header.index, header.index_term):
                    raise ChecksumMismatch(
                        "a snapshot is not what it was announced as",
                        index=applied.index,
                        announced_index=header.index,
                    )
                receiving.is_offered = True
                installing = offer(incoming)
                if installing is not None:
                    # Also when the sender goes away meanwhile: the state is in use.
                    await to_the_end(installing)
            finally:
                await incoming.abort()
        finally:
            self._receiving = None
            receiving.ended.set()

    async def _supersede(self, header: InstallSnapshotHeader) -> None:
        """A leader sends one stream at a time to each follower: an earlier one is of a leader that
        is no more, or of a connection that broke. That may be noticed only much later."""
        while (before := self._receiving) is not None:
            if before.is_offered or header.term < before.term:
                raise Overloaded("a snapshot is coming in already", group=header.group)
            if not before.superseded.done():
                before.superseded.set_result(None)
            await before.ended.wait()


async def _unless_superseded(
    pieces: AsyncIterator[Buffer], receiving: _Receiving
) -> AsyncIterator[Buffer]:
    """Only the wait for the next piece ends early: what a thread does with the last one goes on."""
    while True:
        asked = asyncio.ensure_future(anext(pieces, None))
        try:
            await asyncio.wait((asked, receiving.superseded), return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not asked.done():
                asked.cancel()
                await asyncio.wait((asked,))
        if receiving.superseded.done():
            raise Overloaded("another snapshot came in its place")
        piece = asked.result()
        if piece is None:
            return
        yield piece
