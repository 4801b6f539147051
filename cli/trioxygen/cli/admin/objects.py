"""What lies in containers: asked for a page at a time, and printed."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import AdminClient
from trioxygen.cli.printing import bytes_text, print_columns, words
from trioxygen.cli.progress import Step, progress

# That a server takes at once.
CONTAINERS_MAX: Final = 1_000
OBJECTS_LIMIT: Final = 1_000
_PAGE_COUNT: Final = 1_000

LimitOption = Annotated[
    int, typer.Option("--limit", min=1, max=1_000_000, help="Ends when so many were found.")
]


@dataclass(slots=True)
class Held:
    """Attributes:
    holders: objects, versions and parts, as the admin port says them.
    containers: what is referred to of each that was asked for.
    is_whole: all names were looked at, and none left out.
    """

    holders: list[dict[str, Any]] = field(default_factory=list)
    containers: list[dict[str, Any]] = field(default_factory=list)
    examined: int = 0
    is_whole: bool = True

    def as_json(self) -> dict[str, Any]:
        return {
            "objects": self.holders,
            "containers": self.containers,
            "examined": self.examined,
            "is_whole": self.is_whole,
        }


def find_objects(
    client: AdminClient, container_ids: Sequence[int], *, limit: int, as_json: bool
) -> Held:
    held, rows = Held(), 0
    pages = client.pages("holders", container_id=container_ids, count_max=_PAGE_COUNT)
    with progress("looking through all names", as_json=as_json) as shown:
        for page in pages:
            rows = rows or page["rows"]
            held.containers += page["containers"]
            held.holders += page["holders"]
            held.examined += page["examined"]
            text = f"{held.examined} of about {rows} rows, {len(held.holders)} found"
            shown.tell(Step(min(held.examined, rows), rows, text, is_over=not page["next"]))
            if len(held.holders) >= limit:
                held.is_whole = len(held.holders) == limit and not page["next"]
                del held.holders[limit:]
                break
    return held


def print_objects(held: Held) -> None:
    print_columns(
        ("KIND", "BUCKET", "KEY", "SIZE", "IN THEM", "CONTAINERS", "WHICH"),
        [
            (
                words(each["kind"]),
                "/".join(part for part in (each["volume"], each["bucket"]) if part),
                each["key"],
                bytes_text(each["size_bytes"]),
                bytes_text(each["held_bytes"]),
                " ".join(map(str, each["container_ids"])),
                _which(each),
            )
            for each in held.holders
        ],
    )
    blocks = sum(each["blocks"] for each in held.containers)
    at_least = "" if all(each["is_all"] for each in held.containers) else "at least "
    more = "" if held.is_whole else "; there may be more: see --limit"
    print(
        f"{len(held.holders)} named of what refers to {at_least}{blocks} blocks in "
        f"{len(held.containers)} containers{more}",
        file=sys.stderr,
    )


def _which(holder: dict[str, Any]) -> str:
    """Of a key's versions, or an upload's parts."""
    if holder["upload_id"]:
        return f"part {holder['part_number']} of upload {holder['upload_id']}"
    return f"object {holder['object_id']}"
