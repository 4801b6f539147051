"""The `o3` command. Imports are inside the commands: each pays only for what it uses."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TextIO

import typer

from trioxygen.cli import (
    accounts,
    buckets,
    can,
    explain,
    keyring,
    keys,
    lifecycle,
    policies,
    principals,
    role_commands,
    volumes,
)
from trioxygen.cli import config_commands as config_commands
from trioxygen.cli.admin import groups as admin_groups
from trioxygen.cli.client.admin import find
from trioxygen.cli.cluster import commands as cluster_commands
from trioxygen.cli.exits import MEANINGS, CommandFailed, Exit, named_reason_of, reason_of
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, ConfigOption, DataOption, JsonOption

# "\b": the help keeps these lines as they are.
_EPILOG: Final = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:<4} {meaning}" for code, meaning in MEANINGS.items()
)

app = typer.Typer(
    name="o3",
    help="Trioxygen: a self-hosted S3 object store.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app, name="key")
app.add_typer(accounts.app, name="account")
app.add_typer(principals.users, name="user")
app.add_typer(principals.groups, name="group")
app.add_typer(principals.roles, name="role")
app.add_typer(policies.app, name="policy")
app.add_typer(volumes.app, name="volume")
app.add_typer(buckets.app, name="bucket")
app.add_typer(lifecycle.app, name="lifecycle")
app.add_typer(keyring.app, name="keyring")
app.add_typer(config_commands.app, name="config")
app.add_typer(cluster_commands.app, name="cluster")
app.add_typer(admin_groups.app, name="admin")


@app.command()
def serve(
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="Data folder; made if it is missing.")
    ] = DATA_DEFAULT,
    port: Annotated[
        int | None, typer.Option(help="S3 port, 0 for a free one.", show_default="9878")
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address of the S3 port.", show_default="127.0.0.1")
    ] = None,
    admin_port: Annotated[
        int | None, typer.Option(help="Admin port, 0 for a free one.", show_default="9879")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Runs gateway, OM, SCM and one DataNode in this process, until SIGTERM or Ctrl-C."""
    from trioxygen.cli.config.reading import credentials, load

    flags: dict[tuple[str, str], Any] = {
        name: value
        for name, value in (
            (("s3", "port"), port),
            (("s3", "host"), host),
            (("admin", "port"), admin_port),
        )
        if value is not None
    }
    # Mistakes are told before the heavy imports.
    loaded, chosen = load(config, flags), credentials()
    from trioxygen.cli.running.serve import ServeStart, run_store
    from trioxygen.cli.wiring.all_in_one import assemble_store

    run_store(
        ServeStart(
            config=loaded,
            data=data,
            credentials=chosen,
            assemble=assemble_store,
            tell=lambda line: print(line, flush=True),
        )
    )


role_commands.add_to(app)
app.command()(explain.explain)
app.command()(can.can)


@app.command()
def status(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Shows leaders, nodes, containers and space of a running server."""
    from trioxygen.cli.printing import print_json
    from trioxygen.cli.status import print_status

    answer = find(data, admin_url).get("status")
    if as_json:
        print_json(answer)
    else:
        print_status(answer)


@app.command()
def version() -> None:
    """Prints the version."""
    from trioxygen.common.version import __version__

    print(__version__)


def main() -> None:
    """The entry point: every error is one line on standard error and an exit code."""
    try:
        code = app(prog_name="o3", standalone_mode=False)
    except CommandFailed as failure:
        _end(failure.code, str(failure))
    except typer.TyperException as mistake:  # of usage: unknown options, missing values
        context = getattr(mistake, "ctx", None)
        path = context.command_path if context is not None else "o3"
        message = mistake.format_message().rstrip(".")
        if message.startswith("Usage:"):  # no arguments at all: the help itself
            print(message, file=sys.stderr)
            sys.exit(Exit.USAGE)
        _end(Exit.USAGE, f"{message}: see '{path} --help'")
    except typer.Abort:
        _end(Exit.INTERRUPTED, "interrupted")
    except BrokenPipeError:
        _end_unheard()
    except Exception as error:
        _end(*_exit_of(error))
    _flush_output()
    sys.exit(code if isinstance(code, int) else Exit.OK)


def _flush_output() -> None:
    """Here, where what fails is told as any other failure."""
    if sys.stdout is None:
        return  # closed from the start
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _end_unheard()
    except OSError as error:
        _forget_output()
        _end(Exit.REFUSED, f"cannot write the output: {reason_of(error)}")


def _exit_of(error: Exception) -> tuple[Exit, str]:
    """Of what no command foresaw. Raises what is a defect of ours."""
    from trioxygen.common.errors import TrioxygenError  # heavy: only when it is needed

    if isinstance(error, TrioxygenError):
        return Exit.REFUSED, str(error)
    if isinstance(error, OSError):
        if sys.stdout is not None:
            _forget_output()  # it may be what failed
        return Exit.REFUSED, named_reason_of(error)
    raise error


def _end_unheard() -> NoReturn:
    """Who reads our output has gone; nothing more can be told."""
    _forget_output()
    sys.exit(Exit.REFUSED)


def _forget_output() -> None:
    _forget(sys.stdout)


def _forget(stream: TextIO) -> None:
    """What is left in its buffer could not be written: the interpreter's end is not to try."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())


def _end(code: Exit, message: str) -> NoReturn:
    if sys.stderr is not None:
        try:
            print(f"o3: {' '.join(message.split())}", file=sys.stderr, flush=True)
        except OSError:
            _forget(sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
