"""Replicas that the SCM has a node send to others: a bounded queue, and a few at once."""

import asyncio
from dataclasses import dataclass

from trioxygen.common import logs
from trioxygen.common.errors import NoSuchContainer, TrioxygenError
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.copying.copy import Copy, Progress
from trioxygen.hdds.copying.failures import Failures
from trioxygen.hdds.copying.pace import Pace
from trioxygen.hdds.copying.ports import ReplicaHomes
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.proto.v1.scm_pb2 import ReplicateContainerCommand

log = logs.get(__name__)

# By container and target.
_Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Attributes: expires_ms: not begun after that; None: whenever its turn comes."""

    command: ReplicateContainerCommand
    expires_ms: float | None


class Copies:
    """Of a node. What mends something goes before what does not; in each, first come.

    Attributes:
    progress: of all of them.
    copied, failed: copies, since the start.
    failures: of copies, for the SCM. Shared with what the node rebuilds.
    """

    def __init__(self, runtime: Runtime, config: DataNodeConfig, homes: ReplicaHomes) -> None:
        self._runtime, self._config, self._homes = runtime, config, homes
        self.pace = Pace(runtime.clock, config.copy_bytes_per_s)
        self._urgent: dict[_Key, _Wanted] = {}
        self._other: dict[_Key, _Wanted] = {}
        self._running: set[_Key] = set()
        self._has_wanted = asyncio.Event()
        self.progress = Progress()
        self.failures = Failures()
        self.copied = self.failed = 0

    def __len__(self) -> int:
        """Those that wait, and those that are under way."""
        return len(self._urgent) + len(self._other) + len(self._running)

    @property
    def running(self) -> int:
        return len(self._running)

    def ask(self, command: ReplicateContainerCommand, *, expires_ms: float | None) -> None:
        """Idempotent while it waits or runs. What finds the queue full is dropped: the SCM tells it
        again."""
        key = (command.container_id, command.target.node_id)
        if key in self._running or key in self._urgent:
            return
        queue = self._other if command.is_low_priority else self._urgent
        is_new = key not in self._other
        if not command.is_low_priority:
            self._other.pop(key, None)
        if is_new and len(self) >= self._config.copies_queued_max:
            log.warning("copies_full", container=command.container_id, waiting=len(self))
            return
        queue[key] = _Wanted(command, expires_ms)
        self._has_wanted.set()

    async def copy_next(self) -> None:
        """One; waits until one is wanted. What fails is logged, and the SCM is told."""
        await self._has_wanted.wait()
        queue = self._urgent or self._other
        if not queue:
            self._has_wanted.clear()
            return
        key, wanted = next(iter(queue.items()))
        del queue[key]
        now_ms = self._runtime.clock.monotonic_ms()
        if wanted.expires_ms is not None and now_ms > wanted.expires_ms:
            log.info("copy_expired", container=key[0], target=key[1])
            return
        self._running.add(key)
        self.failures.begun_again(*key)
        try:
            await self._copy(wanted.command)
        except (TrioxygenError, OSError) as error:
            self.failed += 1
            self.failures.note(*key, error)
            log.warning("container_not_copied", container=key[0], target=key[1], error=error)
        finally:
            self._running.discard(key)

    async def _copy(self, command: ReplicateContainerCommand) -> None:
        home = self._homes.find(command.container_id)
        if home is None:
            raise NoSuchContainer("the replica is not here", container=command.container_id)
        work, container = home
        begun_ms = self._runtime.clock.monotonic_ms()
        copy = Copy(
            self._runtime,
            work,
            container,
            self._runtime.network.channel(command.target.address),
            node_id=self._config.node_id,
            stall_ms=self._config.copy_stall_ms,
            pace=self.pace,
            progress=self.progress,
        )
        await copy.run()
        self.copied += 1
        log.info(
            "container_copied",
            container=command.container_id,
            target=command.target.node_id,
            size_bytes=container.used_bytes,
            took_ms=int(self._runtime.clock.monotonic_ms() - begun_ms),
        )


class Copier:
    """A Worker. Several share the copies of a node."""

    interval_ms = 0.0

    def __init__(self, copies: Copies, number: int) -> None:
        self.name = f"copier-{number}"
        self._copies = copies

    async def work(self) -> bool:
        await self._copies.copy_next()
        return True
