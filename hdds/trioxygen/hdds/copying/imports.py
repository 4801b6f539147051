"""Replicas that other nodes send here: which are on their way, and where they go."""

import asyncio
from collections.abc import AsyncIterator

from trioxygen.common import logs
from trioxygen.common.container_state import ContainerState
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import InvalidRequest, NoSpace, Overloaded, TrioxygenError
from trioxygen.common.finishing import Finishing, joined
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.hdds.container.blocks import block_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.copying.incoming import Incoming
from trioxygen.hdds.copying.ports import Home, ReplicaHomes
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.proto.v1.datanode_pb2 import (
    DescribeImportReply,
    DescribeImportRequest,
    ImportContainerCommand,
    ImportContainerHeader,
    ImportContainerReply,
)

log = logs.get(__name__)

_COPIED = (ContainerState.CLOSED.proto, ContainerState.QUASI_CLOSED.proto)


class Imports:
    """A Worker of a node: it drops those that no stream comes for any more.

    Attributes:
    imported: since the start.
    """

    name = "imports"
    interval_ms = 5.0 * SECOND_MS

    def __init__(self, runtime: Runtime, config: DataNodeConfig, homes: ReplicaHomes) -> None:
        self._clock, self._config, self._homes = runtime.clock, config, homes
        self._incoming: dict[int, Incoming] = {}
        self._beginning = asyncio.Lock()
        self._finishing = Finishing()
        self.imported = 0

    def __len__(self) -> int:
        return len(self._incoming)

    def describe(self, request: DescribeImportRequest) -> DescribeImportReply:
        home = self._homes.find(request.container_id)
        if home is None:
            return DescribeImportReply()
        reply = DescribeImportReply(state=home[1].state.proto)
        incoming = self._incoming.get(request.container_id)
        if incoming is not None and incoming.transfer_id == request.transfer_id:
            reply.next_local = incoming.next_local
        return reply

    async def receive(
        self, header: ImportContainerHeader, pieces: AsyncIterator[Buffer]
    ) -> ImportContainerReply:
        """Raises: InvalidRequest: a replica is here already, or the stream is none;
        ChecksumMismatch; Overloaded: it may come later; NoSpace."""
        if header.state not in _COPIED:
            raise InvalidRequest("only closed replicas are copied", state=header.state)
        # A stream that is cancelled meanwhile has begun all the same: the log has the replica.
        beginning = self._finishing.begin(self._begun(header))
        kept_ms = self._config.import_expiry_ms
        try:
            incoming = await joined(beginning)
            reply = await incoming.receive(pieces)
        except NoSpace:
            # It would be in the way of what has room.
            kept_ms = 0.0
            raise
        finally:
            await self._finishing.run(self._stream_ended(beginning, kept_ms))
        self.imported += 1
        log.info("container_imported", container=header.container_id, blocks=reply.block_count)
        return reply

    async def _begun(self, header: ImportContainerHeader) -> Incoming:
        async with self._beginning:
            running = sum(each.is_running for each in self._incoming.values())
            if running >= self._config.imports_max:
                raise Overloaded("too many replicas come at once", most=self._config.imports_max)
            incoming = await self._of_transfer(header)
            incoming.is_running = True
        # It is not taken off before the stream has ended.
        incoming.container.stream_began()
        return incoming

    async def _stream_ended(self, beginning: asyncio.Task[Incoming], kept_ms: float) -> None:
        await asyncio.wait((beginning,))
        if beginning.cancelled() or beginning.exception() is not None:
            return
        incoming = beginning.result()
        await incoming.settled()
        container = incoming.container
        container.stream_ended(0)
        incoming.is_running = False
        incoming.expires_ms = self._clock.monotonic_ms() + kept_ms
        if not incoming.goes_on:
            # Told to be deleted meanwhile, or whole.
            self._forget(incoming)

    def _forget(self, incoming: Incoming) -> None:
        incoming.give_up_room()
        del self._incoming[incoming.container.container_id]

    async def _of_transfer(self, header: ImportContainerHeader) -> Incoming:
        container_id = header.container_id
        incoming = self._incoming.get(container_id)
        if incoming is not None and incoming.is_running:
            raise Overloaded("the replica is on its way already", container=container_id)
        if incoming is not None and not self._is_in_service(incoming):
            self._forget(incoming)
            incoming = None
        if incoming is not None and incoming.transfer_id != header.transfer_id:
            await self._drop(container_id, incoming)
            raise Overloaded("a former copy is being dropped", container=container_id)
        if incoming is None:
            incoming = await self._begin(header)
        if header.next_local != incoming.next_local:
            raise InvalidRequest("not where the copy goes on", next_local=incoming.next_local)
        return incoming

    async def _begin(self, header: ImportContainerHeader) -> Incoming:
        container_id = header.container_id
        here = self._homes.find(container_id)
        if header.completes:
            return self._begin_completing(header, here)
        if here is not None:
            if here[1].is_readable:
                raise InvalidRequest("a replica of it is here", container=container_id)
            raise Overloaded("a former replica is on its way out", container=container_id)
        home = self._home_for(header)
        room = home.volume.room
        room.take(header.used_bytes)
        try:
            ring = await home.rings.local()
            await ring.import_container(
                ImportContainerCommand(
                    container_id=container_id,
                    pipeline_id=header.pipeline_id,
                    replica_index=header.replica_index,
                    commit_sequence=header.commit_sequence,
                    origin_node_id=header.origin_node_id,
                    highest_local=header.highest_local,
                )
            )
        except BaseException:
            room.give_back(header.used_bytes)
            raise
        return self._register(home, header, reserved_bytes=header.used_bytes)

    def _begin_completing(
        self, header: ImportContainerHeader, here: tuple[Home, Container] | None
    ) -> Incoming:
        """Of a replica that is here. Raises: InvalidRequest: none is, or another one; NoSpace."""
        container_id = header.container_id
        is_that = here is not None and (
            here[1].state is here[1].logged_state is ContainerState.CLOSED
            and here[1].replica_index == header.replica_index
        )
        if here is None or not is_that:
            raise InvalidRequest("no such replica to be completed", container=container_id)
        home, container = here
        # As far as can be said.
        lacking_bytes = max(0, header.used_bytes - container.used_bytes)
        self._check_room(home, container_id, lacking_bytes)
        home.volume.room.take(lacking_bytes)
        container.has_had(block_key(container_id, header.highest_local))
        return self._register(home, header, reserved_bytes=lacking_bytes)

    def _register(
        self, home: Home, header: ImportContainerHeader, *, reserved_bytes: int
    ) -> Incoming:
        container = home.volume.containers[header.container_id]
        incoming = Incoming(
            home, container, header, self._config, self._finishing, reserved_bytes=reserved_bytes
        )
        self._incoming[header.container_id] = incoming
        return incoming

    @staticmethod
    def _check_room(home: Home, container_id: int, size_bytes: int) -> None:
        """That is no sign of a full disk, as where a client's write is refused: whoever sends it
        here knows the room there was, and less may find some. Raises: NoSpace."""
        if home.volume.room.look() < size_bytes:
            raise NoSpace("no room for the replica", container=container_id)

    def _home_for(self, header: ImportContainerHeader) -> Home:
        """Where its pipeline's ring is, which may still bring entries for it: elsewhere that would
        make a second replica. Else the roomiest volume. Raises: NoSpace."""
        homes = self._homes.in_service()
        of_ring = [home for home in homes if home.rings.get(header.pipeline_id) is not None]
        if not homes:
            raise NoSpace("no volume takes replicas")
        home = max(of_ring or homes, key=lambda home: home.volume.room.look())
        self._check_room(home, header.container_id, header.used_bytes)
        return home

    # ---- what nobody goes on with ----

    async def work(self) -> bool:
        async with self._beginning:
            now_ms = self._clock.monotonic_ms()
            for container_id, incoming in list(self._incoming.items()):
                if incoming.is_running or incoming.expires_ms > now_ms:
                    continue
                try:
                    await self._drop(container_id, incoming)
                except (TrioxygenError, OSError) as error:
                    # Others are not to wait for its disk.
                    log.warning("copy_not_dropped", container=container_id, reason=error)
        return False

    def _is_in_service(self, incoming: Incoming) -> bool:
        """A disk that is taken in again begins without what was on its way to it."""
        return any(home is incoming.home for home in self._homes.in_service())

    async def _drop(self, container_id: int, incoming: Incoming) -> None:
        """Raises: what the volume's own ring raises; it is tried again."""
        if self._is_in_service(incoming) and not incoming.completes:
            ring = await incoming.home.rings.local()
            await ring.move_replica(container_id, ContainerState.DELETING)
        self._forget(incoming)
        log.info("copy_dropped", container=container_id)

    async def finished(self) -> None:
        """What streams that were cancelled left to do is done."""
        await self._finishing.ended()
