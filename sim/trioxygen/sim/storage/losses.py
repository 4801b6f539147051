"""What is lost for good: a DataNode's disk, or bits of what lies on it; at once as many as a class
bears. The next ones only when all replicas are complete again."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Final

from trioxygen.sim.platter import Inode
from trioxygen.sim.storage.machine import DataNodeMachine
from trioxygen.sim.trace import Trace

_LOOKED_EVERY_S: Final = 0.2


class Losses:
    """Args:
    at_once_max: DataNodes.
    is_complete: every object has all its replicas.
    """

    def __init__(
        self,
        machines: Sequence[DataNodeMachine],
        at_once_max: int,
        is_complete: Callable[[], bool],
        rng: random.Random,
        trace: Trace,
    ) -> None:
        self._machines, self._is_complete = machines, is_complete
        self._at_once_max = at_once_max
        self._rng, self._trace = rng, trace
        self.done: dict[str, int] = {}

    async def run(self, every_ms: float) -> None:
        """Until it is cancelled."""
        pause_s = self._pause_s(every_ms)
        while True:
            await asyncio.sleep(pause_s)
            if not self._is_complete():
                pause_s = _LOOKED_EVERY_S
                continue
            count = self._rng.randint(1, self._at_once_max)
            for machine in self._rng.sample(self._machines, count):
                self._rng.choice((self._lose_disk, self._flip_bits))(machine)
            pause_s = self._pause_s(every_ms)

    def _pause_s(self, every_ms: float) -> float:
        return self._rng.expovariate(1_000 / every_ms)

    def _lose_disk(self, machine: DataNodeMachine) -> None:
        if not machine.node.is_up:
            return
        self._count("disk")
        machine.node.crash(power=True, reason="its disk is lost")
        machine.node.lose_disk()
        machine.start()

    def _flip_bits(self, machine: DataNodeMachine) -> None:
        """In files of blocks: what the index and the log say of them is whole."""
        files = [
            (str(path), inode)
            for path, inode in sorted(machine.node.platter.names.items())
            if "containers" in path.parts and inode.data
        ]
        if not files:
            return
        self._count("bits")
        for path, inode in self._rng.sample(files, min(3, len(files))):
            self._flip(path, inode, machine.name)

    def _flip(self, path: str, inode: Inode, name: str) -> None:
        position = self._rng.randrange(len(inode.data))
        inode.data[position] ^= 1 << self._rng.randrange(8)
        self._trace.note("rot", name, path, position)

    def _count(self, what: str) -> None:
        name = f"lost-{what}"
        self.done[name] = self.done.get(name, 0) + 1
        self._trace.note("fault", name)
