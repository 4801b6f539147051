"""The access log: one JSON object a line for each S3 request, written behind the requests.

`write` only formats and remembers; a worker writes what has gathered, and rotates the file by size.
A full buffer drops lines and counts them: requests never wait for this log.
"""

import asyncio
import json.encoder
from pathlib import Path
from typing import Final

from prometheus_client import Counter

from trioxygen.common import logs
from trioxygen.common.disk import File
from trioxygen.common.errors import NoSpace
from trioxygen.common.finishing import to_the_end
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import MIB
from trioxygen.gateway.protocol.dates import iso_date_with_millis

log = logs.get(__name__)

_quoted: Final = json.encoder.encode_basestring_ascii


class AccessLog:
    """A worker of `runtime.tasks`; call `open` before it starts and `close` at the end.

    Args:
        path: of the current file; older ones are beside it, `.1` (newest) to `.<files_max - 1>`.
        file_bytes_max: a file that has reached it is rotated.
        lines_max: what is kept in memory between two writes; more is dropped and counted in
            `trioxygen_access_log_lines_dropped_total`.

    What a line holds besides numbers is quoted as JSON in ASCII, so a key with line breaks or
    quotes stays one string of one line.
    """

    name = "access_log"
    interval_ms = 200.0

    def __init__(
        self,
        runtime: Runtime,
        path: Path,
        *,
        file_bytes_max: int = 64 * MIB,
        files_max: int = 5,
        lines_max: int = 50_000,
    ) -> None:
        assert files_max >= 1
        self._runtime = runtime
        self._path = path
        self._file_bytes_max = file_bytes_max
        self._files_max = files_max
        self._lines_max = lines_max
        self._wall_ms = runtime.clock.wall_ms
        self._lines: list[str] = []
        # The worker writes while a stop closes: one thread at a time has the file.
        self._using_file = asyncio.Lock()
        self._file: File | None = None
        self._size_bytes = 0
        self._is_failing = False
        self._dropped = Counter(
            "trioxygen_access_log_lines_dropped",
            "Lines lost because the buffer was full or the disk failed",
            registry=runtime.registry,
        )

    async def open(self) -> None:
        """Goes on at the end of the file. Raises OSError."""
        await self._runtime.blocking.run(self._open)

    def write(
        self,
        *,
        request_id: str,
        remote: str,
        operation: str,
        status: int,
        bytes_in: int,
        bytes_out: int,
        duration_ms: float,
        trace: str = "",
        account: str = "",
        caller: str = "",
        bucket: str = "",
        key: str = "",
        error_code: str = "",
        decision: str = "",
    ) -> None:
        """One request that has been answered. Hot: about 3 us.

        Args:
            remote: address of the client.
            trace: hexadecimal digits, of the client's trace.
            caller: the ARN of who asked: of a root, a user, or a session of a role.
            trace, account, caller, bucket, key, error_code: empty when there is none.
            decision: the word of its reason (`access.decide`); empty when none was made.
            bytes_in, bytes_out: of the bodies.
        """
        lines = self._lines
        if len(lines) >= self._lines_max:
            self._dropped.inc()
            return
        lines.append(
            f'{{"time":"{iso_date_with_millis(self._wall_ms())}","request_id":{_quoted(request_id)},'
            f'"trace":"{trace}","remote":{_quoted(remote)},"account":{_quoted(account)},'
            f'"caller":{_quoted(caller)},'
            f'"operation":{_quoted(operation)},"bucket":{_quoted(bucket)},"key":{_quoted(key)},'
            f'"status":{status},"bytes_in":{bytes_in},"bytes_out":{bytes_out},'
            f'"duration_ms":{duration_ms:.2f},"error_code":{_quoted(error_code)},"decision":"{decision}"}}\n'
        )

    async def work(self) -> bool:
        """Writes what has gathered."""
        async with self._using_file:
            await self._write_lines()
        return False

    async def close(self) -> None:
        """Writes the rest. Lines written afterwards are lost."""
        async with self._using_file:
            await self._write_lines()
            await self._runtime.blocking.run(self._close)

    async def _write_lines(self) -> None:
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        try:
            await to_the_end(self._runtime.blocking.run(self._append, lines))
        except (NoSpace, OSError) as error:
            self._dropped.inc(len(lines))
            if not self._is_failing:
                log.error("access_log_failed", path=self._path, reason=error)
            self._is_failing = True
        else:
            self._is_failing = False

    # ---- on a thread ----

    def _open(self) -> None:
        disk = self._runtime.disk
        disk.make_directory(self._path.parent)
        self._file = disk.open(self._path, create=True)
        self._size_bytes = self._file.size_bytes()

    def _append(self, lines: list[str]) -> None:
        if self._size_bytes >= self._file_bytes_max:
            self._rotate()
        assert self._file is not None, "not open"
        data = "".join(lines).encode("ascii")
        self._file.pwrite((data,), self._size_bytes)
        self._size_bytes += len(data)

    def _rotate(self) -> None:
        self._close()
        disk = self._runtime.disk
        names = [self._path]
        names += [self._path.with_name(f"{self._path.name}.{n}") for n in range(1, self._files_max)]
        disk.remove(names[-1])
        for older, newer in zip(reversed(names[1:]), reversed(names[:-1]), strict=True):
            if disk.exists(newer):
                disk.rename(newer, older)
        self._open()

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
