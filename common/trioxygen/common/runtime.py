"""Everything a service needs of the machine, as one value that is passed down.

No other module reads a clock, makes random numbers, opens files, starts threads or opens sockets
on its own: that is what lets whole clusters run in a simulation, and several stores in one process.
"""

import random
from dataclasses import dataclass, field, replace

from prometheus_client import CollectorRegistry

from trioxygen.common.blocking import Blocking, ThreadBlocking
from trioxygen.common.clock import Clock, SystemClock
from trioxygen.common.disk import Disk
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network import Network
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.worker import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """Attributes:
    rng: also makes secrets, so production takes random.SystemRandom.
    registry: metrics of this runtime; the admin port shows it."""

    clock: Clock
    rng: random.Random
    disk: Disk
    network: Network
    blocking: Blocking
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    tasks: Tasks

    def as_role(self, role: Role, node_id: str = "") -> "Runtime":
        """The same one, for a role of several that share it: the others see who calls."""
        return replace(self, network=self.network.as_role(role, node_id))

    async def stop(self) -> None:
        """Ends tasks, then threads."""
        await self.tasks.stop()
        self.blocking.close()


def system_runtime(network: Network) -> Runtime:
    """The real machine."""
    clock = SystemClock()
    registry = CollectorRegistry()
    return Runtime(
        clock=clock,
        rng=random.SystemRandom(),
        disk=SystemDisk(),
        network=network,
        blocking=ThreadBlocking(),
        registry=registry,
        tasks=Tasks(clock, registry),
    )
