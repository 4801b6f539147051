"""The control port of a local cluster: what the other `o3 cluster` commands ask of its supervisor.
One line of JSON each way."""

import asyncio
import hmac
import json
from typing import Any, Final

from trioxygen.cli.cluster.layout import CONTROL_FILE
from trioxygen.cli.cluster.supervisor import ClusterStart, Supervisor
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.runtime import Runtime
from trioxygen.common.tokens import random_token

_LINE_BYTES_MAX: Final = 64 * 1_024
_TOKEN_LENGTH: Final = 40


class ControlPort:
    def __init__(self, start: ClusterStart, runtime: Runtime, supervisor: Supervisor) -> None:
        self._start, self._disk, self._supervisor = start, runtime.disk, supervisor
        self._token = random_token(runtime.rng, _TOKEN_LENGTH)
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=_LINE_BYTES_MAX
        )
        port = self._server.sockets[0].getsockname()[1]
        text = json.dumps({"port": port, "token": self._token})
        self._disk.replace(self._start.folder / CONTROL_FILE, f"{text}\n".encode())

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._disk.remove(self._start.folder / CONTROL_FILE)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            if not hmac.compare_digest(str(request.pop("token", "")), self._token):
                return
            writer.write(json.dumps(await self._answer(request)).encode() + b"\n")
            await writer.drain()
        except (ValueError, TypeError, RecursionError, ConnectionError, AttributeError) as error:
            self._start.tell(f"a request to the control port failed: {error}")
        finally:
            writer.close()

    async def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return await self._do(**request)
        except CommandFailed as failure:
            return {"code": int(failure.code), "error": str(failure)}

    async def _do(
        self, command: str, node: str = "", role: str = "", signal: str = "KILL"
    ) -> dict[str, Any]:
        supervisor = self._supervisor
        if command == "status":
            return {"nodes": supervisor.status()}
        if command == "add":
            return {"message": await supervisor.add(role)}
        if command == "remove":
            return {"message": await supervisor.remove(node)}
        if command == "kill":
            return {"message": await supervisor.kill(node, signal)}
        if command == "restart":
            return {"message": await supervisor.restart(node)}
        raise CommandFailed(Exit.USAGE, f"unknown command '{command}'")
