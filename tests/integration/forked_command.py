"""`o3` in a process of its own, forked off a program that has imported it already.

To tests it is as one that was started anew: a child of theirs with its own arguments, environment,
folder and streams. What a start itself may get wrong (a command line, a preloaded library) needs
one that is: `subprocess` does that."""

import atexit
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.integration.command_forker import REQUEST_BYTES_MAX

_FORKER: Final = Path(__file__).with_name("command_forker.py")
_PR_SET_CHILD_SUBREAPER: Final = 36
_asking: Final = threading.Lock()


def start_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path | None = None,
    anew: bool = False,
    **streams: Any,
) -> "subprocess.Popen[str]":
    """`o3 ARGUMENTS`, with the streams of a Popen, as text.

    Args:
        anew: not forked; so it is, too, where the environment has something for the loader or for
            Python's start, and where no orphans can be adopted.
    """
    if anew or sys.platform != "linux" or _is_for_a_start(environment):
        command = [sys.executable, "-m", "trioxygen.cli.main", *arguments]
        return subprocess.Popen(command, env=environment, cwd=folder, text=True, **streams)
    return _ForkedCommand(arguments, env=environment, cwd=folder, text=True, **streams)


def run_command(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    seconds_max: float,
    folder: Path | None = None,
    stdin: str | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Returns when the command has ended. Raises subprocess.TimeoutExpired."""
    with start_command(
        arguments,
        environment,
        folder=folder,
        stdin=None if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            output, errors = process.communicate(stdin, seconds_max)
        except BaseException:
            process.kill()
            raise
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)


def _is_for_a_start(environment: Mapping[str, str]) -> bool:
    names = environment.keys() - {"PYTHONPATH"}
    return any(name.startswith(("LD_", "PYTHON", "MALLOC_", "GRPC_")) for name in names)


class _ForkedCommand(subprocess.Popen[str]):
    """`o3 ARGUMENTS`: all that a Popen is, but for how its process comes to be."""

    def _execute_child(self, arguments: Sequence[str], *rest: Any) -> None:
        _, _, _, _, folder, environment, _, _, _, *pipes = rest
        p2cread, _, _, c2pwrite, _, errwrite, *_ = pipes
        streams = [
            own if given == -1 else given for own, given in enumerate((p2cread, c2pwrite, errwrite))
        ]
        self.pid = _fork(arguments, environment, str(folder or Path.cwd()), streams)
        self._child_created = True
        self._close_pipe_fds(*pipes[:6])  # type: ignore[attr-defined]


def _fork(
    arguments: Sequence[str], environment: Mapping[str, str], folder: str, streams: list[int]
) -> int:
    request = {"arguments": [*arguments], "environment": {**environment}, "folder": folder}
    message = json.dumps(request).encode()
    assert len(message) <= REQUEST_BYTES_MAX
    with _asking:
        forker = _forker(environment["PYTHONPATH"])
        _adopt_orphans(True)
        try:
            socket.send_fds(forker, [message], streams)
            return int(forker.recv(32))
        finally:
            _adopt_orphans(False)


def _adopt_orphans(does: bool) -> None:
    """A process whose parent has ended becomes a child of this one."""
    assert ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, int(does), 0, 0, 0) == 0


@cache
def _forker(path: str) -> socket.socket:
    """Where it takes requests; it ends when this end is closed."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        process = subprocess.Popen(
            [sys.executable, "-P", str(_FORKER), str(its.fileno())],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[its.fileno()],
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
