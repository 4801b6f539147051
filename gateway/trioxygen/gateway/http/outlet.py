"""What a connection sends, and who waits until its client has taken it."""

import asyncio

from trioxygen.common.disk import Buffer


class Outlet:
    """Attributes:
    is_paused: something is queued in this process: who makes more waits in `drained`.
    written_bytes: since the connection began.
    """

    __slots__ = ("_drained", "_loop", "_transport", "is_paused", "written_bytes")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, *, queued_bytes: int
    ) -> None:
        self._transport, self._loop = transport, loop
        self.is_paused = False
        self.written_bytes = 0
        self._drained: asyncio.Future[None] | None = None
        # Down to nothing: the rest of a piece keeps all of it in memory. From a byte up, since
        # uvloop's TLS pauses at the limit, so at nothing already, and resumes at nothing, in turn.
        transport.set_write_buffer_limits(high=max(queued_bytes, 1), low=0)

    @property
    def unsent_bytes(self) -> int:
        """Of what was written, what the kernel has not taken."""
        return self._transport.get_write_buffer_size()

    def write(self, data: Buffer) -> None:
        if not self._transport.is_closing():
            self.written_bytes += len(data)
            self._transport.write(data)

    def write_lines(self, pieces: "list[Buffer] | tuple[Buffer, ...]") -> None:
        if not self._transport.is_closing():
            self.written_bytes += sum(map(len, pieces))
            self._transport.writelines(pieces)

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    async def drained(self) -> None:
        """Returns when the client has taken it, or is gone."""
        while self.is_paused:
            if self._drained is None or self._drained.done():
                self._drained = self._loop.create_future()
            await self._drained
