"""`o3 user`, `o3 group`, `o3 role`: who may ask, by their policies. Whoever has a root key of the
account, or `iam:` permissions in it, does the same with any IAM client on the S3 port."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import segment
from trioxygen.cli.client.documents import DocumentArgument, read_document
from trioxygen.cli.client.owner import AccountOption, in_account
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import (
    print_columns,
    print_document,
    print_fields,
    print_json,
    time_text,
)
from trioxygen.common.iam_limits import ROLE_SESSION_SECONDS_MAX, ROLE_SESSION_SECONDS_MIN

NameArgument = Annotated[str, typer.Argument(metavar="NAME")]
PathOption = Annotated[str, typer.Option("--path", help="Path of its name, between slashes.")]
BoundaryOption = Annotated[
    str, typer.Option("--boundary", metavar="ARN", help="Managed policy that bounds what it may.")
]
PolicyNameArgument = Annotated[str, typer.Argument(metavar="POLICY", help="Name of the policy.")]

_SESSION_SECONDS: Final = f"{ROLE_SESSION_SECONDS_MIN:,} to {ROLE_SESSION_SECONDS_MAX:,}"
# Of a page.
_ROWS: Final = "principals"


def _noun(about: str) -> typer.Typer:
    return typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)


users: Final = _noun("Users of accounts.")
groups: Final = _noun("Groups of users, which have what their groups may.")
roles: Final = _noun("Roles, which sessions are made of (AssumeRole).")


def _path(kind: str, name: str, inline_policy: str | None = None) -> str:
    path = f"principals/{kind}/{segment(name)}"
    return path if inline_policy is None else f"{path}/policies/{segment(inline_policy)}"


def _create(
    kind: str, data: Path, admin_url: str | None, account: str | None, wanted: dict[str, Any]
) -> Any:
    client, owner = in_account(data, admin_url, account)
    return client.post(f"principals/{kind}", {"account_id": owner, **wanted})


def _print(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    fields = [
        (row["kind"], row["name"]),
        ("arn", row["arn"]),
        ("id", row["unique_id"]),
        ("created", time_text(row["created_ms"])),
        ("groups", ", ".join(row["groups"])),
        ("users", ", ".join(row.get("users", ()))),
        ("policies", ", ".join(row["attached"])),
        ("inline policies", ", ".join(row["inline"])),
        ("boundary", row["boundary"]),
        ("tags", ", ".join(f"{key}={value}" for key, value in row["tags"].items())),
    ]
    if row["kind"] == "role":
        fields += [
            ("description", row["description"]),
            ("last used", time_text(row["last_used_ms"]) if row["last_used_ms"] else "never"),
            ("session", f"{row['session_seconds_max']} s at most"),
        ]
    print_fields([(name, value) for name, value in fields if value])
    if row["kind"] == "role":
        print_document("trust policy", row["trust_policy"])
    for name, document in row["inline"].items():
        print_document(f"inline policy {name}", document)


@users.command("create")
def create_user(
    name: NameArgument,
    path: PathOption = "/",
    boundary: BoundaryOption = "",
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Makes a user, who may nothing yet; give it a key with `o3 key create --user NAME`."""
    wanted = {"name": name, "path": path, "boundary": boundary}
    _print(_create("user", data, admin_url, account, wanted), as_json=as_json)


