"""`o3 bucket`: buckets of all accounts, as the operator sees them."""

from typing import Annotated

import typer

from trioxygen.cli.client.admin import find, segment
from trioxygen.cli.options import (
    DATA_DEFAULT,
    AdminUrlOption,
    DataOption,
    JsonOption,
    OfAccountOption,
)
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text

VolumeOption = Annotated[
    str, typer.Option("--volume", metavar="VOLUME", help="Not S3's, but this one.")
]

app = typer.Typer(help="Buckets.", no_args_is_help=True, rich_markup_mode=None)


def _of(volume: str) -> dict[str, str]:
    """Where none is named, it is the gateway that knows S3's."""
    return {"volume": volume} if volume else {}


@app.command("list")
def list_buckets(
    account: OfAccountOption = None,
    volume: VolumeOption = "",
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists buckets, of one account or of all."""
    client = find(data, admin_url)
    buckets = list(
        client.every("buckets", "buckets", "name", account_id=account or "", **_of(volume))
    )
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
    volume: VolumeOption = "",
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows one bucket."""
    bucket = find(data, admin_url).get(f"buckets/{segment(name)}", **_of(volume))
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
