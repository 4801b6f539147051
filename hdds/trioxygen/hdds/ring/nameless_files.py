"""Files of blocks that neither index nor log nor a stream knows, on a volume in service. A start
removes those that it meets; those that come about later (a file could not be removed, somebody put
one back) are said when they are first met, and removed when they have been nameless for long."""

from collections.abc import Iterable, Sequence
from typing import Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import DamagedRow
from trioxygen.hdds.container import layout
from trioxygen.hdds.container.blocks import OWN_FILE, block_key
from trioxygen.hdds.container.container import Container
from trioxygen.hdds.ring.rings import Rings

log = logs.get(__name__)

# Between containers.
_PACE_MS: Final = 200.0
# Of a volume; those beyond are met again.
_NOTED_MAX: Final = 10_000


class NamelessFiles:
    """A Worker of one volume. It rests for the interval first, then between passes.

    Args: keep_ms: from when one was first met, by this process; 0: for ever.
    Attributes: since_ms: of those that there are, by key.
    """

    def __init__(self, rings: Rings, clock: Clock, *, keep_ms: float, interval_ms: float) -> None:
        self.name = f"nameless-files-{rings.volume.volume_id}"
        self._rings, self._volume, self._clock = rings, rings.volume, clock
        self._keep_ms, self._rest_ms = keep_ms, interval_ms
        self.interval_ms = interval_ms
        self.since_ms: dict[bytes, float] = {}
        self.removed = 0
        self._met: set[bytes] = set()
        self._left: list[int] = []
        self._has_rested = False

    async def work(self) -> bool:
        if not self._has_rested:
            self._has_rested = True
            return False
        if not self._left:
            self._left = sorted(self._volume.containers, reverse=True)
            self.interval_ms = _PACE_MS
        if self._left:
            await self.look(self._left.pop())
        if not self._left:
            self.end_pass()
        return False

    def end_pass(self) -> None:
        """Those that were not met again are gone, or somebody's."""
        self.since_ms = {
            key: since_ms for key, since_ms in self.since_ms.items() if key in self._met
        }
        self._met, self.interval_ms = set(), self._rest_ms

    async def look(self, container_id: int) -> None:
        """At the files of one container."""
        container = self._volume.containers.get(container_id)
        if container is None or not container.is_readable:
            return
        names = await self._volume.blocking.run(self._names, container_id)
        for key in self._nameless(container, names):
            self._met.add(key)
            now_ms = self._clock.monotonic_ms()
            since_ms = self.since_ms.get(key)
            local = int.from_bytes(key[8:], "big")
            if since_ms is None:
                if len(self.since_ms) < _NOTED_MAX:
                    self.since_ms[key] = now_ms
                    log.warning("nameless_file", container=container_id, local=local)
            elif self._keep_ms and now_ms - since_ms >= self._keep_ms:
                await self._remove(key, container_id, local)

    def _names(self, container_id: int) -> Sequence[str]:
        directory = self._volume.layout.container(container_id)
        return self._volume.disk.list(directory) if self._volume.disk.exists(directory) else []

    def _nameless(self, container: Container, names: Iterable[str]) -> list[bytes]:
        keys = [
            block_key(container.container_id, local)
            for name in names
            if (local := layout.block_of(name)) is not None
        ]
        return [key for key in keys if not self._is_named(key)]

    def _is_named(self, key: bytes) -> bool:
        """Or may yet be: its bytes are on their way, or wait to be put."""
        streams = self._rings.streams
        if streams.is_arriving(key) or streams.sealed.get(key) is not None:
            return True
        try:
            block = self._rings.blocks.find_known(key)
        except DamagedRow:
            return True
        return block is not None and (block.segment == OWN_FILE or self._is_missing(key))

    def _is_missing(self, key: bytes) -> bool:
        return self._rings.blocks.missing.get(key) is not None

    async def _remove(self, key: bytes, container_id: int, local: int) -> None:
        sealed = self._rings.streams.sealed
        await sealed.settled(key)
        if self._is_named(key):
            return
        log.warning("nameless_file_removed", container=container_id, local=local)
        await sealed.remove_file(key)
        self.removed += 1
        self.since_ms.pop(key, None)
