"""`o3 account`: accounts, which own buckets and access keys."""

from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import find, segment
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

app = typer.Typer(
    help="Accounts, which own buckets and access keys.", no_args_is_help=True, rich_markup_mode=None
)


class Blocked(StrEnum):
    """As S3 calls what a public access block can block."""

    ALL = "all"
    BLOCK_PUBLIC_ACLS = "BlockPublicAcls"
    IGNORE_PUBLIC_ACLS = "IgnorePublicAcls"
    BLOCK_PUBLIC_POLICY = "BlockPublicPolicy"
    RESTRICT_PUBLIC_BUCKETS = "RestrictPublicBuckets"


# By what the admin port calls it.
_BLOCKS: Final = {each.name.lower(): each for each in Blocked if each is not Blocked.ALL}


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
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="12 digits, as AWS's have; or a word of letters, digits, - _ . (64 at most)."
            " Chosen by the store if not given.",
        ),
    ] = None,
    canonical_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="64 hex digits, or the id. Chosen if not given."),
    ] = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Creates an account; give it a key with `o3 key create --account ID`."""
    given = {"NAME": display_name.strip(), "--id": account_id, "--canonical-id": canonical_id}
    for what, value in given.items():
        if value == "":
            raise CommandFailed(Exit.USAGE, f"{what} is empty: see 'o3 account create --help'")
    account = find(data, admin_url).post(
        "accounts",
        {
            "display_name": display_name,
            "email": email,
            "account_id": account_id or "",
            "canonical_id": canonical_id or "",
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


@app.command("public-access")
def public_access(
    account_id: Annotated[str, typer.Argument(metavar="ID")],
    block: Annotated[
        list[str] | None,
        typer.Option(
            "--block",
            metavar="WHAT",
            help=f"{', '.join(Blocked)}. May be given more than once; the rest is not.",
        ),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="The account blocks nothing.")] = False,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows what an account blocks for all its buckets, or sets it (--block, --clear).

    It holds with the next request; what a bucket blocks itself stays blocked."""
    if block and clear:
        raise CommandFailed(Exit.USAGE, "--block and --clear exclude each other")
    wanted = [_blocked(each) for each in block or []]
    client, path = find(data, admin_url), f"accounts/{segment(account_id)}/public-access"
    if clear:
        client.delete(path)
    if wanted:
        asked = {each: each in wanted or Blocked.ALL in wanted for each in Blocked}
        shown = client.put(path, {name: asked[each] for name, each in _BLOCKS.items()})
    else:
        shown = client.get(path)
    _show_public_access(shown, as_json)


def _blocked(text: str) -> Blocked:
    """Whatever its case. Raises CommandFailed."""
    for each in Blocked:
        if each.value.lower() == text.lower():
            return each
    raise CommandFailed(
        Exit.USAGE, f"--block: '{text}' is nothing to block: give {', '.join(Blocked)}"
    )


def _show_public_access(shown: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    print_fields(
        [
            ("account", shown["account_id"]),
            ("block", "set" if shown["is_set"] else "not set"),
            *((each.value, "yes" if shown[name] else "no") for name, each in _BLOCKS.items()),
        ]
    )
