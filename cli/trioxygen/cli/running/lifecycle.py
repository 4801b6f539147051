"""The life of a process, the same for a whole store and for one role: folder, ports, parts,
readiness, signal, and back."""

import asyncio
import inspect
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import uvloop

from trioxygen.cli.config.schema import Config
from trioxygen.cli.exits import CommandFailed, Exit, named_reason_of
from trioxygen.cli.folder.data_folder import (
    WHAT_TO_DO,
    DataFolder,
    Owner,
    open_data_folder,
    unusable,
)
from trioxygen.cli.folder.endpoint import remove_endpoint, write_endpoint
from trioxygen.cli.folder.parts import check_parts, note_parts
from trioxygen.cli.running.parts import Parts
from trioxygen.cli.running.process import (
    ADMIN_DRAIN_SECONDS,
    ADMIN_LIMITS,
    TOKEN_LENGTH,
    freeze_what_stays,
    keep_freed_memory,
    s3_limits,
)
from trioxygen.cli.wiring.part import Assembly, Node
from trioxygen.common import logs
from trioxygen.common.errors import Corrupt, NoSpace, TrioxygenError
from trioxygen.common.rpc.network import CannotListen, Network
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.tokens import random_token
from trioxygen.common.wall_clock import WallClockWatch
from trioxygen.gateway.http.limits import HttpMetrics
from trioxygen.gateway.http.server import HttpServer
from trioxygen.gateway.http.uvicorn_server import stop_signals
from trioxygen.gateway.readiness import Readiness

log = logs.get(__name__)

_FAILURE_LOOK_MS: Final = 500.0


class ProcessNetwork(Network, Protocol):
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a worker has of its supervisor. Attributes: s3, admin: bound sockets."""

    s3: list[socket.socket]
    admin: list[socket.socket]
    admin_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a process is to be.

    Attributes:
        name: of it, in messages.
        oms, scms: addresses under which it reaches them.
        credentials: admin access key and secret that the environment chooses; None: none.
        network: called in the process's event loop.
        assemble: its parts, in the order in which they start.
        if_cannot_listen: what to do then.
        tell: takes the lines for the user.
        inherited: of a worker; else it binds its ports itself.
    """

    name: str
    config: Config
    data: Path
    owner: Owner
    admin_port: int
    s3_tls: ssl.SSLContext | None
    oms: list[str]
    scms: list[str]
    credentials: tuple[str, str] | None
    network: Callable[[], ProcessNetwork]
    assemble: Callable[[Node], Assembly]
    if_cannot_listen: str
    tell: Callable[[str], None]
    inherited: Inherited | None = None


def run(program: Program) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    logs.configure(level=program.config.log.level)
    keep_freed_memory()
    uvloop.run(_run(program))


async def _run(program: Program) -> None:
    network = program.network()
    runtime = system_runtime(network)
    with stop_signals(is_worker=program.inherited is not None) as stopping:
        try:
            folder = open_data_folder(runtime, program.data, program.owner)
            try:
                await _Life(program, runtime, folder).run(stopping)
            finally:
                folder.lock.release()
        finally:
            await network.close()
            # Before the runtime ends what is left: who started it should have.
            _tell_what_is_left()
            await runtime.stop()


def _tell_what_is_left() -> None:
    """Every task has an owner who ends it: one that still runs is a defect of ours."""
    here = asyncio.current_task()
    works = {task: task.get_coro() for task in asyncio.all_tasks() if task is not here}
    # What is not Python's is gRPC's own: it ends in a turn or two of the loop.
    left = sorted(
        f"{task.get_name()} ({work.__qualname__})"
        for task, work in works.items()
        if inspect.iscoroutine(work)
    )
    if left:
        log.warning("tasks_left", tasks=left)


