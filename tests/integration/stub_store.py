"""Runs `trioxygen.cli.serve` over a store that only echoes: `python stub_store.py DATA CONFIG`."""

import asyncio
import sys
from pathlib import Path

from trioxygen.cli.config import credentials, load
from trioxygen.cli.config_schema import Config
from trioxygen.cli.exits import CommandFailed
from trioxygen.cli.serve import Start, run
from trioxygen.common.errors import UnknownFormat
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.http_limits import AsgiApp, Receive, Scope, Send
from trioxygen.gateway.http_refusal import plain_refusal
from trioxygen.gateway.s3_refusals import S3Port


class StubStore:
    """Notes in files of the data folder what was done to it."""

    def __init__(self, data: Path, first_credentials: tuple[str, str] | None) -> None:
        self._events = data / "events"
        self.s3_port = S3Port(self._echo, plain_refusal)
        self.admin_app: AsgiApp = self._echo
        self.first_credentials = first_credentials

    def set_ready(self, ready: bool) -> None:
        self._note(f"ready {ready}")

    async def stop(self) -> None:
        self._note("stopped")

    async def _echo(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/slow` takes half a second, `/stuck` for ever; both are noted when they begin."""
        if scope["path"] in ("/slow", "/stuck"):
            self._note(f"asked {scope['path']}")
            await asyncio.sleep(0.5 if scope["path"] == "/slow" else 3_600)
        body = scope["raw_path"]
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    def _note(self, event: str) -> None:
        with self._events.open("a") as file:
            file.write(f"{event}\n")


async def build(
    config: Config,
    data: Path,
    runtime: Runtime,
    *,
    admin_token: str,
    cluster_id: str,
    credentials: tuple[str, str] | None,
) -> StubStore:
    if (data / "broken").exists():
        raise UnknownFormat("the key table", format=9)
    # What a store leaves in its folder, and has to find there again.
    for part in ("om/data.mdb", "scm/data.mdb", "log/0.wal", "datanode/VERSION"):
        (data / part).parent.mkdir(exist_ok=True)
        (data / part).touch()
    made = None if (data / "events").exists() else (credentials or ("AKSTUB", "stub-secret"))
    return StubStore(data, made)


def main() -> None:
    try:
        config = load(Path(sys.argv[2]), {})
        run(
            Start(
                config=config,
                data=Path(sys.argv[1]),
                credentials=credentials(),
                build=build,
                tell=lambda line: print(line, flush=True),
            )
        )
    except CommandFailed as failure:
        print(f"o3: {failure}", file=sys.stderr)
        sys.exit(failure.code)


if __name__ == "__main__":
    main()
