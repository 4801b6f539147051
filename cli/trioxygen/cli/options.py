"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated, Final

import typer

DATA_DEFAULT: Final = Path("data")

DataOption = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Data folder of the running server.")
]
StoppedDataOption = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Data folder; nothing may run on it.")
]
AdminUrlOption = Annotated[
    str | None,
    typer.Option(
        "--admin-url",
        metavar="URL",
        help="Admin port of a server elsewhere; its token is read from O3_ADMIN_TOKEN.",
    ),
]
OfAccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Only of this account.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="TOML configuration.")
]
