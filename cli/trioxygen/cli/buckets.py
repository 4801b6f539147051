"""`o3 bucket`: buckets of all accounts, as the operator sees them."""

from typing import Annotated

import typer

from trioxygen.cli.admin_client import (
    DATA_DEFAULT,
    AdminUrlOption,
    DataOption,
    JsonOption,
    find,
    segment,
)
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

app = typer.Typer(help="Buckets.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_buckets(
    account: Annotated[
        str | None, typer.Option("--account", metavar="ID", help="Only of this account.")
    ] = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists buckets, of one account or of all."""
    client = find(data, admin_url)
    buckets = list(client.every("buckets", "buckets", "name", account_id=account or ""))
    if as_json:
        print_json(buckets)
        return
    print_columns(
        ("BUCKET", "ACCOUNT", "CREATED", "LOCATION"),
        [
            (each["name"], each["account_id"], time_text(each["created_ms"]), each["location"])
            for each in buckets
        ],
    )


@app.command("info")
def bucket_info(
    name: Annotated[str, typer.Argument(metavar="BUCKET")],
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows one bucket."""
    bucket = find(data, admin_url).get(f"buckets/{segment(name)}")
    if as_json:
        print_json(bucket)
        return
    history_seconds = bucket["history_retention_ms"] / 1_000
    print_fields(
        [
            ("bucket", bucket["name"]),
            ("id", str(bucket["bucket_id"])),
            ("account", bucket["account_id"]),
            ("created", time_text(bucket["created_ms"])),
            ("location", bucket["location"] or "(none)"),
            ("layout", bucket["layout"]),
            ("history", f"{history_seconds:g} s" if history_seconds else "not kept"),
        ]
    )
