"""`o3 can`: whether somebody may do something, without a request."""

from typing import Annotated

import typer

from trioxygen.cli.client.admin import find
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.explained import print_access
from trioxygen.cli.options import DATA_DEFAULT, AdminUrlOption, DataOption, JsonOption
from trioxygen.cli.printing import print_json


def can(
    who: Annotated[
        str,
        typer.Argument(
            metavar="WHO",
            help="ACCOUNT, USER (of the bucket's account), ACCOUNT/USER, ACCOUNT/role/ROLE, an ARN,"
            " or ANONYMOUS.",
        ),
    ],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="Of IAM, such as s3:GetObject.")],
    resource: Annotated[
        str, typer.Argument(metavar="S3-URL", help="s3://bucket/key, s3://bucket, or s3://")
    ],
    context: Annotated[
        list[str] | None,
        typer.Option(
            "--context", metavar="KEY=VALUE", help="A condition key that the request would have."
        ),
    ] = None,
    data: DataOption = DATA_DEFAULT,
    admin_url: AdminUrlOption = None,
    as_json: JsonOption = False,
) -> int:
    """Tells whether an access is allowed, and what decides; ends with 0 if it is, else with 1."""
    question = {
        "who": who,
        "action": action,
        "resource": resource,
        "context": _parsed(context or []),
    }
    answer = find(data, admin_url).post("can", question)
    access = answer["access"]
    if as_json:
        print_json(answer)
    else:
        print("yes" if access["allowed"] else "no")
        print_access(access)
        if answer["key_exists"] is False:
            print("\nthere is no such key")
    return Exit.OK if access["allowed"] else Exit.REFUSED


def _parsed(pairs: list[str]) -> dict[str, list[str]]:
    """Of a key that is named again, all values. Raises CommandFailed."""
    context: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise CommandFailed(
                Exit.USAGE, f"'{pair}' is no condition key: give one like aws:SourceIp=10.0.0.1"
            )
        context.setdefault(key, []).append(value)
    return context
