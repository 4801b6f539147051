"""Whose something is that a command makes or asks for."""

from pathlib import Path
from typing import Annotated, Final

import typer

from trioxygen.cli.client.admin import AdminClient, find, segment
from trioxygen.cli.exits import CommandFailed, Exit

AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Account id; `o3 account list`.")
]

# Of those that can be chosen.
_SHOWN_ACCOUNTS_MAX: Final = 5


def account_or_all(client: AdminClient, account: str | None) -> str:
    """The account that was named; "": none was. Raises CommandFailed: there is none of that id, so
    that what it has is not shown as nothing."""
    if account:
        client.get(f"accounts/{segment(account)}")
    return account or ""


def account_or_only(client: AdminClient, account: str | None) -> str:
    """The account that was named, else the only one. Raises CommandFailed: there are others, or
    none of that id."""
    if account:
        return account_or_all(client, account)
    page = client.get("accounts", count_max=_SHOWN_ACCOUNTS_MAX)
    ids = [str(each["account_id"]) for each in page["accounts"]]
    if not ids:
        raise CommandFailed(Exit.USAGE, "there is no account: make one with 'o3 account create'")
    if len(ids) > 1:
        named = ", ".join(ids) + (", ..." if page["truncated"] else "")
        raise CommandFailed(
            Exit.USAGE, f"there is not exactly one account: choose with --account ID: {named}"
        )
    return ids[0]


def in_account(data: Path, admin_url: str | None, account: str | None) -> tuple[AdminClient, str]:
    """The server, and the account that was named or is the only one. Raises CommandFailed."""
    client = find(data, admin_url)
    return client, account_or_only(client, account)
