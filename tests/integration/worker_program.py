"""Runs `Workers` over workers that answer their process id: `python worker_program.py RUN MARK`.

MARK is a file of the test's, which some of them look for."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final, cast

import uvloop

from trioxygen.common import logs
from trioxygen.gateway.http.uvicorn_server import stop_signals
from trioxygen.gateway.http.workers import RunWorker, Workers

COUNT: Final = 2


class _Answer(asyncio.Protocol):
    """Says the process id. What has been accepted is answered before the worker ends."""

    under_way: ClassVar[set[asyncio.BaseTransport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.under_way.add(transport)
        self._transport = transport
        cast("asyncio.WriteTransport", transport).write(f"{os.getpid()}\n".encode())
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.under_way.discard(self._transport)


async def _listen(bound: socket.socket) -> asyncio.AbstractServer:
    return await asyncio.get_running_loop().create_server(_Answer, sock=bound)


async def _serve(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    with stop_signals(is_worker=True) as stopping:
        server = await _listen(sockets[0])
        ready()
        await stopping.wait()
        server.close()
        while _Answer.under_way:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def serving(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    uvloop.run(_serve(sockets, ready))


def broken(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    sys.exit(7)


def fragile(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """Cannot start while the mark is there."""
    if MARK.exists():
        sys.exit(7)
    serving(sockets, ready)


async def _serve_for_ever(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    with stop_signals(is_worker=True) as stopping:
        await _listen(sockets[0])
        ready()
        await stopping.wait()
        MARK.touch()
        await asyncio.Event().wait()


def endless(sockets: list[socket.socket], ready: Callable[[], None]) -> None:
    """Does not end when it is told to; makes the mark then."""
    uvloop.run(_serve_for_ever(sockets, ready))


MARK: Final = Path(sys.argv[2])
RUNS: Final[dict[str, RunWorker]] = {
    "serving": serving,
    "broken": broken,
    "fragile": fragile,
    "endless": endless,
}


def main() -> None:
    logs.configure()
    bound = socket.create_server(("127.0.0.1", 0))
    print(bound.getsockname()[1], flush=True)
    workers = Workers(
        COUNT,
        [bound],
        lambda number: RUNS[sys.argv[1]],
        on_ready=lambda: print("ready", flush=True),
        end_seconds_max=60,
    )
    workers.run()
    sys.exit(workers.exit_code)


if __name__ == "__main__":
    main()
