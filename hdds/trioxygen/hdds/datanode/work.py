"""All that runs for one volume."""

from collections.abc import Sequence

from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.worker import Worker
from trioxygen.hdds.container.compaction import Compactor
from trioxygen.hdds.container.scrub import Scrubber
from trioxygen.hdds.datanode.fetches import Fetcher, Fetches
from trioxygen.hdds.datanode.mending import Mending
from trioxygen.hdds.datanode.origins import Origins
from trioxygen.hdds.datanode.reads import Reads
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.hdds.ring.flusher import Flusher
from trioxygen.hdds.ring.leaving import Leaving
from trioxygen.hdds.ring.nameless_files import NamelessFiles
from trioxygen.hdds.ring.removals import Removals
from trioxygen.hdds.ring.rings import Rings

_EXPIRY_INTERVAL_MS = 60_000.0


class SealedExpiry:
    """A Worker: drops received blocks that nobody put."""

    interval_ms = _EXPIRY_INTERVAL_MS

    def __init__(self, rings: Rings) -> None:
        self.name = f"sealed-expiry-{rings.volume.volume_id}"
        self._rings = rings

    async def work(self) -> bool:
        await self._rings.streams.sealed.drop_expired()
        await self._rings.drop_unput()
        return False


class VolumeWork:
    """Args: origins: what it lacks is fetched from there."""

    def __init__(
        self,
        rings: Rings,
        config: DataNodeConfig,
        clock: Clock,
        *,
        origins: Origins,
    ) -> None:
        self.rings, self.volume, self.blocks = rings, rings.volume, rings.blocks
        self.streams = rings.streams
        self.flusher = Flusher(rings, config, clock)
        self.reads = Reads(self.blocks, config)
        self.compactor = Compactor(
            self.volume,
            interval_ms=config.compaction_interval_ms,
            live_share=config.compact_live_share,
        )
        self.scrubber = Scrubber(
            self.volume,
            clock,
            bytes_per_s=config.scrub_bytes_per_s,
            interval_ms=config.scrub_interval_ms,
        )
        self.nameless = NamelessFiles(
            rings,
            clock,
            keep_ms=config.nameless_keep_ms,
            interval_ms=config.nameless_interval_ms,
        )
        self.removals = Removals(rings, self.flusher)
        self.fetches = Fetches(rings, clock, config, origins)
        self.fetchers = [
            Fetcher(self.fetches, self.volume.volume_id, number)
            for number in range(1, config.fetches_max + 1)
        ]
        self.mending = Mending(rings, clock, config, origins)
        self.leaving = Leaving(rings, self.flusher)
        self.expiry = SealedExpiry(rings)

    def workers(self) -> Sequence[Worker]:
        """Of a volume in service; its flusher runs before."""
        return (
            self.compactor,
            self.scrubber,
            self.nameless,
            self.expiry,
            self.removals,
            self.mending,
            *self.fetchers,
        )

    async def abandon(self, error: TrioxygenError) -> None:
        """The disk has failed: what its threads are at ends, and nothing is begun."""
        self.volume.leave()
        await self.rings.abandon(error)
        await self.streams.finished()
        await self.compactor.finished()
        await self.leaving.finished()
        await self.removals.finished()
        await self.mending.finished()
        await self.flusher.finished()

    async def stop(self) -> None:
        """Leaves everything that was applied in the index. The volume is still open."""
        await self.streams.finished()
        await self.compactor.finished()
        await self.leaving.finished()
        await self.removals.finished()
        await self.mending.finished()
        await self.flusher.end()
        await self.rings.stop()
