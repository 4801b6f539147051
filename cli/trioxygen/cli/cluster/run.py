"""`o3 cluster up`: the folder of a local cluster, and its supervisor until SIGTERM or Ctrl-C."""

from pathlib import Path

import uvloop

from trioxygen.cli.cluster.control import ControlPort
from trioxygen.cli.cluster.layout import Layout, new_layout, read_layout, write_layout
from trioxygen.cli.cluster.supervisor import ClusterStart, Supervisor
from trioxygen.cli.config.roles import ROLES
from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.common.disk import Lock
from trioxygen.common.errors import NoSpace
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.gateway.http.uvicorn_server import stop_signals


def run_cluster(start: ClusterStart) -> None:
    """Returns when a signal has stopped it. Raises CommandFailed."""
    try:
        uvloop.run(_run(start))
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        reason = f"{reason_of(error)}{where}"
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use folder {start.folder}: {reason}"
        ) from error
    except NoSpace as error:
        reason = f"cannot use folder {start.folder}: {error}: free some space"
        raise CommandFailed(Exit.DATA_FOLDER, reason) from error


async def _run(start: ClusterStart) -> None:
    runtime = system_runtime(LocalNetwork())
    try:
        lock = _locked(runtime, start.folder)
        try:
            await _supervise(start, runtime)
        finally:
            lock.release()
    finally:
        await runtime.stop()


async def _supervise(start: ClusterStart, runtime: Runtime) -> None:
    supervisor = Supervisor(start, runtime, _layout(start, runtime))
    control = ControlPort(start, runtime, supervisor)
    with stop_signals(at_once=supervisor.end_at_once) as stopping:
        try:
            if await runtime.tasks.run_unless(stopping, supervisor.start(), name="start"):
                await control.open()
                supervisor.tell_endpoints()
                await stopping.wait()
        finally:
            control.close()
            await supervisor.stop()


def _locked(runtime: Runtime, folder: Path) -> Lock:
    try:
        runtime.disk.make_directory(folder)
        lock = runtime.disk.lock(folder / "lock")
    except OSError as error:
        reason = reason_of(error)
        raise CommandFailed(
            Exit.DATA_FOLDER, f"cannot use folder {folder}: {reason}: choose one with --data"
        ) from error
    if lock is None:
        raise CommandFailed(Exit.DATA_FOLDER, f"a cluster runs on {folder} already")
    return lock


def _layout(start: ClusterStart, runtime: Runtime) -> Layout:
    layout = read_layout(runtime.disk, start.folder)
    if layout is None:
        counts = {
            role: start.counts.get(role) or facts.local_count for role, facts in ROLES.items()
        }
        layout = new_layout(runtime.rng, start.host, counts)
    for role, count in start.counts.items():
        if count is not None and count != len(layout.of(role)):
            raise CommandFailed(
                Exit.USAGE,
                f"{start.folder} has {len(layout.of(role))} of role {role}, not {count}: leave the "
                "option out, or use 'o3 cluster add' and 'remove'",
            )
    write_layout(runtime.disk, start.folder, layout)
    return layout
