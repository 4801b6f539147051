"""Runs `cli.running.serve` over a store that only echoes: `python stub_store.py DATA CONFIG`."""

import asyncio
import sys
from pathlib import Path

from trioxygen.cli.config.reading import credentials, load
from trioxygen.cli.exits import CommandFailed
from trioxygen.cli.folder.parts import STORE_PARTS
from trioxygen.cli.running.serve import ServeStart, run_store
from trioxygen.cli.wiring.all_in_one import greeting
from trioxygen.cli.wiring.part import Assembly, Node, Part
from trioxygen.common.errors import UnknownFormat
from trioxygen.gateway.http.limits import Receive, Scope, Send
from trioxygen.gateway.http.refusal import plain_refusal
from trioxygen.gateway.s3_refusals import S3Port


async def live(receive: Receive, send: Send) -> None:
    """ASGI's lifespan of what has nothing to start and nothing to stop."""
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return


class StubStore(Part):
    """Notes in files of the data folder what was done to it. It does not open where there is a file
    `broken`, does not come up where there is one named `waits`, and cannot go on once there is one
    named `fails`."""

    def __init__(self, node: Node) -> None:
        self._node, self._events = node, node.data / "events"
        self.first_key: tuple[str, str] | None = None

    async def open(self) -> None:
        if (self._node.data / "broken").exists():
            raise UnknownFormat("the key table", format=9)

    async def start(self) -> None:
        self._note("starts")
        if (self._node.data / "waits").exists():
            await asyncio.Event().wait()
        data = self._node.data
        if self._node.folder.is_new:
            self.first_key = self._node.credentials or ("AKSTUB", "stub-secret")
        # What a store leaves in its folder, and has to find there again.
        for part in ("om/data.mdb", "scm/data.mdb", "log/0.wal", "datanode/VERSION"):
            (data / part).parent.mkdir(exist_ok=True)
            (data / part).touch()

    def failure(self) -> str | None:
        return "its log failed" if (self._node.data / "fails").exists() else None

    async def stop(self) -> None:
        self._note("stopped")

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/slow` takes half a second, `/stuck` for ever; both are noted when they begin."""
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        if scope["path"] in ("/slow", "/stuck"):
            self._note(f"asked {scope['path']}")
            await asyncio.sleep(0.5 if scope["path"] == "/slow" else 3_600)
        await _answer(send, 200, scope["raw_path"])

    async def admin(self, scope: Scope, receive: Receive, send: Send) -> None:
        """200 while the store is ready."""
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        await _answer(send, 200 if self._node.readiness.get() else 503, b"")

    def _note(self, event: str) -> None:
        with self._events.open("a") as file:
            file.write(f"{event}\n")


async def _answer(send: Send, status: int, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


def assemble(node: Node) -> Assembly:
    stub = StubStore(node)
    return Assembly(
        parts=(stub,),
        admin_app=stub.admin,
        s3_port=S3Port(stub.answer, plain_refusal),
        in_folder=STORE_PARTS,
        greeting=lambda s3_url, admin_url: greeting(node, s3_url, admin_url, stub.first_key),
    )


def main() -> None:
    try:
        config = load(Path(sys.argv[2]), {})
        run_store(
            ServeStart(
                config=config,
                data=Path(sys.argv[1]),
                credentials=credentials(),
                assemble=assemble,
                tell=lambda line: print(line, flush=True),
            )
        )
    except CommandFailed as failure:
        print(f"o3: {failure}", file=sys.stderr)
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
