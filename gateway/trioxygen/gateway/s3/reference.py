"""docs/reference/s3-operations.md, written from the table: `make docs`."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from trioxygen.gateway.protocol.control import ACCOUNT_HEADER, PATH
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource
from trioxygen.gateway.s3.refused_headers import (
    REFUSED_PREFIXES,
    TAKEN,
    refuse_of_put,
    refuse_unimplemented,
)
from trioxygen.gateway.s3.table import OPERATIONS

_PATHS: Final = {
    Level.SERVICE: "/",
    Level.BUCKET: "/bucket",
    Level.OBJECT: "/bucket/key",
    Level.ANY: "any path",
}
_HEAD: Final = """# S3 operations

Written by `make docs` from the table that routes and authorises requests (`gateway/s3/table.py`).
Every row of "not here yet" is answered `501 NotImplemented` to who may ask, and changes nothing:
that the bucket is not there, that the caller may not, or that an argument is bad is said first. How
the operations answer where S3 leaves a choice is in [s3.md](s3.md).

An operation asks for every action in its row: policies of identities and of buckets, ACLs and
settings decide about each. Of a bucket that has none of it the owner's account alone may do
anything: its root, and whom its policies of identities let.
"""
_HEADERS: Final = """## Headers that are refused

A header that asks for what is not here is never ignored; one that is not listed is, as S3 ignores
what it does not know. `501 NotImplemented` is the answer of {names};
but PutObject appends with `x-amz-write-offset-bytes`.
"""
_COLUMNS: Final = "\n| operation | request | IAM action |\n|---|---|---|\n"


def page(operations: Iterable[Operation] = OPERATIONS) -> str:
    rows = sorted(operations, key=lambda row: row.name)
    here = [row for row in rows if row.handler is not None]
    absent = [row for row in rows if row.handler is None]
    return (
        f"{_HEAD}\n## Here: {len(here)}\n{_COLUMNS}{_table(here)}"
        f"\n{_headers(here)}"
        f"\n## Not here yet: {len(absent)}\n{_COLUMNS}{_table(absent)}"
    )


def _headers(operations: Sequence[Operation]) -> str:
    """Of requests, that are refused: by the rows of the operations that look at them."""
    lines = [f"| `{name}` | {_values(taken)} |" for name, taken in TAKEN.items()]
    lines += [f"| `{prefix}*` | none |" for prefix in REFUSED_PREFIXES]
    return (
        f"{_HEADERS.format(names=_checked_by(operations, {refuse_unimplemented, refuse_of_put}))}"
        + "\n| header | values that are taken |\n|---|---|\n"
        + "".join(f"{line}\n" for line in sorted(lines))
    )


def _checked_by(operations: Iterable[Operation], refuses: Collection[object]) -> str:
    return ", ".join(row.name for row in operations if row.refuses in refuses)


def _values(taken: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" if value else "empty" for value in sorted(taken)) or "none"


def _table(rows: Iterable[Operation]) -> str:
    return "".join(f"| {row.name} | `{_request(row)}` | {_actions(row)} |\n" for row in rows)


def _request(operation: Operation) -> str:
    route = operation.route
    if route.level is Level.ACCOUNT:
        return f"{route.method} {PATH}{route.sub_resource} with {ACCOUNT_HEADER}"
    names = [name for name in (route.sub_resource, route.query) if name]
    query = "?" + "&".join(names) if names else ""
    header = f" with {route.header}" if route.header else ""
    return f"{route.method} {_PATHS[route.level]}{query}{header}"


def _actions(operation: Operation) -> str:
    if not operation.accesses:
        return "none"
    return ", ".join(_action(operation, access) for access in operation.accesses)


def _action(operation: Operation, access: Access) -> str:
    of_version = f" (of a version `{access.version_action}`)" if access.version_action else ""
    place = "" if _is_plain(operation, access.resource) else _on(access.resource)
    by_header = " if the request asks for it" if access.when is not None else ""
    return f"`{access.action}`{of_version}{place}{by_header}"


def _is_plain(operation: Operation, resource: Resource) -> bool:
    """Whether the action is about just what the request addresses."""
    return resource.name in (operation.route.level.name, "NEW_BUCKET")


def _on(resource: Resource) -> str:
    return f" on {resource.value}"


if __name__ == "__main__":
    print(page(), end="")
