"""Whose something is that a command makes or asks for."""

from typing import Annotated

import typer

from trioxygen.cli.client.admin import AdminClient
from trioxygen.cli.exits import CommandFailed, Exit

AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Account id; `o3 account list`.")
]


def account_or_only(client: AdminClient, account: str | None) -> str:
    """The account that was named, else the only one. Raises CommandFailed: there are others."""
    if account:
        return account
    page = client.get("accounts", count_max=2)
    if len(page["accounts"]) != 1:
        raise CommandFailed(
            Exit.USAGE, "there is not exactly one account: choose with --account ID"
        )
    return str(page["accounts"][0]["account_id"])
