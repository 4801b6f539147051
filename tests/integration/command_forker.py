"""A program that has imported what `o3` needs and forks a process for each command it is asked for:
imports are two thirds of what the start of a store costs, and a run of the tests starts hundreds.
Asked by `forked_command`, through a socket whose descriptor is the one argument."""

import gc
import json
import os
import socket
import sys
from typing import Any, Final

REQUEST_BYTES_MAX: Final = 1 << 16
_STREAMS: Final = 3


def _import_all() -> None:
    """No module starts a thread or opens anything: a fork has all that there is."""
    import trioxygen.cli.client.admin
    import trioxygen.cli.config.reading
    import trioxygen.cli.printing
    import trioxygen.cli.running.serve
    import trioxygen.cli.status
    import trioxygen.cli.wiring.all_in_one
    import trioxygen.cli.wiring.roles  # noqa: F401

    assert len(os.listdir("/proc/self/task")) == 1
    # Pages that the collector does not touch stay shared.
    gc.collect()
    gc.freeze()


def _fork_orphan() -> int:
    """Zero in the new process. Its parent has ended before this returns: it is a child of whoever
    adopts orphans then."""
    told, telling = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid != 0:
            os.write(telling, str(pid).encode())
            os._exit(0)
        os.close(told)
        os.close(telling)
        return 0
    os.close(telling)
    os.waitpid(between, 0)
    pid = int(os.read(told, 32))
    os.close(told)
    return pid


def _become(request: dict[str, Any], files: list[int]) -> None:
    """What a process that was started anew would have been given."""
    for stream, file in enumerate(files):
        os.dup2(file, stream)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv[1:] = request["arguments"]


def main() -> None:
    _import_all()
    from trioxygen.cli.main import main as run_command

    asking = socket.socket(fileno=int(sys.argv[1]))
    while True:
        message, files, _, _ = socket.recv_fds(asking, REQUEST_BYTES_MAX, _STREAMS)
        if not message:
            return  # the tests are over
        pid = _fork_orphan()
        if pid == 0:
            asking.close()
            _become(json.loads(message), files)
            run_command()
            return
        for file in files:
            os.close(file)
        asking.send(str(pid).encode())


if __name__ == "__main__":
    main()
