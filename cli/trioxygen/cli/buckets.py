"""`o3 bucket`: buckets of all accounts, as the operator sees them."""

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

VolumeOption = Annotated[
    str, typer.Option("--volume", metavar="VOLUME", help="Not S3's, but this one.")
]

app = typer.Typer(help="Buckets.", no_args_is_help=True, rich_markup_mode=None)


def _of(volume: str) -> dict[str, str]:
    """Where none is named, it is the gateway that knows S3's."""
    return {"volume": volume} if volume else {}


def _replication(bucket: dict[str, Any]) -> str:
    # A server of before this version does not say it.
    return bucket.get("replication") or "(default)"


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
        client.every(
            "buckets", "buckets", "name", account_id=account_or_all(client, account), **_of(volume)
        )
    )
    if as_json:
        print_json(buckets)
        return
    print_columns(
        ("BUCKET", "ACCOUNT", "CREATED", "REPLICATION", "LOCATION"),
        [
            (
                each["name"],
                each["account_id"],
                time_text(each["created_ms"]),
                _replication(each),
                each["location"],
            )
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
    _show(bucket, as_json)


@app.command("set-replication")
def set_replication(
    name: Annotated[str, typer.Argument(metavar="BUCKET")],
    replication: Annotated[
        str,
        typer.Argument(
            metavar="REPLICATION",
            help="RATIS/THREE, RATIS/ONE, EC/3-2, EC/6-3, EC/10-4; or default: as the store's.",
        ),
    ],
    volume: VolumeOption = "",
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Says how objects of the bucket are kept that are written from now on.

    Those of a storage class that says it itself are kept as the class says."""
    wanted = "" if replication.lower() == "default" else replication
    path = f"buckets/{segment(name)}/replication"
    bucket = find(data, admin_url).put(path, {"replication": wanted}, **_of(volume))
    _show(bucket, as_json)


def _show(bucket: dict[str, Any], as_json: bool) -> None:
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
            ("replication", _replication(bucket)),
            ("history", f"{history_seconds:g} s" if history_seconds else "not kept"),
        ]
    )