class _Life:
    """Of a process on a data folder that is open."""

    def __init__(self, program: Program, runtime: Runtime, folder: DataFolder) -> None:
        self._program, self._runtime, self._folder = program, runtime, folder
        config, metrics = program.config, HttpMetrics(runtime.registry)
        self._admin = HttpServer(runtime, "admin", ADMIN_LIMITS, metrics)
        self._s3 = HttpServer(runtime, "s3", s3_limits(config.s3), metrics, http=config.s3.http)
        self._node = Node(
            config=config,
            folder=folder,
            runtime=runtime,
            readiness=Readiness(),
            oms=program.oms,
            scms=program.scms,
            node_id=folder.node_id,
            admin_token=self._admin_token(),
            credentials=program.credentials,
        )

    def _admin_token(self) -> str:
        inherited = self._program.inherited
        if inherited is not None:
            return inherited.admin_token
        return random_token(self._runtime.rng, TOKEN_LENGTH)

    async def run(self, stopping: asyncio.Event) -> None:
        program, runtime = self._program, self._runtime
        watching = runtime.tasks.start_worker(WallClockWatch(runtime.clock, runtime.registry))
        assembly = program.assemble(self._node)
        parts = Parts(list(assembly.parts))
        drain_seconds = 0.0
        try:
            await self._bind(assembly)
            await self._serve(assembly, parts, stopping)
            drain_seconds = program.config.s3.drain_seconds
        except (OSError, TrioxygenError) as error:
            raise self._not_started(error) from error
        finally:
            # What broke off the start is what is told, not what could not be stopped after it.
            failure = await self._stop(parts, watching, drain_seconds)
        if isinstance(failure, OSError | TrioxygenError):
            # Whatever it was about: the parts have lived on the data folder until now.
            raise self._did_not("stop", failure) from failure
        if failure is not None:
            raise failure
        log.info("stopped")

    def _not_started(self, error: OSError | TrioxygenError) -> CommandFailed:
        program, folder = self._program, self._folder
        if isinstance(error, CannotListen):
            return CommandFailed(Exit.CANNOT_LISTEN, f"{error}: {program.if_cannot_listen}")
        if isinstance(error, Corrupt):
            return CommandFailed(
                Exit.DATA_FOLDER,
                f"data folder {folder.path} cannot be used: {error}: {WHAT_TO_DO}",
            )
        if isinstance(error, OSError):
            return unusable(folder.path, error)
        return self._did_not("start", error)

    def _did_not(self, to_do: str, error: OSError | TrioxygenError) -> CommandFailed:
        reason = named_reason_of(error) if isinstance(error, OSError) else str(error)
        what_to_do = ": free some space" if isinstance(error, NoSpace) else ""
        return CommandFailed(
            Exit.REFUSED, f"the {self._program.name} did not {to_do}: {reason}{what_to_do}"
        )

    async def _stop(
        self, parts: Parts, watching: "asyncio.Task[None]", drain_seconds: float
    ) -> Exception | None:
        """Every step, whatever another one raises; returns what the first that failed raised."""
        failures: list[Exception] = []

        @contextmanager
        def step(what: str) -> Iterator[None]:
            try:
                yield
            except Exception as error:
                failures.append(error)
                log.error("did_not_stop", what=what, error=error)

        with step("s3 port"):
            await self._s3.stop(drain_seconds)
        with step("parts"):
            await parts.stop()
        with step("admin port"):
            await self._admin.stop(ADMIN_DRAIN_SECONDS)
        with step("endpoint"):
            remove_endpoint(self._runtime, self._folder)
        with step("clock watch"):
            await self._runtime.tasks.end(watching)
        return failures[0] if failures else None

    async def _bind(self, assembly: Assembly) -> None:
        """Before anything is stored: a port that is in use must not cost a first start's secret."""
        config, inherited = self._program.config, self._program.inherited
        if inherited is not None:
            self._s3.adopt(config.s3.host, inherited.s3)
            self._admin.adopt(config.admin.host, inherited.admin)
            return
        if assembly.s3_port is not None:
            await self._s3.bind(config.s3.host, config.s3.port)
        await self._admin.bind(config.admin.host, self._program.admin_port)

    async def _serve(self, assembly: Assembly, parts: Parts, stopping: asyncio.Event) -> None:
        """From what is on the disk to the signal."""
        runtime, folder = self._runtime, self._folder
        endpoint = {"admin_token": self._node.admin_token}
        if folder.node_id:
            endpoint |= {"role": self._program.name, "node_id": folder.node_id}
        endpoint["admin"] = await self._admin.start(assembly.admin_app)
        await runtime.blocking.run(check_parts, runtime.disk, folder.path, assembly.in_folder)
        if await runtime.tasks.run_unless(stopping, parts.open(), name="open"):
            await self._serve_opened(assembly, parts, stopping, endpoint)
        log.info("stop_begun", role=self._program.name, node=folder.node_id)
        self._node.readiness.set(False)

    async def _serve_opened(
        self, assembly: Assembly, parts: Parts, stopping: asyncio.Event, endpoint: dict[str, str]
    ) -> None:
        """What is on the disk is whole: now anybody may know of it."""
        runtime, folder = self._runtime, self._folder
        # A worker shares its port with others that are ready: it takes nothing before it is, too.
        is_worker = self._program.inherited is not None
        if not is_worker:
            await self._listen(assembly, endpoint)
        write_endpoint(runtime, folder, **endpoint)
        log.info("starting", role=self._program.name, node=folder.node_id)
        if await runtime.tasks.run_unless(stopping, parts.start(), name="start"):
            if is_worker:
                await self._listen(assembly, endpoint)
                write_endpoint(runtime, folder, **endpoint)
            if address := assembly.address():
                write_endpoint(runtime, folder, **endpoint, address=address)
            self._tell_ready(assembly, endpoint)
            failing = self._until_failed(parts)
            if await runtime.tasks.run_unless(stopping, failing, name="until-failed"):
                self._node.readiness.set(False)
                raise CommandFailed(
                    Exit.REFUSED, f"the {self._program.name} cannot go on: {parts.failure()}"
                )

    async def _listen(self, assembly: Assembly, endpoint: dict[str, str]) -> None:
        """For clients, who are told at which address."""
        if (port := assembly.s3_port) is not None:
            tls = self._program.s3_tls
            endpoint["s3"] = await self._s3.start(port.app, refusals=port.refusals, tls=tls)

    def _tell_ready(self, assembly: Assembly, endpoint: dict[str, str]) -> None:
        program, folder = self._program, self._folder
        for line in assembly.greeting(endpoint.get("s3", ""), endpoint["admin"]):
            program.tell(line)
        if assembly.in_folder:
            note_parts(self._runtime.disk, folder.path)
        self._node.readiness.set(True)
        freeze_what_stays()
        program.tell("ready")

    async def _until_failed(self, parts: Parts) -> None:
        while parts.failure() is None:
            await self._runtime.clock.sleep_ms(_FAILURE_LOOK_MS)
