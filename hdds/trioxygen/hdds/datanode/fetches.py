"""Bytes of blocks that a volume lacks, fetched from members of their rings that have them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.retry import Backoff
from trioxygen.common.rpc.network import Network
from trioxygen.hdds.checksums import tag_of
from trioxygen.hdds.container.blocks import Block, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.rings import Rings
from trioxygen.proto.v1.datanode_pb2 import ReadStreamHeader
from trioxygen.proto.v1.types_pb2 import BlockId

log = logs.get(__name__)

# Addresses of other nodes that have a replica of the container.
Sources = Callable[[Container], Awaitable[Sequence[str]]]


_WAIT_MS_FIRST: Final = 100.0
_LOOK_AGAIN_MS: Final = 100.0
# In vain, before the block is reported as one that this replica lacks.
_TRIES_REPORTED: Final = 8


async def known_sources(sources: Sources, container: Container) -> Sequence[str]:
    """None where the SCM cannot be asked now: that is one try in vain, like others."""
    try:
        return await sources(container)
    except TrioxygenError as error:
        log.info("sources_not_known", container=container.container_id, reason=error)
        return ()


@dataclass(slots=True)
class _Fetch:
    """Of one block. Attributes: next_ms: no try before."""

    since_ms: float
    backoff: Backoff
    next_ms: float = 0.0
    tries: int = 0
    is_running: bool = False


class Fetches:
    """Of one volume: what is to be fetched, and when.

    Attributes:
    fetched_blocks, fetched_bytes: since the start.
    """

    def __init__(
        self, rings: Rings, network: Network, clock: Clock, config: DataNodeConfig, sources: Sources
    ) -> None:
        self._rings, self._missing, self._streams = rings, rings.blocks.missing, rings.streams
        self._network, self._clock, self._config = network, clock, config
        self._sources = sources
        # It served last: it is asked first.
        self._good = ""
        self._fetches: dict[bytes, _Fetch] = {}
        self.fetched_blocks = self.fetched_bytes = 0

    async def fetch_next(self) -> None:
        """The next block that is due, if any; else a moment passes. Idle for as long as nothing is
        missing."""
        if not self._missing.is_any.is_set():
            self._fetches.clear()
        await self._missing.is_any.wait()
        now_ms = self._clock.monotonic_ms()
        for key in self._missing:
            fetch = self._fetches.get(key)
            if fetch is None:
                backoff = Backoff(_WAIT_MS_FIRST, self._config.fetch_wait_ms_max)
                fetch = self._fetches[key] = _Fetch(now_ms, backoff)
            if self._is_due(key, fetch, now_ms):
                break
        else:
            # Some have come by other ways, or are deleted.
            for key in [key for key in self._fetches if self._missing.get(key) is None]:
                del self._fetches[key]
            await self._clock.sleep_ms(_LOOK_AGAIN_MS)
            return
        fetch.is_running = True
        try:
            await self._fetch(key, fetch)
        finally:
            fetch.is_running = False
            if self._missing.get(key) is None:
                self._fetches.pop(key, None)

    def _is_due(self, key: bytes, fetch: _Fetch, now_ms: float) -> bool:
        if fetch.is_running or fetch.next_ms > now_ms:
            return False
        is_coming = self._streams.is_arriving(key)
        return not is_coming or now_ms - fetch.since_ms >= self._config.fetch_patience_ms

    async def _fetch(self, key: bytes, fetch: _Fetch) -> None:
        block = self._missing.get(key)
        container = self._rings.volume.containers.get(block_of_key(key)[0])
        if block is None or container is None:
            return
        failure = "no other member is known"
        sources = await known_sources(self._sources, container)
        for address in sorted(sources, key=lambda address: address != self._good):
            try:
                await self._fetch_from(address, key, container, block)
            except (TrioxygenError, OSError) as error:
                failure = f"{address}: {error}"
                continue
            self._good = address
            self.fetched_blocks += 1
            self.fetched_bytes += block.size_bytes
            return
        fetch.tries += 1
        fetch.next_ms = self._clock.monotonic_ms() + fetch.backoff.take_ms()
        container_id, local = block_of_key(key)
        log.info("block_not_fetched", container=container_id, local=local, reason=failure)
        if fetch.tries == _TRIES_REPORTED and self._missing.get(key) is not None:
            self._rings.volume.record_corrupt(key, "its bytes never came to this replica")

    async def _fetch_from(
        self, address: str, key: bytes, container: Container, block: Block
    ) -> None:
        """Its last byte on stable storage, the block is readable: `Rings` sees to it."""
        container_id, local = block_of_key(key)
        header = ReadStreamHeader(
            block=BlockId(container=container_id, local=local),
            length_bytes=block.size_bytes,
            tag=tag_of(container_id, local, block.checksums),
            replica_index=container.replica_index,
        )
        pieces = self._network.channel(address).download(
            "DataNode/ReadStream", header, timeout_ms=self._config.fetch_timeout_ms
        )
        try:
            await self._streams.fetch(container, local, block, pieces)
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()
        if self._missing.get(key) is None:
            # It was deleted meanwhile, or a stream brought it after all.
            await self._streams.sealed.drop(key)


class Fetcher:
    """A Worker. Several share the blocks of a volume."""

    interval_ms = 0.0

    def __init__(self, fetches: Fetches, volume_id: str, number: int) -> None:
        self.name = f"fetcher-{number}-{volume_id}"
        self._fetches = fetches

    async def work(self) -> bool:
        await self._fetches.fetch_next()
        return True