@groups.command("create")
def create_group(
    name: NameArgument,
    path: PathOption = "/",
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Makes a group without users."""
    wanted = {"name": name, "path": path}
    _print(_create("group", data, admin_url, account, wanted), as_json=as_json)


@roles.command("create")
def create_role(
    name: NameArgument,
    trust: Annotated[
        Path,
        typer.Option("--trust", metavar="FILE", help="Who may assume it: JSON; - is stdin."),
    ],
    path: PathOption = "/",
    boundary: BoundaryOption = "",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    session_seconds: Annotated[
        int,
        typer.Option(
            help=f"How long a session of it lasts at most: {_SESSION_SECONDS}.",
        ),
    ] = ROLE_SESSION_SECONDS_MIN,
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Makes a role, which may nothing yet."""
    # The parser would tell one bound alone.
    if not ROLE_SESSION_SECONDS_MIN <= session_seconds <= ROLE_SESSION_SECONDS_MAX:
        raise CommandFailed(
            Exit.USAGE, f"--session-seconds: {session_seconds} is not within {_SESSION_SECONDS}"
        )
    wanted = {
        "name": name,
        "path": path,
        "boundary": boundary,
        "trust_policy": read_document(trust),
        "session_seconds_max": session_seconds,
        "description": description,
    }
    _print(_create("role", data, admin_url, account, wanted), as_json=as_json)


@users.command("join")
def join(
    name: NameArgument,
    group: Annotated[str, typer.Argument(metavar="GROUP")],
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
) -> None:
    """Puts a user into a group."""
    client, owner = in_account(data, admin_url, account)
    client.put(f"principals/group/{segment(group)}/members", {"user": name}, account_id=owner)
    print(f"{name} is in {group}")


@users.command("leave")
def leave(
    name: NameArgument,
    group: Annotated[str, typer.Argument(metavar="GROUP")],
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
) -> None:
    """Takes a user out of a group."""
    client, owner = in_account(data, admin_url, account)
    client.delete(f"principals/group/{segment(group)}/members", account_id=owner, user=name)
    print(f"{name} is not in {group} any more")


def _add_common(app: typer.Typer, kind: str) -> None:
    """What is done to users, groups and roles alike."""

    @app.command("list", help=f"Lists the {kind}s of an account.")
    def list_all(
        account: AccountOption = None,
        data: DataOption = DATA_DEFAULT,
        admin_url: AdminUrlOption = None,
        as_json: JsonOption = False,
    ) -> None:
        client, owner = in_account(data, admin_url, account)
        rows = list(client.every(f"principals/{kind}", _ROWS, "name", account_id=owner))
        if as_json:
            print_json(rows)
            return
        print_columns(
            ("NAME", "PATH", "ID", "CREATED", "POLICIES", "GROUPS"),
            [
                (
                    row["name"],
                    row["path"],
                    row["unique_id"],
                    time_text(row["created_ms"]),
                    str(len(row["attached"]) + len(row["inline"])),
                    " ".join(row["groups"]),
                )
                for row in rows
            ],
        )

    @app.command("show", help=f"Shows a {kind} and what it has, with inline policies.")
    def show(
        name: NameArgument,
        account: AccountOption = None,
        data: DataOption = DATA_DEFAULT,
        admin_url: AdminUrlOption = None,
        as_json: JsonOption = False,
    ) -> None:
        client, owner = in_account(data, admin_url, account)
        row = client.get(_path(kind, name), account_id=owner)
        if kind == "group":
            members = client.every(f"{_path(kind, name)}/members", _ROWS, "name", account_id=owner)
            row["users"] = [member["name"] for member in members]
        _print(row, as_json=as_json)

    @app.command("delete", help=f"Deletes a {kind} that has nothing any more.")
    def delete(
        name: NameArgument,
        account: AccountOption = None,
        data: DataOption = DATA_DEFAULT,
        admin_url: AdminUrlOption = None,
    ) -> None:
        client, owner = in_account(data, admin_url, account)
        client.delete(_path(kind, name), account_id=owner)
        print(f"deleted {kind} {name}")


def _add_inline(app: typer.Typer, kind: str) -> None:
    """Inline policies of users, groups and roles."""

    @app.command("put-policy", help=f"Puts an inline policy on a {kind}.")
    def put_policy(
        name: NameArgument,
        policy: PolicyNameArgument,
        file: DocumentArgument,
        account: AccountOption = None,
        data: DataOption = DATA_DEFAULT,
        admin_url: AdminUrlOption = None,
    ) -> None:
        client, owner = in_account(data, admin_url, account)
        path = _path(kind, name, policy)
        client.put(path, {"document": read_document(file)}, account_id=owner)
        print(f"{kind} {name} has inline policy {policy}")

    @app.command("delete-policy", help=f"Takes an inline policy off a {kind}.")
    def delete_policy(
        name: NameArgument,
        policy: PolicyNameArgument,
        account: AccountOption = None,
        data: DataOption = DATA_DEFAULT,
        admin_url: AdminUrlOption = None,
    ) -> None:
        client, owner = in_account(data, admin_url, account)
        client.delete(_path(kind, name, policy), account_id=owner)
        print(f"{kind} {name} has no inline policy {policy} any more")


for _app, _kind in ((users, "user"), (groups, "group"), (roles, "role")):
    _add_common(_app, _kind)
    _add_inline(_app, _kind)
