"""`o3 admin check`: looks at every page and every row of a stopped store, and removes damaged rows
when it is told to."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trioxygen.cli.config.roles import GROUPS
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, StoppedDataOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trioxygen.metadata.store.ports import Table

_PROBLEMS_SHOWN: Final = 20
STORES: Final = (*GROUPS, "datanode")


def check_state(
    service: Annotated[str, typer.Argument(metavar="om|scm|datanode", help="Whose rows.")],
    data: StoppedDataOption = DATA_DEFAULT,
    remove: Annotated[
        bool,
        typer.Option(
            "--remove", help="Deletes damaged rows. Only where no other member has them whole."
        ),
    ] = False,
) -> None:
    """Checks the pages and all rows of a stopped OM, SCM or DataNode; lists damaged rows.

    Ends with 1 when something is damaged and was left."""
    from trioxygen.common.errors import TrioxygenError
    from trioxygen.metadata.store.lmdb_file import problems_of
    from trioxygen.metadata.store.lmdb_kv import LmdbStore
    from trioxygen.metadata.store.seal import shown

    path, tables = _place(service, data)
    with locked(data):
        if not (path / "data.mdb").is_file():
            raise CommandFailed(Exit.DATA_FOLDER, f"{path} holds no rows: nothing to check")
        problems = problems_of(path)
        for problem in problems[:_PROBLEMS_SHOWN]:
            print(f"page\t{problem}")
        if problems:
            raise CommandFailed(
                Exit.REFUSED,
                f"{path / 'data.mdb'} is damaged ({len(problems)} problems): "
                "see docs/operations/damage.md",
            )
        try:
            # All pages, however large the file is: also what its verifier does not look at.
            store = LmdbStore(path, tables, check_bytes_max=sys.maxsize)
            try:
                damaged = store.damaged_rows(remove=remove)
                rows = sum(store.count(table) for table in tables)
            finally:
                store.close()
        except TrioxygenError as error:
            raise CommandFailed(Exit.REFUSED, f"{path} cannot be checked: {error}") from error
    for table, key in damaged:
        print(f"{table.name}\t{key.hex()}\t{shown(key)}")
    done = "removed" if remove else "damaged"
    print(f"{service}: {rows} rows, {len(damaged)} {done}", file=sys.stderr)
    if damaged and not remove:
        raise CommandFailed(
            Exit.REFUSED, f"{len(damaged)} damaged rows in {path}: see docs/operations/damage.md"
        )


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Nobody else uses the data folder meanwhile. Raises CommandFailed."""
    from trioxygen.cli.folder.data_folder import Owner, open_data_folder
    from trioxygen.common.rpc.local import LocalNetwork
    from trioxygen.common.runtime import system_runtime

    if not (data / "VERSION").exists():
        raise CommandFailed(
            Exit.DATA_FOLDER, f"{data} is not a data folder of o3: name one with --data"
        )
    runtime = system_runtime(LocalNetwork())
    try:
        folder = open_data_folder(runtime, data, Owner(""))
        try:
            yield
        finally:
            folder.lock.release()
    finally:
        runtime.blocking.close()


def _place(service: str, data: Path) -> "tuple[Path, Sequence[Table]]":
    if service == "datanode":
        from trioxygen.hdds.container.blocks import TABLES

        return data / "datanode" / "index", TABLES
    if service == "om":
        from trioxygen.metadata.om.state.schema import ALL_TABLES as OM_TABLES

        return data / "om", OM_TABLES
    if service == "scm":
        from trioxygen.metadata.scm.schema import ALL_TABLES as SCM_TABLES

        return data / "scm", SCM_TABLES
    raise CommandFailed(Exit.USAGE, f"'{service}' is none of {', '.join(STORES)}")
