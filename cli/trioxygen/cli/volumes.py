"""`o3 volume`: what buckets are in. S3 sees the buckets of one volume."""

from typing import Annotated, Any

import typer

from trioxygen.cli.client.admin import find, segment
from trioxygen.cli.client.owner import account_or_all
from trioxygen.cli.options import (
    DATA_DEFAULT,
    AdminUrlOption,
    DataOption,
    JsonOption,
    OfAccountOption,
)
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

app = typer.Typer(
    help="Volumes, which buckets are in.", no_args_is_help=True, rich_markup_mode=None
)

_Name = Annotated[str, typer.Argument(metavar="VOLUME")]


@app.command("list")
def list_volumes(
    account: OfAccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists volumes, of one account or of all."""
    client = find(data, admin_url)
    volumes = list(
        client.every("volumes", "volumes", "name", account_id=account_or_all(client, account))
    )
    if as_json:
        print_json(volumes)
        return
    print_columns(
        ("VOLUME", "ACCOUNT", "CREATED"),
        [(each["name"], each["account_id"], time_text(each["created_ms"])) for each in volumes],
    )


@app.command("info")
def volume_info(
    name: _Name,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows one volume."""
    _show(find(data, admin_url).get(f"volumes/{segment(name)}"), as_json)


@app.command("create")
def create_volume(
    name: _Name,
    account: Annotated[
        str, typer.Option("--account", metavar="ID", help="Whose it is; else the operators'.")
    ] = "",
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Creates a volume."""
    volume = find(data, admin_url).post("volumes", {"name": name, "account_id": account})
    _show(volume, as_json)


@app.command("delete")
def delete_volume(
    name: _Name, data: DataOption = DATA_DEFAULT, admin_url: AdminUrlOption = None
) -> None:
    """Deletes a volume that has no buckets."""
    find(data, admin_url).delete(f"volumes/{segment(name)}")


def _show(volume: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(volume)
        return
    print_fields(
        [
            ("volume", volume["name"]),
            ("account", volume["account_id"] or "(the operators)"),
            ("created", time_text(volume["created_ms"])),
        ]
    )
