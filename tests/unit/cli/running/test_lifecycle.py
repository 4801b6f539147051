"""The end of a process: every part of it is ended, and what broke it off first is what is told."""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trioxygen.cli.config.reading import load
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.folder.data_folder import STORE
from trioxygen.cli.folder.names import ENDPOINT_FILE
from trioxygen.cli.running.lifecycle import Inherited, Program, run
from trioxygen.cli.wiring.part import Assembly, Part
from trioxygen.common.errors import LogCorrupt, NoSpace, Stopping, TrioxygenError
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.gateway.http.refusal import plain_refusal
from trioxygen.gateway.s3_refusals import S3Port


@pytest.fixture(autouse=True)
def logging_is_left_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("trioxygen")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


class App:
    """Answers nobody; `broken` is raised at its end."""

    def __init__(self, broken: Exception | None = None) -> None:
        self._broken = broken
        self.is_ended = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.is_ended = True
        if self._broken is not None:
            raise self._broken
        await send({"type": "lifespan.shutdown.complete"})


class Only(Part):
    """Its start is refused, or lasts until the signal that it sends itself; or its opening does."""

    def __init__(
        self, refusal: TrioxygenError | None, broken: Exception | None, *, opens: bool
    ) -> None:
        self._refusal, self._broken, self._opens = refusal, broken, opens
        self.is_stopped = False

    async def open(self) -> None:
        if not self._opens:
            await self._until_broken_off()

    async def start(self) -> None:
        if self._refusal is not None:
            raise self._refusal
        await self._until_broken_off()

    async def _until_broken_off(self) -> None:
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await asyncio.Event().wait()

    async def stop(self) -> None:
        self.is_stopped = True
        if self._broken is not None:
            raise self._broken


class Life:
    """One process, in this one; each Args is what breaks there.

    Attributes: failed: why it ended, or None."""

    def __init__(
        self,
        data: Path,
        *,
        start: TrioxygenError | None = None,
        stop: Exception | None = None,
        s3: Exception | None = None,
        admin: Exception | None = None,
        opens: bool = True,
        inherited: Inherited | None = None,
    ) -> None:
        self._endpoint = data / ENDPOINT_FILE
        self._part = Only(start, stop, opens=opens)
        self._s3, self._admin = App(s3), App(admin)
        # A port that is shared with others is opened by who is ready, which this one never is.
        self._is_served = opens and inherited is None
        config = load(None, {("s3", "port"): 0, ("admin", "port"): 0}, {})
        self.failed: CommandFailed | None = None
        try:
            run(
                Program(
                    name="store",
                    config=config,
                    data=data,
                    owner=STORE,
                    admin_port=0,
                    s3_tls=None,
                    oms=[],
                    scms=[],
                    credentials=None,
                    network=LocalNetwork,
                    assemble=lambda node: Assembly(
                        parts=[self._part],
                        admin_app=self._admin,
                        s3_port=S3Port(self._s3, plain_refusal),
                    ),
                    if_cannot_listen="choose another",
                    tell=lambda line: None,
                    inherited=inherited,
                )
            )
        except CommandFailed as failure:
            self.failed = failure

    @property
    def is_all_ended(self) -> bool:
        is_ended = self._part.is_stopped and self._admin.is_ended
        return is_ended and self._s3.is_ended is self._is_served and not self._endpoint.exists()


@pytest.mark.parametrize("opens", [False, True])
def test_signal_breaks_off_a_start_and_ends_every_part_of_a_process(
    tmp_path: Path, opens: bool
) -> None:
    life = Life(tmp_path, opens=opens)
    assert life.is_all_ended
    assert life.failed is None


def test_worker_takes_nothing_on_its_shared_port_before_it_is_ready(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as s3,
        socket.create_server(("127.0.0.1", 0)) as admin,
    ):
        sockets = Inherited(s3=[s3.dup()], admin=[admin.dup()], admin_token="token")
        life = Life(tmp_path, inherited=sockets)
    assert life.is_all_ended and life.failed is None


@pytest.mark.parametrize("broken", ["s3", "stop", "admin"])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Stopping("of its own"), "of its own"),
        (LogCorrupt("a record"), "a record"),
        (NoSpace("of the log"), ": free some space"),
        (PermissionError(13, "Permission denied", "access.log"), "access.log: permission denied"),
    ],
)
def test_one_part_that_cannot_end_keeps_no_other_from_it_and_is_told(
    tmp_path: Path, broken: str, error: Exception, reason: str
) -> None:
    stopping: Any = {broken: error}
    life = Life(tmp_path, **stopping)
    assert life.is_all_ended
    assert life.failed is not None and life.failed.code is Exit.REFUSED
    assert str(life.failed).startswith("the store did not stop: ")
    assert str(life.failed).endswith(reason)


def test_what_cannot_be_stopped_after_it_does_not_hide_why_the_start_was_refused(
    tmp_path: Path,
) -> None:
    life = Life(
        tmp_path,
        start=NoSpace("of the log"),
        stop=OSError(5, "Input/output error"),
        s3=ValueError("at its end"),
        admin=Stopping(),
    )
    assert life.is_all_ended
    assert life.failed is not None and life.failed.code is Exit.REFUSED
    assert str(life.failed).startswith("the store did not start: ")
    assert str(life.failed).endswith(": free some space")
