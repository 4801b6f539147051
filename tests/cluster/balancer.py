"""A TCP load balancer before the gateways: what one would put there, in its smallest form."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

_CONNECT_SECONDS_MAX: Final = 10
_RETRY_SECONDS: Final = 0.05
_PIECE_BYTES: Final = 64 << 10


class Balancer:
    """Gives each connection to the next backend, in turn, that accepts it. Runs in a thread.

    Args: backends: (host, port) of each."""

    def __init__(self, backends: Sequence[tuple[str, int]]) -> None:
        self._backends, self._turn = backends, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="balancer")
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.address = ("", 0)

    def start(self) -> "Balancer":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        self.address = self._server.sockets[0].getsockname()

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            # Cancelled at the end: asyncio would log it as an error.
            with suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await self._connect()
        try:
            ways = [
                asyncio.create_task(_pipe(reader, back_writer)),
                asyncio.create_task(_pipe(back_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            back_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises OSError: none accepts."""
        end = self._loop.time() + _CONNECT_SECONDS_MAX
        while True:
            for _ in self._backends:
                self._turn = (self._turn + 1) % len(self._backends)
                with suppress(ConnectionError):
                    return await asyncio.open_connection(*self._backends[self._turn])
            if self._loop.time() > end:
                raise ConnectionRefusedError
            await asyncio.sleep(_RETRY_SECONDS)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
