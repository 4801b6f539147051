"""Running an all-in-one store: folder, services, ports, signals, in that order and back."""

import asyncio
import gc
import shlex
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import uvloop

from trioxygen.cli.config_schema import Config
from trioxygen.cli.data_folder import WHAT_TO_DO, DataFolder, open_data_folder, unusable
from trioxygen.cli.data_parts import check_parts, note_complete
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.process import (
    ADMIN_DRAIN_SECONDS,
    ADMIN_LIMITS,
    TOKEN_LENGTH,
    freeze_what_stays,
    remove_endpoint,
    s3_limits,
    stop_at_signal,
    tls_context,
    write_endpoint,
)
from trioxygen.common import logs
from trioxygen.common.errors import Corrupt, NoSpace, TrioxygenError
from trioxygen.common.ids import random_token
from trioxygen.common.network import CannotListen
from trioxygen.common.network_local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.wall_clock import WallClockWatch
from trioxygen.gateway.http_limits import AsgiApp, HttpMetrics
from trioxygen.gateway.s3_refusals import S3Port
from trioxygen.gateway.serving import HttpServer

log = logs.get(__name__)


class RunningStore(Protocol):
    """What `serve` needs of a built store.

    Attributes:
        first_credentials: access key and secret that this start made; else None.
    """

    @property
    def s3_port(self) -> S3Port: ...

    @property
    def admin_app(self) -> AsgiApp: ...

    @property
    def first_credentials(self) -> tuple[str, str] | None: ...

    def set_ready(self, ready: bool) -> None: ...

    async def stop(self) -> None: ...


class Build(Protocol):
    """`trioxygen.cli.build.build_all_in_one`."""

    def __call__(
        self,
        config: Config,
        data: Path,
        runtime: Runtime,
        *,
        admin_token: str,
        cluster_id: str,
        credentials: tuple[str, str] | None,
    ) -> Awaitable[RunningStore]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Attributes:
    credentials: admin access key and secret that the environment chooses; None: the store does.
    tell: takes the lines for the user.
    """

    config: Config
    data: Path
    credentials: tuple[str, str] | None
    build: Build
    tell: Callable[[str], None]


def run(start: Start) -> None:
    """Returns when a signal has stopped the store. Raises CommandFailed."""
    tls = tls_context(start.config.s3)
    logs.configure(level=start.config.log.level)
    uvloop.run(_serve(start, tls))


async def _serve(start: Start, tls: ssl.SSLContext | None) -> None:
    runtime = system_runtime(LocalNetwork())
    stopping = stop_at_signal()
    try:
        folder = open_data_folder(runtime, start.data)
        try:
            await _serve_folder(start, runtime, folder, tls, stopping)
        finally:
            folder.lock.release()
    finally:
        await runtime.stop()


async def _serve_folder(
    start: Start,
    runtime: Runtime,
    folder: DataFolder,
    tls: ssl.SSLContext | None,
    stopping: asyncio.Event,
) -> None:
    config = start.config
    metrics = HttpMetrics(runtime.registry)
    s3 = HttpServer(runtime, "s3", s3_limits(config.s3), metrics)
    admin = HttpServer(runtime, "admin", ADMIN_LIMITS, metrics)
    try:
        # Before anything is stored: a port that is in use must not cost the first start's secret.
        await s3.bind(config.s3.host, config.s3.port)
        await admin.bind(config.admin.host, config.admin.port)
        token = random_token(runtime.rng, TOKEN_LENGTH)
        runtime.tasks.start_worker(WallClockWatch(runtime.clock, runtime.registry))
        store = await _build(start, runtime, folder, token)
        try:
            _tell_credentials(start, store.first_credentials)
            port = store.s3_port
            s3_url = await s3.start(port.app, refusals=port.refusals, tls=tls)
            admin_url = await admin.start(store.admin_app)
            write_endpoint(runtime, folder, s3=s3_url, admin=admin_url, admin_token=token)
            note_complete(runtime, folder)
            store.set_ready(True)
            freeze_what_stays()
            _tell_endpoint(start, folder, s3_url, admin_url, store.first_credentials)
            await stopping.wait()
            log.info("stop_begun", drain_seconds=config.s3.drain_seconds)
            store.set_ready(False)
            await s3.stop(config.s3.drain_seconds)
            await admin.stop(ADMIN_DRAIN_SECONDS)
        finally:
            gc.unfreeze()
            await store.stop()
            remove_endpoint(runtime, folder)
    except CannotListen as error:
        raise CommandFailed(
            Exit.CANNOT_LISTEN, f"{error}: choose another with --host, --port or --admin-port"
        ) from error
    except NoSpace as error:
        raise CommandFailed(Exit.REFUSED, f"{error}: free some space") from error
    finally:
        await s3.stop(0)
        await admin.stop(0)
    log.info("stopped")


async def _build(start: Start, runtime: Runtime, folder: DataFolder, token: str) -> RunningStore:
    try:
        await runtime.blocking.run(check_parts, runtime.disk, folder.path)
        return await start.build(
            start.config,
            folder.path,
            runtime,
            admin_token=token,
            cluster_id=folder.cluster_id,
            credentials=start.credentials,
        )
    except Corrupt as error:
        raise CommandFailed(
            Exit.DATA_FOLDER, f"data folder {folder.path} cannot be used: {error}: {WHAT_TO_DO}"
        ) from error
    except OSError as error:
        raise unusable(folder.path, error) from error
    except TrioxygenError as error:
        raise CommandFailed(Exit.REFUSED, f"the store did not start: {error}") from error


def _tell_credentials(start: Start, made: tuple[str, str] | None) -> None:
    if made is None or start.credentials is not None:
        return
    start.tell(f"access key: {made[0]}")
    start.tell(f"secret key: {made[1]}")
    start.tell("            (shown this once; 'o3 key create' makes more)")


def _tell_endpoint(
    start: Start,
    folder: DataFolder,
    s3_url: str,
    admin_url: str,
    made: tuple[str, str] | None,
) -> None:
    start.tell(f"endpoint:   {s3_url}")
    start.tell(f"admin:      {admin_url}")
    start.tell(f"data:       {folder.path}")
    if made is not None and start.credentials is None:
        region = start.config.s3.regions[0] if start.config.s3.regions else "us-east-1"
        start.tell(f"export AWS_ACCESS_KEY_ID={shlex.quote(made[0])}")
        start.tell(f"export AWS_SECRET_ACCESS_KEY={shlex.quote(made[1])}")
        start.tell(f"export AWS_DEFAULT_REGION={shlex.quote(region)}")
    start.tell(f"aws --endpoint-url {s3_url} s3 ls")
    start.tell("ready")
