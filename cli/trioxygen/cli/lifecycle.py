"""`o3 lifecycle`: what lifecycle rules of buckets have done."""

from typing import Any, Final

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_json, time_text, words

_PAGE_MAX: Final = 1_000

app = typer.Typer(
    help="Lifecycle rules of buckets: what they do.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def lifecycle() -> None:
    """A noun of one verb keeps it."""


@app.command("status")
def status(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists buckets with rules: what has gone or was moved by them, and what locks have kept."""
    rows: list[dict[str, Any]] = []
    for page in find(data, admin_url).pages("lifecycles", first=0, count_max=_PAGE_MAX):
        rows += page["lifecycles"]
    if as_json:
        print_json(rows)
        return
    print_columns(
        (
            *("BUCKET", "STATE", "EXAMINED", "EXPIRED", "NONCURRENT", "MARKERS", "UPLOADS"),
            *("MOVED", "LOCKED", "LAST"),
        ),
        [
            (
                row["bucket"],
                words(row["state"]),
                str(row["examined"]),
                str(row["expired"]),
                str(row["removed"]),
                str(row["removed_markers"]),
                str(row["aborted"]),
                str(row["transitioned"]),
                str(row["locked"]),
                time_text(row["worked_ms"]) if row["worked_ms"] else "never",
            )
            for row in rows
        ],
    )
