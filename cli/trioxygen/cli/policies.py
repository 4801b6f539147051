"""`o3 policy`: managed policies, and who has them."""

import sys
from typing import Annotated, Any, Final

import typer

from trioxygen.cli.client.admin import AdminClient, find, segment
from trioxygen.cli.client.documents import DocumentArgument, read_document
from trioxygen.cli.client.owner import AccountOption, in_account
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_columns, print_fields, print_json, time_text
from trioxygen.common.managed_policies import BUILT_IN_POLICIES, OWNER

app = typer.Typer(
    help="Managed policies, and who has them.", no_args_is_help=True, rich_markup_mode=None
)

PolicyArgument = Annotated[
    str,
    typer.Argument(
        metavar="POLICY",
        help="ARN; or the name of a policy of the account.",
    ),
]
_COUNTS: Final = ("attachment_count", "boundary_count")
UserOption = Annotated[str | None, typer.Option("--user", metavar="NAME")]
GroupOption = Annotated[str | None, typer.Option("--group", metavar="NAME")]
RoleOption = Annotated[str | None, typer.Option("--role", metavar="NAME")]


@app.command("list")
def list_policies(
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lists the policies of an account; those that are built in are named below them."""
    client, owner = in_account(data, admin_url, account)
    rows = list(client.every("policies", "policies", "name", account_id=owner))
    if as_json:
        print_json(rows)
        return
    print_columns(
        ("NAME", "ARN", "VERSION", "ATTACHED", "CHANGED"),
        [
            (
                row["name"],
                row["arn"],
                f"v{row['default_version']}",
                str(row["attachment_count"]),
                time_text(row["updated_ms"]),
            )
            for row in rows
        ],
    )
    # On standard error: the list is alone on standard output.
    names = ", ".join(each.name for each in BUILT_IN_POLICIES.values())
    print(f"built in, each arn:aws:iam::{OWNER}:policy/NAME: {names}", file=sys.stderr)


@app.command("create")
def create_policy(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    file: DocumentArgument,
    path: Annotated[str, typer.Option("--path", help="Path of its name, between slashes.")] = "/",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Makes a managed policy, which nobody has yet."""
    client, owner = in_account(data, admin_url, account)
    wanted = {
        "account_id": owner,
        "name": name,
        "path": path,
        "description": description,
        "document": read_document(file),
    }
    _print(client.post("policies", wanted), as_json=as_json)


@app.command("show")
def show_policy(
    policy: PolicyArgument,
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Shows a policy, with the document that counts."""
    if policy in BUILT_IN_POLICIES and account is None:
        # It is the same in all of them; who has it, only one of them could tell.
        row = find(data, admin_url).get("policy", account_id=OWNER, policy_arn=policy)
        row = {name: value for name, value in row.items() if name not in _COUNTS}
    else:
        client, owner = in_account(data, admin_url, account)
        row = client.get("policy", account_id=owner, policy_arn=_arn_of(client, owner, policy))
    _print(row, as_json=as_json)


@app.command("update")
def update_policy(
    policy: PolicyArgument,
    file: DocumentArgument,
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Gives a policy another document, which counts at once; four before it are kept."""
    client, owner = in_account(data, admin_url, account)
    wanted = {
        "account_id": owner,
        "policy_arn": _arn_of(client, owner, policy),
        "document": read_document(file),
    }
    _print(client.put("policy", wanted), as_json=as_json)


@app.command("delete")
def delete_policy(
    policy: PolicyArgument,
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
) -> None:
    """Deletes a policy that nobody has."""
    client, owner = in_account(data, admin_url, account)
    client.delete("policy", account_id=owner, policy_arn=_arn_of(client, owner, policy))
    print(f"deleted policy {policy}")


@app.command("attach")
def attach_policy(
    policy: PolicyArgument,
    user: UserOption = None,
    group: GroupOption = None,
    role: RoleOption = None,
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
) -> None:
    """Gives a policy to a user, a group or a role."""
    holder, path = _holder(user, group, role)
    client, owner = in_account(data, admin_url, account)
    client.put(path, {"policy_arn": _arn_of(client, owner, policy)}, account_id=owner)
    print(f"{holder} has policy {policy}")


@app.command("detach")
def detach_policy(
    policy: PolicyArgument,
    user: UserOption = None,
    group: GroupOption = None,
    role: RoleOption = None,
    account: AccountOption = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
) -> None:
    """Takes a policy from a user, a group or a role."""
    holder, path = _holder(user, group, role)
    client, owner = in_account(data, admin_url, account)
    client.delete(path, account_id=owner, policy_arn=_arn_of(client, owner, policy))
    print(f"{holder} has no policy {policy} any more")


def _holder(user: str | None, group: str | None, role: str | None) -> tuple[str, str]:
    """What it is called, and the path of what is attached to it."""
    named = [
        (kind, name) for kind, name in (("user", user), ("group", group), ("role", role)) if name
    ]
    if len(named) != 1:
        raise CommandFailed(Exit.USAGE, "name one of --user, --group and --role")
    [(kind, name)] = named
    return f"{kind} {name}", f"principals/{kind}/{segment(name)}/attached"


def _arn_of(client: AdminClient, owner: str, policy: str) -> str:
    """Of a name: whatever its path is."""
    if policy.startswith("arn:"):
        return policy
    for row in client.every("policies", "policies", "name", account_id=owner):
        if row["name"].lower() == policy.lower():
            return str(row["arn"])
    for built_in in BUILT_IN_POLICIES.values():
        if built_in.name.lower() == policy.lower():
            raise CommandFailed(
                Exit.REFUSED, f"'{policy}' is built in: name it by its ARN, {built_in.arn}"
            )
    raise CommandFailed(Exit.REFUSED, f"there is no policy '{policy}': see 'o3 policy list'")


def _print(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    fields = [
        ("policy", row["name"]),
        ("arn", row["arn"]),
        ("description", row["description"]),
        ("version", f"v{row['default_version']}"),
    ]
    if "attachment_count" in row:
        fields.append(("attached", str(row["attachment_count"])))
    print_fields(fields)
    documents = {each["number"]: each["document"] for each in row["versions"]}
    print(documents[row["default_version"]])
