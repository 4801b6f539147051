"""`o3 admin dump` and `load`: the state of an OM or SCM as a file, independent of the engine. On a
data folder that no process uses."""

import os
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final, cast

import typer

from trioxygen.cli.admin.check import check_state, locked
from trioxygen.cli.config.roles import GROUPS
from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.cli.options import DATA_DEFAULT, StoppedDataOption

if TYPE_CHECKING:
    from trioxygen.metadata.store.ports import Store, Table

_PIECE_BYTES: Final = 1 << 20

ServiceArgument = Annotated[str, typer.Argument(metavar="om|scm", help="Whose state.")]
FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="'-' for standard output or input.")
]


def add_to(app: typer.Typer) -> None:
    app.command("dump")(dump_state)
    app.command("load")(load_state)
    app.command("check")(check_state)


def dump_state(
    service: ServiceArgument, file: FileArgument, data: StoppedDataOption = DATA_DEFAULT
) -> None:
    """Writes the state of a stopped OM or SCM to a file."""
    from trioxygen.common.errors import TrioxygenError
    from trioxygen.metadata.replication import dump

    _check_service(service)
    if not (data / service).is_dir():
        raise CommandFailed(Exit.DATA_FOLDER, f"{data} holds no state of an {service}")
    size_bytes = 0
    with _state(data, service, data / service) as (store, tables):
        try:
            with _opened(file, "wb") as target:
                for piece in dump.dump_state(store, tables):
                    target.write(piece)
                    size_bytes += len(piece)
                target.flush()
        except TrioxygenError as error:
            raise CommandFailed(Exit.REFUSED, f"the dump failed: {error}") from error
    print(f"{service}: {size_bytes} bytes", file=sys.stderr)


def load_state(
    service: ServiceArgument, file: FileArgument, data: StoppedDataOption = DATA_DEFAULT
) -> None:
    """Makes the state of an OM or SCM from a dump. It must have none in the folder: move the old
    one, and the folder `log`, away before."""
    from trioxygen.cli.folder.parts import loaded_mark
    from trioxygen.common.errors import TrioxygenError
    from trioxygen.common.system_disk import SystemDisk
    from trioxygen.metadata.om.restore import forget_since_dump as forget_om
    from trioxygen.metadata.replication.dump import load_state as load
    from trioxygen.metadata.scm.restore import forget_since_dump as forget_scm

    _check_service(service)
    if (data / service).exists():
        raise CommandFailed(
            Exit.DATA_FOLDER, f"{data / service} is there already: move it away before"
        )
    # Half a state must never stand where a server would begin with it.
    beside = data / f"{service}.loading"
    shutil.rmtree(beside, ignore_errors=True)
    try:
        with _opened(file, "rb") as source, _state(data, service, beside) as (store, tables):
            pieces = iter(lambda: source.read(_PIECE_BYTES), b"")
            forget = forget_om if service == "om" else forget_scm
            rows = load(store, tables, pieces, random.SystemRandom(), forget)
    except TrioxygenError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise CommandFailed(
            Exit.REFUSED, f"{file} was not loaded: {error}: {data} is as it was"
        ) from error
    disk = SystemDisk()
    # Its log begins with it.
    disk.replace(loaded_mark(data, service), b"")
    disk.rename(beside, data / service)
    disk.sync_directory(data)
    print(f"{service}: {rows} rows", file=sys.stderr)


def _check_service(service: str) -> None:
    if service not in GROUPS:
        raise CommandFailed(Exit.USAGE, f"'{service}' is none of {', '.join(GROUPS)}")


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[BinaryIO]:
    if str(file) == "-":
        yield sys.stdout.buffer if "w" in mode else sys.stdin.buffer
        return
    try:
        # It holds secret keys, and may be the only one there is.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL if "w" in mode else os.O_RDONLY
        opened = os.fdopen(os.open(file, flags, 0o600), mode)
    except FileExistsError as error:
        raise CommandFailed(Exit.USAGE, f"{file} is there already: choose another name") from error
    except OSError as error:
        reason = reason_of(error)
        raise CommandFailed(Exit.USAGE, f"{file}: {reason}") from error
    with opened as stream:
        yield cast(BinaryIO, stream)


@contextmanager
def _state(data: Path, service: str, path: Path) -> "Iterator[tuple[Store, Sequence[Table]]]":
    """The store of a service at a path and all its tables, with the data folder locked."""
    from trioxygen.cli.config.reading import load
    from trioxygen.cli.wiring.stores import TABLES, service_store
    from trioxygen.common.errors import Corrupt

    config = load(None, {})
    with locked(data):
        try:
            store = service_store(config, path, service)
        except (Corrupt, OSError) as error:
            raise CommandFailed(Exit.DATA_FOLDER, f"{path} cannot be opened: {error}") from error
        try:
            yield store, TABLES[service]
        finally:
            store.close()
