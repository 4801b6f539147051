"""Bytes of blocks that a volume lacks, fetched from where they can be had (`origins`)."""

from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.retry import Backoff
from trioxygen.hdds.container.blocks import Block, block_of_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.datanode.origins import Origin, Origins
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.rings import Rings

log = logs.get(__name__)

_WAIT_MS_FIRST: Final = 100.0
_LOOK_AGAIN_MS: Final = 100.0
# In vain, before the block is reported as one that this replica lacks.
_TRIES_REPORTED: Final = 8


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
        self, rings: Rings, clock: Clock, config: DataNodeConfig, origins: Origins
    ) -> None:
        self._rings, self._missing, self._streams = rings, rings.blocks.missing, rings.streams
        self._clock, self._config, self._origins = clock, config, origins
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
        container_id, local = block_of_key(key)
        async with aclosing(self._origins.of(container, local, block, first=self._good)) as origins:
            async for origin in origins:
                try:
                    await self._fetch_from(origin, key, container, block)
                except (TrioxygenError, OSError) as error:
                    failure = f"{origin.name}: {error}"
                    continue
                self._good = origin.name
                self.fetched_blocks += 1
                self.fetched_bytes += block.size_bytes
                return
        fetch.tries += 1
        fetch.next_ms = self._clock.monotonic_ms() + fetch.backoff.take_ms()
        log.info("block_not_fetched", container=container_id, local=local, reason=failure)
        if fetch.tries == _TRIES_REPORTED and self._missing.get(key) is not None:
            self._rings.volume.record_corrupt(key, "its bytes never came to this replica")

    async def _fetch_from(
        self, origin: Origin, key: bytes, container: Container, block: Block
    ) -> None:
        """Its last byte on stable storage, the block is readable: `Rings` sees to it."""
        async with aclosing(origin.open()) as pieces:
            await self._streams.fetch(container, block_of_key(key)[1], block, pieces)
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
