"""`o3 key`: access keys. A secret is shown once, when its key is made."""

import sys
from typing import Annotated

import typer

from trioxygen.cli.client.admin import AdminClient, find
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

app = typer.Typer(help="Access keys.", no_args_is_help=True, rich_markup_mode=None)

AccountOption = Annotated[
    str | None, typer.Option("--account", metavar="ID", help="Account id; `o3 account list`.")
]


@app.command("list")
def list_keys(
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists access keys, of one account or of all; never secrets."""
    client = find(data, admin_url)
    keys = list(client.every("keys", "keys", "access_key", account_id=account or ""))
    if as_json:
        print_json(keys)
        return
    print_columns(
        ("ACCESS KEY", "ACCOUNT", "CREATED"),
        [(key["access_key"], key["account_id"], time_text(key["created_ms"])) for key in keys],
    )


@app.command("create")
def create_key(
    account: AccountOption = None,
    access_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Chosen by the store if not given.")
    ] = None,
    secret_stdin: Annotated[
        bool, typer.Option("--secret-stdin", help="Read the secret key from standard input.")
    ] = False,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Makes an access key and prints its secret, this once."""
    client = find(data, admin_url)
    wanted = {"account_id": account or _only_account(client)}
    if access_key is not None:
        wanted["access_key"] = access_key
    if secret_stdin:
        wanted["secret_key"] = sys.stdin.readline().rstrip("\r\n")
    key = client.post("keys", wanted)
    if as_json:
        print_json(key)
        return
    print_fields(
        [
            ("access key", key["access_key"]),
            ("secret key", key["secret_key"]),
            ("account", key["account_id"]),
        ]
    )


@app.command("revoke")
def revoke_key(
    access_key: Annotated[str, typer.Argument(metavar="KEY")],
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
) -> None:
    """Revokes an access key; a gateway may accept it for up to 5 seconds more."""
    find(data, admin_url).delete("keys", access_key=access_key)
    print(f"revoked {access_key}")


def _only_account(client: AdminClient) -> str:
    page = client.get("accounts", count_max=2)
    if len(page["accounts"]) != 1:
        raise CommandFailed(
            Exit.USAGE, "there is not exactly one account: choose with --account ID"
        )
    return str(page["accounts"][0]["account_id"])
