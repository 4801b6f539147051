"""Where bytes that a replica lacks, or has in a bad state, can be had: at another replica like it,
or, of an erasure code, they are computed from the parts that others hold."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from trioxygen.common import logs
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Network
from trioxygen.hdds.block_group import BlockGroup
from trioxygen.hdds.container.blocks import Block, tag_of_block
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.ec.codec import codec_of
from trioxygen.hdds.ec.layout import GroupLayout
from trioxygen.hdds.ec.part_stream import PartLost, PartStream
from trioxygen.hdds.reconstruction.parts import Rebuilding, computing_of
from trioxygen.hdds.reconstruction.stripes import lost_cells, part_header
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.proto.v1.datanode_pb2 import ReadStreamHeader
from trioxygen.proto.v1.types_pb2 import BlockId

log = logs.get(__name__)

OTHER_PARTS: Final = "other parts"

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Holders:
    """Of an erasure-coded container. Attributes: addresses: of other nodes, by index."""

    replication: Replication
    addresses: Mapping[int, Sequence[str]]


class Neighbours(Protocol):
    """What is known of other replicas of a container that is here."""

    async def sources(self, container: Container) -> Sequence[str]:
        """Addresses of other nodes with a replica like the one here."""
        ...

    async def holders(self, container: Container) -> Holders | None:
        """Of all indexes. None: it is not erasure-coded, or nobody says."""
        ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Attributes: name: as logs name it. open: begins to get a block's bytes, from the first on;
    they are not checked yet."""

    name: str
    open: Callable[[], AsyncGenerator[Buffer, None]]


@dataclass(frozen=True, slots=True)
class _Computed:
    """A part that is computed. Attributes: addresses: of those that it is computed from."""

    rebuilding: Rebuilding
    addresses: Mapping[int, str]


class Origins:
    """Of one node."""

    def __init__(self, network: Network, config: DataNodeConfig, neighbours: Neighbours) -> None:
        self._network, self._config, self._neighbours = network, config, neighbours

    async def of(
        self, container: Container, local: int, block: Block, *, first: str = ""
    ) -> AsyncGenerator[Origin, None]:
        """To be tried one after the other. Args: first: the address that is tried first."""
        addresses = await _known(self._neighbours.sources(container), container) or ()
        for address in sorted(addresses, key=lambda address: address != first):
            yield Origin(address, partial(self._copied, address, container, local, block))
        group = block.group
        holders = None if group is None else await self._holders(container)
        if group is None or holders is None:
            return
        layout = GroupLayout.of(holders.replication, group.size_bytes)
        bad: set[tuple[int, str]] = set()
        while True:
            computed = _computed(holders, local, group, layout, container.replica_index, bad)
            if computed is None:
                return
            tried = len(bad)
            yield Origin(OTHER_PARTS, partial(self._made, computed, container.container_id, bad))
            if len(bad) == tried:
                return

    async def are_left(self, container: Container) -> bool:
        """Whether others have what all of this replica can be made anew from."""
        if await _known(self._neighbours.sources(container), container):
            return True
        holders = await self._holders(container) if container.replica_index else None
        return holders is not None and (
            len(holders.addresses.keys() - {container.replica_index}) >= holders.replication.data
        )

    async def _holders(self, container: Container) -> Holders | None:
        return await _known(self._neighbours.holders(container), container)

    async def _copied(
        self, address: str, container: Container, local: int, block: Block
    ) -> AsyncGenerator[Buffer, None]:
        container_id = container.container_id
        header = ReadStreamHeader(
            block=BlockId(container=container_id, local=local),
            length_bytes=block.size_bytes,
            tag=tag_of_block(container_id, local, block),
            replica_index=container.replica_index,
        )
        pieces = self._network.channel(address).download(
            "DataNode/ReadStream", header, timeout_ms=self._config.fetch_timeout_ms
        )
        try:
            async for piece in pieces:
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    async def _made(
        self, computed: _Computed, container_id: int, bad: set[tuple[int, str]]
    ) -> AsyncGenerator[Buffer, None]:
        """Args: bad: what cannot be read is added."""
        rebuilding, timeout_ms = computed.rebuilding, self._config.fetch_timeout_ms
        layout = rebuilding.layout

        def open_(index: int) -> PartStream:
            channel = self._network.channel(computed.addresses[index])
            header = part_header(container_id, rebuilding, index)
            return PartStream(channel, header, timeout_ms=timeout_ms)

        codec = codec_of(layout.data, layout.parity)
        try:
            async with aclosing(
                lost_cells(rebuilding, codec, open_, silence_ms=timeout_ms)
            ) as stripes:
                async for stripe in stripes:
                    for cell in stripe.values():
                        yield cell
        except PartLost as part:
            bad.add((part.index, computed.addresses[part.index]))
            raise part.error from part


async def _known(asking: Awaitable[_Answer], container: Container) -> _Answer | None:
    """None where the SCM cannot be asked now: that is one try in vain, like others."""
    try:
        return await asking
    except TrioxygenError as error:
        log.info("sources_not_known", container=container.container_id, reason=error)
        return None


def _computed(
    holders: Holders,
    local: int,
    group: BlockGroup,
    layout: GroupLayout,
    index: int,
    bad: set[tuple[int, str]],
) -> _Computed | None:
    """None: too few others can be read."""
    addresses: dict[int, str] = {}
    for other, nodes in holders.addresses.items():
        readable = [address for address in nodes if (other, address) not in bad]
        if readable:
            addresses[other] = readable[0]
    rebuilding = computing_of(local, group, layout, index, available=addresses.keys())
    return None if rebuilding is None else _Computed(rebuilding, addresses)
