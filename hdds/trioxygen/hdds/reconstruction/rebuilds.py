"""Containers that the SCM has a node rebuild parts of: a bounded queue, and a few at once."""

import asyncio
from dataclasses import dataclass
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.runtime import Runtime
from trioxygen.hdds.copying.failures import Failures
from trioxygen.hdds.copying.pace import Pace
from trioxygen.hdds.reconstruction.rebuild import Rebuild
from trioxygen.hdds.ring.config import DataNodeConfig
from trioxygen.proto.v1.scm_pb2 import ReconstructContainerCommand

log = logs.get(__name__)

# Of `Failures`: a rebuild has several.
_NO_TARGET: Final = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Attributes: expires_ms: not begun after that; None: whenever its turn comes."""

    command: ReconstructContainerCommand
    expires_ms: float | None


class Rebuilds:
    """Of a node; first come. Args: pace: of all that the node sends. failures: for the SCM.

    Attributes: rebuilt, failed: containers. rebuilt_bytes: of the parts. All since the start."""

    def __init__(
        self, runtime: Runtime, config: DataNodeConfig, pace: Pace, failures: Failures
    ) -> None:
        self._runtime, self._config, self._pace = runtime, config, pace
        self._failures = failures
        self._waiting: dict[int, _Wanted] = {}
        self._running: set[int] = set()
        self._has_wanted = asyncio.Event()
        self.rebuilt = self.failed = self.rebuilt_bytes = 0

    def __len__(self) -> int:
        """Those that wait, and those that are under way."""
        return len(self._waiting) + len(self._running)

    @property
    def running(self) -> int:
        return len(self._running)

    def ask(self, command: ReconstructContainerCommand, *, expires_ms: float | None) -> None:
        """Idempotent while it waits or runs. What finds the queue full is dropped: the SCM tells it
        again."""
        container_id = command.container_id
        if container_id in self._running or container_id in self._waiting:
            return
        if len(self) >= self._config.rebuilds_queued_max:
            log.warning("rebuilds_full", container=container_id, waiting=len(self))
            return
        self._waiting[container_id] = _Wanted(command, expires_ms)
        self._has_wanted.set()

    async def rebuild_next(self) -> None:
        """One; waits until one is wanted. What fails is logged, and the SCM is told."""
        await self._has_wanted.wait()
        if not self._waiting:
            self._has_wanted.clear()
            return
        container_id, wanted = next(iter(self._waiting.items()))
        del self._waiting[container_id]
        now_ms = self._runtime.clock.monotonic_ms()
        if wanted.expires_ms is not None and now_ms > wanted.expires_ms:
            log.info("rebuild_expired", container=container_id)
            return
        self._running.add(container_id)
        self._failures.begun_again(container_id, _NO_TARGET)
        try:
            await self._rebuild(wanted.command)
        except (TrioxygenError, OSError) as error:
            self.failed += 1
            self._failures.note(container_id, _NO_TARGET, error)
            log.warning("container_not_rebuilt", container=container_id, error=error)
        finally:
            self._running.discard(container_id)

    async def _rebuild(self, command: ReconstructContainerCommand) -> None:
        clock = self._runtime.clock
        begun_ms = clock.monotonic_ms()
        rebuild = Rebuild(
            self._runtime,
            command,
            node_id=self._config.node_id,
            pace=self._pace,
            stall_ms=self._config.copy_stall_ms,
        )
        await rebuild.run()
        self.rebuilt += 1
        self.rebuilt_bytes += rebuild.rebuilt_bytes
        log.info(
            "container_rebuilt",
            container=command.container_id,
            indexes=[each.replica_index for each in command.targets],
            blocks=rebuild.rebuilt_blocks,
            size_bytes=rebuild.rebuilt_bytes,
            abandoned=rebuild.abandoned,
            took_ms=int(clock.monotonic_ms() - begun_ms),
        )


class Rebuilder:
    """A Worker. Several share the containers that a node rebuilds."""

    interval_ms = 0.0

    def __init__(self, rebuilds: Rebuilds, number: int) -> None:
        self.name = f"rebuilder-{number}"
        self._rebuilds = rebuilds

    async def work(self) -> bool:
        await self._rebuilds.rebuild_next()
        return True
