"""`o3 account`: accounts, which own buckets and access keys."""

from typing import Annotated

import typer

from trioxygen.cli.client.admin import find, segment
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

app = typer.Typer(
    help="Accounts, which own buckets and access keys.", no_args_is_help=True, rich_markup_mode=None
)


@app.command("list")
def list_accounts(
    data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None, as_json: JsonOption = False
) -> None:
    """Lists all accounts."""
    accounts = list(find(data, admin_url).every("accounts", "accounts", "account_id"))
    if as_json:
        print_json(accounts)
        return
    print_columns(
        ("ACCOUNT", "NAME", "EMAIL", "CREATED", "CANONICAL ID"),
        [
            (
                each["account_id"],
                each["display_name"],
                each["email"],
                time_text(each["created_ms"]),
                each["canonical_id"],
            )
            for each in accounts
        ],
    )


@app.command("create")
def create_account(
    display_name: Annotated[str, typer.Argument(metavar="NAME", help="Display name.")],
    email: Annotated[str, typer.Option(help="E-mail address.")] = "",
    account_id: Annotated[
        str,
        typer.Option("--id", metavar="ID", help="Chosen by the store if not given."),
    ] = "",
    canonical_id: Annotated[
        str, typer.Option(metavar="ID", help="Chosen by the store if not given.")
    ] = "",
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Creates an account; give it a key with `o3 key create --account ID`."""
    account = find(data, admin_url).post(
        "accounts",
        {
            "display_name": display_name,
            "email": email,
            "account_id": account_id,
            "canonical_id": canonical_id,
        },
    )
    if as_json:
        print_json(account)
        return
    print_fields(
        [
            ("account", account["account_id"]),
            ("canonical id", account["canonical_id"]),
            ("name", account["display_name"]),
            ("email", account["email"]),
        ]
    )


@app.command("show")
def show_account(
    account_id: Annotated[str, typer.Argument(metavar="ID")],
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows an account, and how many identities it has."""
    account = find(data, admin_url).get(f"accounts/{segment(account_id)}")
    if as_json:
        print_json(account)
        return
    print_fields(
        [
            ("account", account["account_id"]),
            ("canonical id", account["canonical_id"]),
            ("name", account["display_name"]),
            ("email", account["email"]),
            ("alias", account["alias"]),
            ("created", time_text(account["created_ms"])),
            *((each, str(account[each])) for each in ("users", "groups", "roles", "policies")),
            ("root keys", str(account["root_keys"])),
        ]
    )
