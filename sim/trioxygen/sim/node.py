"""A simulated machine: a disk and clocks that stay, and lives that come and go. A crash drops
everything of a life at once: nothing of it runs again, and its disk handle is dead."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CollectorRegistry

from trioxygen.common.clock import Clock
from trioxygen.common.runtime import Runtime
from trioxygen.common.worker import Tasks
from trioxygen.sim.blocking import SimBlocking
from trioxygen.sim.clock import SimClock
from trioxygen.sim.disk import DiskBehaviour, SimDisk
from trioxygen.sim.fabric import Fabric
from trioxygen.sim.loop import DEAD, PAUSED, Life, VirtualLoop
from trioxygen.sim.network import SimNetwork
from trioxygen.sim.platter import ROOT, Platter
from trioxygen.sim.store import StoreImage
from trioxygen.sim.trace import Trace


class SimTasks(Tasks):
    """A task that a broken assertion ends, ends the run."""

    def __init__(self, loop: VirtualLoop, clock: Clock, registry: CollectorRegistry) -> None:
        super().__init__(clock, registry)
        self._loop = loop

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        if not task.cancelled() and isinstance(error := task.exception(), AssertionError):
            self._loop.fail(error)
        super()._ended(task)


Boot = Callable[["Node", Runtime], Awaitable[None]]


class Node:
    """Args:
    boot: starts the node's services in a new life.
    Attributes:
    starts: how often it was started.
    failure: why the services of this life did not start, or None.
    """

    def __init__(
        self,
        name: str,
        loop: VirtualLoop,
        fabric: Fabric,
        trace: Trace,
        rng: random.Random,
        boot: Boot,
    ) -> None:
        self.name = name
        self._loop, self._fabric, self._trace, self._boot = loop, fabric, trace, boot
        self._rng = rng
        self.platter, self.disk_behaviour = Platter(), DiskBehaviour()
        self.clock_offset_ms, self.clock_rate = 0.0, 1.0
        self.starts = 0
        self.failure: BaseException | None = None
        self.life: Life | None = None
        self.clock: SimClock | None = None
        self.is_ready = False
        self._disk: SimDisk | None = None
        self._graveyard: list[object] = []

    @property
    def is_up(self) -> bool:
        return self.life is not None and self.life.state != DEAD

    @property
    def is_paused(self) -> bool:
        return self.life is not None and self.life.state == PAUSED

    def start(self) -> None:
        assert not self.is_up, self.name
        self.starts += 1
        self.failure, self.is_ready = None, False
        loop = self._loop
        life = self.life = Life(f"{self.name}#{self.starts}")
        rng = random.Random(self._rng.getrandbits(64))
        disk = self._disk = SimDisk(
            self.platter,
            self.disk_behaviour,
            random.Random(self._rng.getrandbits(64)),
            loop.time,
            self._operation_was_last,
        )
        blocking = SimBlocking(loop, disk, random.Random(self._rng.getrandbits(64)))
        clock = self.clock = SimClock(loop, offset_ms=self.clock_offset_ms, rate=self.clock_rate)
        registry = CollectorRegistry()
        runtime = Runtime(
            clock=clock,
            rng=rng,
            disk=disk,
            network=SimNetwork(self._fabric, life, self.name),
            blocking=blocking,
            registry=registry,
            tasks=SimTasks(loop, clock, registry),
        )
        self._trace.note("start", life.name)
        task = loop.create_task_of(life, self._start_services(runtime), name=f"boot {life.name}")
        self._graveyard.append((runtime, task))

    async def _start_services(self, runtime: Runtime) -> None:
        try:
            await self._boot(self, runtime)
        except AssertionError as error:
            self._loop.fail(error)
        except (
            Exception
        ) as error:  # any: a service that cannot start is an event, not a defect here
            self.failure = error
            self._trace.note("boot-failed", self.name, type(error).__name__, str(error))
        else:
            self.is_ready = True
            self._trace.note("ready", self.name)

    def _operation_was_last(self) -> None:
        self.crash(power=True, reason="in an operation of the disk")

    def crash(self, *, power: bool, reason: str = "") -> None:
        """Ends the life now. With `power`, the disk keeps only what it promised to."""
        life, disk = self.life, self._disk
        if life is None or disk is None:
            return
        if life.state == DEAD:
            return
        disk.sever()
        self._loop.kill(life)
        self._fabric.died(life)
        self.disk_behaviour.operations_to_crash = None
        if power:
            self.platter.lose_power(self._loop.time(), self._rng)
            for image in self.platter.stores.values():
                assert isinstance(image, StoreImage)
                image.lose_power(self._rng)
        self.is_ready = False
        self._trace.note("crash", life.name, "power" if power else "killed", reason)
        self._graveyard.append(life)

    def lose_disk(self) -> None:
        """Of a node that is down: it gets a new, empty one."""
        assert not self.is_up, self.name
        self._trace.note("new-disk", self.name)
        self.platter.wipe(ROOT)

    def pause(self) -> None:
        if self.life is not None:
            self._trace.note("pause", self.name)
            self._loop.pause(self.life)

    def resume(self) -> None:
        if self.life is not None and self.life.state == PAUSED:
            self._trace.note("resume", self.name)
            self._loop.resume(self.life)
