"""One node of a local cluster as a child process."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from trioxygen.cli.cluster.layout import CONFIG_FILE, Layout, LocalNode
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.finishing import joined
from trioxygen.common.states import Moves, State, move
from trioxygen.common.worker import Tasks

# Python's exit code when its last output could not be written.
_OUTPUT_LOST: Final = 120
_LOG_TAIL_BYTES: Final = 2_000
# A disk with less room takes no line.
_LINE_BYTES: Final = 4_096


class NodeState(State):
    DOWN = "down"
    STARTING = "starting"
    READY = "ready"
    # It was told to end.
    ENDING = "ending"
    EXITED = "exited"


# From a state to those that may follow.
MOVES: Final[Moves[NodeState]] = {
    NodeState.DOWN: frozenset((NodeState.STARTING,)),
    NodeState.STARTING: frozenset((NodeState.READY, NodeState.ENDING, NodeState.EXITED)),
    NodeState.READY: frozenset((NodeState.ENDING, NodeState.EXITED)),
    NodeState.ENDING: frozenset((NodeState.EXITED,)),
    NodeState.EXITED: frozenset((NodeState.STARTING,)),
}


class NodeProcess:
    """Started, watched and ended; never started again by itself.

    Args:
        ended: is told when it ends without having been asked to.

    Attributes:
        is_paused: by SIGSTOP.
        busy: of whoever starts or ends it: one at a time.
    """

    def __init__(
        self,
        folder: Path,
        node: LocalNode,
        tasks: Tasks,
        ended: Callable[["NodeProcess"], None],
    ) -> None:
        self.node = node
        self.log_path = folder / "logs" / f"{node.id}.log"
        self._folder, self._tasks, self._ended = folder, tasks, ended
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._state = NodeState.DOWN
        # It is ready, or has ended.
        self._settled = asyncio.Event()
        self.exit_code: int | None = None
        self.is_paused = False
        self.busy = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def state(self) -> str:
        """For people."""
        if self._state is NodeState.EXITED:
            return f"exited {self.exit_code}"
        return "stopped" if self.is_paused else self._state.value

    def _move(self, to: NodeState) -> None:
        self._state = move(MOVES, self._state, to)

    async def start(self, layout: Layout, environment: dict[str, str]) -> None:
        assert self.pid is None, "runs already"
        node = self.node
        arguments = [
            *(sys.executable, "-m", "trioxygen.cli.main", node.role, "--id", node.id),
            *("--config", str(self._folder / CONFIG_FILE), "--data", str(self._folder / node.id)),
            *("--admin-port", str(node.admin_port)),
        ]
        if node.role == "gateway":
            arguments += ["--host", layout.host, "--port", str(node.port)]
        settings = {"O3_DATANODE__ADDRESS": layout.address(node)} if node.role == "datanode" else {}
        self._move(NodeState.STARTING)
        self._settled.clear()
        self.exit_code, self.is_paused = None, False
        self.log_path.parent.mkdir(exist_ok=True)
        log = os.open(self.log_path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *arguments,
                env={**environment, **settings},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                # Ctrl-C is for the supervisor, which stops the nodes in order.
                start_new_session=True,
            )
        finally:
            os.close(log)
        self._watch = self._tasks.start(self._follow(self._process), name=node.id)

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            if line == b"ready\n" and self._state is NodeState.STARTING:
                self._move(NodeState.READY)
                self._settled.set()
        self.exit_code, self.is_paused = await process.wait(), False
        was_ending = self._state is NodeState.ENDING
        self._move(NodeState.EXITED)
        self._settled.set()
        if not was_ending:
            self._ended(self)

    async def until_ready(self, seconds_max: float) -> None:
        """Raises CommandFailed: it ended, or took too long."""
        try:
            async with asyncio.timeout(seconds_max):
                await self._settled.wait()
        except TimeoutError as error:
            raise CommandFailed(
                Exit.REFUSED,
                f"{self.node.id} was not ready in {seconds_max:g} s: {self.log_tail()}",
            ) from error
        if self._state is not NodeState.READY:
            code = Exit.REFUSED
            if self.exit_code in set(Exit):
                code = Exit(self.exit_code)
            raise CommandFailed(
                code or Exit.REFUSED,
                f"{self.node.id} ended with code {self.exit_code}: {self.log_tail()}",
            )

    def log_tail(self) -> str:
        """The last line of its log, and where the rest is."""
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - _LOG_TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
        lines = text.splitlines()
        last = lines[-1] if lines else "nothing was logged"
        if self._is_end_lost(last, is_whole=text.endswith("\n")):
            last = f"its log could not be written, as when the disk is full: {last}"
        return f"{last} (see {self.log_path})"

    def _is_end_lost(self, last: str, *, is_whole: bool) -> bool:
        """Whoever ends by itself says why in a last line: whether that line is not there."""
        if self.exit_code is None or self.exit_code <= 0:
            return False  # it runs, or a signal ended it
        if self.exit_code == _OUTPUT_LOST or not is_whole:
            return True
        disk = os.statvfs(self.log_path)
        return not last.startswith("o3: ") and disk.f_bavail * disk.f_frsize < _LINE_BYTES

    def kill(self, name: str) -> None:
        """Sends a signal. Raises CommandFailed: it does not run."""
        if self.pid is None:
            raise CommandFailed(Exit.REFUSED, f"{self.node.id} does not run")
        assert self._process is not None
        if name in ("KILL", "TERM"):
            if self._state is not NodeState.ENDING:
                self._move(NodeState.ENDING)
        else:
            self.is_paused = name == "STOP"
        self._process.send_signal(getattr(signal, f"SIG{name}"))

    def end_at_once(self) -> None:
        """SIGKILL, also to what it has started: its session is its own. From a signal's handler."""
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    async def stop(self, seconds_max: float) -> None:
        """SIGTERM, and SIGKILL after a time. Nothing when it does not run."""
        if self.pid is None or self._watch is None:
            return
        if self.is_paused:
            self.kill("CONT")
        self.kill("TERM")
        try:
            async with asyncio.timeout(seconds_max):
                await joined(self._watch)
        except TimeoutError:
            self.kill("KILL")
            await self._watch

    async def wait(self) -> None:
        if self._watch is not None:
            await self._watch
