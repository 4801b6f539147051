"""`o3 admin namespace ...`: blocks that clients keep at the SCM, without an OM."""

from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import find, segment
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import bytes_text, print_columns, print_fields, print_json

_PAGE_MAX: Final = 1_000

app = typer.Typer(
    help="Namespaces of blocks, of clients that use no OM.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(metavar="NAMESPACE")]


@app.command("list")
def list_namespaces(
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists namespaces: whose they are, and what is committed in them."""
    rows: list[dict[str, Any]] = []
    for page in find(data, admin_url).pages("namespaces", count_max=_PAGE_MAX):
        rows += page["namespaces"]
    if as_json:
        print_json(rows)
        return
    print_columns(
        ("NAMESPACE", "OWNER", "REPLICATION", "BLOCKS", "BYTES"),
        [
            (
                row["name"],
                row["owner"],
                row["replication"],
                str(row["blocks"]),
                bytes_text(row["size_bytes"]),
            )
            for row in rows
        ],
    )


@app.command("info")
def info(
    name: NameArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows a namespace, its limits, and what is on lease."""
    view = find(data, admin_url).get(f"namespaces/{segment(name)}")
    if as_json:
        print_json(view)
        return
    row = view["namespace"]
    print_fields(
        [
            ("namespace", row["name"]),
            ("owner", row["owner"] or "each client"),
            ("replication", row["replication"]),
            ("blocks", f"{row['blocks']}{_of(str(row['blocks_max']), row['blocks_max'])}"),
            (
                "bytes",
                bytes_text(row["size_bytes"]) + _of(bytes_text(row["bytes_max"]), row["bytes_max"]),
            ),
            ("on lease", f"{view['leased_blocks']} blocks, {view['leases']} leases"),
        ]
    )


@app.command("delete")
def delete(
    name: NameArgument,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    force: Annotated[bool, typer.Option("--force", help="With all its blocks.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Deletes a namespace that has no blocks."""
    find(data, admin_url).delete(f"namespaces/{segment(name)}", force=str(force).lower())
    if as_json:
        print_json({"name": name})
    else:
        print(f"{name} is deleted")


def _of(most: str, limit: int) -> str:
    return f" of {most}" if limit else ""
