"""`o3 key`: access keys. A secret is shown once, when its key is made."""

import sys
from typing import Annotated

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.client.owner import AccountOption, account_or_all, account_or_only
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

app = typer.Typer(help="Access keys.", no_args_is_help=True, rich_markup_mode=None)

UserOption = Annotated[
    str | None, typer.Option("--user", metavar="NAME", help="A user's; else the account's root.")
]
KeyArgument = Annotated[str, typer.Argument(metavar="KEY")]


@app.command("list")
def list_keys(
    account: AccountOption = None,
    user: UserOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists access keys, of a user, of one account or of all; never secrets."""
    client = find(data, admin_url)
    if user is None:
        query = {"account_id": account_or_all(client, account)}
    else:
        query = {"account_id": account_or_only(client, account), "user": user}
    keys = list(client.every("keys", "keys", "access_key", **query))
    if as_json:
        print_json(keys)
        return
    print_columns(
        ("ACCESS KEY", "ACCOUNT", "USER", "STATUS", "CREATED", "LAST USED"),
        [
            (
                key["access_key"],
                key["account_id"],
                key["user"],
                "active" if key["is_active"] else "disabled",
                time_text(key["created_ms"]),
                time_text(key["last_used_ms"]) if key["last_used_ms"] else "never",
            )
            for key in keys
        ],
    )


@app.command("create")
def create_key(
    account: AccountOption = None,
    user: UserOption = None,
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
    wanted = {"account_id": account_or_only(client, account)}
    if user:
        wanted["user"] = user
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
            *([("user", user)] if user else []),
        ]
    )


@app.command("disable")
def disable_key(
    access_key: KeyArgument, data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None
) -> None:
    """Refuses an access key until it is enabled; a gateway may accept it for 5 seconds more."""
    find(data, admin_url).put("keys", {"access_key": access_key, "is_active": False})
    print(f"disabled {access_key}")


@app.command("enable")
def enable_key(
    access_key: KeyArgument, data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None
) -> None:
    """Accepts an access key again."""
    find(data, admin_url).put("keys", {"access_key": access_key, "is_active": True})
    print(f"enabled {access_key}")


@app.command("revoke")
def revoke_key(
    access_key: KeyArgument, data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None
) -> None:
    """Revokes an access key; a gateway may accept it for up to 5 seconds more."""
    find(data, admin_url).delete("keys", access_key=access_key)
    print(f"revoked {access_key}")
