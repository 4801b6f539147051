"""What is lost for good: all that a DataNode has, one of its disks, or bits of what lies there; as
many at once as what is acknowledged bears."""

import asyncio
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from trioxygen.sim.disk import Ailment
from trioxygen.sim.loop import VirtualLoop
from trioxygen.sim.platter import Inode
from trioxygen.sim.storage.machine import DataNodeMachine
from trioxygen.sim.trace import Trace

_LOOKED_EVERY_S: Final = 0.2
# A disk that is broken stays so for as long, once the node has let go of it.
_BROKEN_S: Final = (0.2, 8.0)


class Losses:
    """Args: granted: how many DataNodes may lose something now; at least one does then. Asked
    just before."""

    def __init__(
        self,
        loop: VirtualLoop,
        machines: Sequence[DataNodeMachine],
        granted: Callable[[], int],
        rng: random.Random,
        trace: Trace,
    ) -> None:
        self._loop, self._machines, self._granted = loop, machines, granted
        self._replacing: list[asyncio.Task[None]] = []
        self._rng, self._trace = rng, trace
        self.done: dict[str, int] = {}

    async def run(self, every_ms: float) -> None:
        """Until it is cancelled."""
        pause_s = self._pause_s(every_ms)
        while True:
            await asyncio.sleep(pause_s)
            count_max = self._granted()
            if not count_max:
                pause_s = _LOOKED_EVERY_S
                continue
            count = self._rng.randint(1, count_max)
            for machine in self._rng.sample(self._machines, count):
                deeds = [self._lose_disk, self._flip_bits]
                if len(machine.disks) > 1:
                    deeds += [self._break_disk, self._break_disk]
                self._rng.choice(deeds)(machine)
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

    def _break_disk(self, machine: DataNodeMachine) -> None:
        """One of several, while the node runs. It is replaced, or works again."""
        disk = self._rng.choice(machine.disks)
        ailing = machine.node.disk_behaviour.ailing
        if disk in ailing:
            return
        self._count("one-disk")
        ailing[disk] = self._rng.choice((Ailment.BROKEN, Ailment.READ_ONLY))
        replacing = self._replace_disk(machine, disk, is_new=self._rng.random() < 0.5)
        self._replacing.append(self._loop.create_task(replacing, name="replacing a disk"))

    async def _replace_disk(self, machine: DataNodeMachine, disk: Path, *, is_new: bool) -> None:
        broken_s = self._rng.uniform(*_BROKEN_S)
        await self._let_go(machine, disk)
        await asyncio.sleep(broken_s)
        # It may have been started again meanwhile.
        await self._let_go(machine, disk)
        if is_new:
            machine.node.platter.wipe(disk)
        del machine.node.disk_behaviour.ailing[disk]
        self._trace.note("replaced", machine.name, str(disk), "new" if is_new else "as it was")

    async def _let_go(self, machine: DataNodeMachine, disk: Path) -> None:
        while True:
            await asyncio.sleep(_LOOKED_EVERY_S)
            if machine.is_out(disk):
                return

    async def heal(self) -> None:
        """Every disk works, once who runs has let go of those that do not."""
        await asyncio.gather(*self._replacing)

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
