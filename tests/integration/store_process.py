"""`o3 serve` as a process of its own, and the `o3` command against it."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from tests.integration.endpoint import Endpoint, Keys
from tests.integration.forked_command import run_command, start_command

REPO: Final = Path(__file__).parents[2]
_ROOTS: Final = ("gateway", "metadata", "hdds", "recon", "common", "proto", "cli")
_END_SECONDS_MAX: Final = 120
ADMIN: Final = Keys("AKTESTMAIN", "main-secret-of-the-tests")
OTHER: Final = Keys("AKTESTOTHER", "other-secret-of-the-tests")


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Of a child: nothing of the user's configuration, and the code of this checkout."""
    path = os.pathsep.join(str(REPO / root) for root in _ROOTS)
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": path, **more}


class StoreProcess:
    """One data folder and the process that serves it; it can be ended and started again.

    Args:
        config: sections of the configuration, as the environment gives them: `{"s3.domains": "a"}`.
        chosen_keys: start with the keys `ADMIN`; else the store makes some.
        anew: start as users do, not forked off a process that has all imports: for who looks at
            its memory or its command line.
    """

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, object] | None = None,
        *,
        chosen_keys: bool = True,
        anew: bool = False,
    ) -> None:
        self._anew = anew
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.lines: list[str] = []
        self._environment: dict[str, str] = {}
        self.configure(config or {})
        if chosen_keys:
            self._environment |= {"O3_ACCESS_KEY": ADMIN.access, "O3_SECRET_KEY": ADMIN.secret}
        self.process: subprocess.Popen[str] | None = None
        self.ready_seconds = 0.0

    def configure(self, config: Mapping[str, object]) -> None:
        """From the next start on, besides what was configured before."""
        self._environment |= {
            f"O3_{name.replace('.', '__').upper()}": str(value) for name, value in config.items()
        }

    def start(self, *, port: int = 0) -> "StoreProcess":
        """Returns when the store has said `ready`. Fails with its log when it does not."""
        started = time.monotonic()
        process = self.launch(port=port)
        assert process.stdout is not None
        self.lines = []
        for line in process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line == "ready\n":
                self.ready_seconds = time.monotonic() - started
                return self
        process.wait(_END_SECONDS_MAX)
        raise AssertionError(f"exit code {process.returncode}: {self.log_text()}")

    def launch(self, *, port: int = 0) -> subprocess.Popen[str]:
        assert self.process is None or self.process.poll() is not None, "runs already"
        command = ("serve", "--data", str(self.data), "--port", str(port), "--admin-port", "0")
        with self.log.open("a") as log:
            self.process = start_command(
                command,
                environment(self._environment),
                anew=self._anew,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        return self.process

    def o3(self, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """Runs `o3 ... --data FOLDER`."""
        return run_command(
            (*arguments, "--data", str(self.data)),
            environment({}),
            stdin=stdin,
            seconds_max=_END_SECONDS_MAX,
        )

    def status(self) -> dict[str, Any]:
        done = self.o3("status", "--json")
        assert done.returncode == 0, done.stderr
        parsed: dict[str, Any] = json.loads(done.stdout)
        return parsed

    def add_account(self, account: str, keys: Keys) -> None:
        """Makes an account with one key."""
        made = self.o3("account", "create", account.title(), "--id", account)
        assert made.returncode == 0, made.stderr
        arguments = ("--account", account, "--access-key", keys.access, "--secret-stdin")
        made = self.o3("key", "create", *arguments, stdin=f"{keys.secret}\n")
        assert made.returncode == 0, made.stderr

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "endpoint.json").read_text())["s3"])

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.url, ADMIN, OTHER)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def container_files(self) -> dict[Path, os.stat_result]:
        """What holds the blocks; logs and indexes left out. What goes meanwhile may be missing."""
        actual: dict[Path, os.stat_result] = {}
        for folder, _, names in os.walk(self.data / "datanode" / "containers"):
            for path in (Path(folder) / name for name in names):
                with suppress(FileNotFoundError):
                    actual[path] = path.stat()
        return actual

    def metrics_text(self) -> str:
        """As they are scraped."""
        admin = json.loads((self.data / "endpoint.json").read_text())["admin"]
        with urllib.request.urlopen(f"{admin}/metrics", timeout=60) as answer:
            return str(answer.read().decode())

    def metrics(self) -> dict[str, float]:
        """Values by name and labels."""
        rows = [line.rpartition(" ") for line in self.metrics_text().splitlines()]
        return {name: float(value) for name, _, value in rows if not name.startswith("#")}

    def wait_flushed(self) -> None:
        """Until all small blocks that were acknowledged lie in segments and are read from there."""

        def pending() -> list[float]:
            name = "trioxygen_datanode_pending_bytes"
            return [value for key, value in self.metrics().items() if key.startswith(name)]

        wait_until(lambda: (found := pending()) and not any(found), output=pending)

    def log_text(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        """SIGTERM; the process must end well and have left no traceback."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=_END_SECONDS_MAX)
        assert self.process.returncode == 0, (self.process.returncode, self.log_text()[-4_000:])
        self.check_log()

    def check_log(self) -> None:
        text = self.log_text()
        for failure in ("Traceback", "request_failed", "tasks_left"):
            assert failure not in text, text[-4_000:]

    def kill(self) -> None:
        """SIGKILL, wherever it stands."""
        assert self.process is not None
        self.process.kill()
        self.process.communicate()

    def discard(self) -> None:
        """The end of a test, whatever the process does."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.communicate()


def wait_until(
    holds: Callable[[], object], *, seconds_max: float = 60, output: Callable[[], object] = str
) -> None:
    """Polls a condition; fails with what `output` gives when it does not come true in time."""
    end = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < end, f"not in {seconds_max} s: {output()}"
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """A Python process that has not ended, whether somebody has waited for it or not."""
    try:
        return b"python" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """The process does nothing meanwhile: what it could do, another one has to. It may have ended,
    or end."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
