"""One process of a group, `o3 om` or `o3 scm`, for the time of a run."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.local import ServerFailed
from trioxygen.cli.cluster.layout import CONFIG_FILE, LocalNode

HOST: Final = "127.0.0.1"
_READY_SECONDS_MAX: Final = 60.0
_STOP_SECONDS_MAX: Final = 30.0


class MemberProcess:
    """Its log goes to a file beside its data. It reads the configuration file of the folder."""

    def __init__(self, folder: Path, node: LocalNode) -> None:
        self.node, self.address = node, f"{HOST}:{node.port}"
        self._folder = folder
        self.data = folder / node.id
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        # Not asyncio's way, which forks: gRPC in this process stands still for that, and a child
        # may never come out of it. This one does not fork.
        with (self._folder / f"{self.node.id}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "trioxygen.cli.main", self.node.role),
                    *("--id", self.node.id),
                    *("--config", str(self._folder / CONFIG_FILE), "--data", str(self.data)),
                    *("--admin-port", "0"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    async def until_ready(self) -> None:
        """Raises ServerFailed."""
        assert self._process is not None and self._process.stdout is not None
        try:
            async with asyncio.timeout(_READY_SECONDS_MAX):
                while line := await asyncio.to_thread(self._process.stdout.readline):
                    if line == b"ready\n":
                        return
        except TimeoutError as error:
            raise ServerFailed(f"{self.node.id} is not ready: {self._log_tail()}") from error
        raise ServerFailed(f"{self.node.id} ended: {self._log_tail()}")

    def _log_tail(self) -> str:
        lines = (self._folder / f"{self.node.id}.log").read_text().splitlines()
        return lines[-1] if lines else "nothing was logged"

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._ended(self._process)

    async def stop(self) -> None:
        process = self._process
        if process is None or not self.runs:
            return
        process.terminate()
        try:
            await self._ended(process, _STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            await self.kill()

    @staticmethod
    async def _ended(process: "subprocess.Popen[bytes]", seconds_max: float | None = None) -> None:
        await asyncio.to_thread(process.wait, seconds_max)
        assert process.stdout is not None
        process.stdout.close()

    def empty(self) -> None:
        """As if its disk had been replaced."""
        shutil.rmtree(self.data)

    def log_lines(self, event: str) -> list[str]:
        """Of its log, those that name an event."""
        lines = (self._folder / f"{self.node.id}.log").read_text().splitlines()
        return [line for line in lines if event in line]
