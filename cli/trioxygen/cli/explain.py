"""`o3 explain`: why a gateway has refused a request."""

from typing import Annotated, Any

import typer

from trioxygen.cli.client.admin import AdminClient, find_every, segment
from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.explained import print_explanation
from trioxygen.cli.options import DATA_DEFAULT, DataOption, JsonOption
from trioxygen.cli.printing import print_json


def explain(
    request_id: Annotated[
        str, typer.Argument(metavar="REQUEST-ID", help="The answer's x-amz-request-id.")
    ],
    data: DataOption = DATA_DEFAULT,
    admin_url: Annotated[
        list[str] | None,
        typer.Option(
            "--admin-url",
            metavar="URL",
            help="Admin port of a gateway elsewhere, or of several; their token is read from"
            " O3_ADMIN_TOKEN.",
        ),
    ] = None,
    endpoint: Annotated[
        str,
        typer.Option(metavar="URL", help="That the client uses, where a proxy hides it."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Tells why a request was refused (4xx) within the last hour."""
    explanation = _asked(find_every(data, admin_url or ()), request_id, endpoint)
    if as_json:
        print_json(explanation)
    else:
        print_explanation(explanation)


def _asked(clients: list[AdminClient], request_id: str, endpoint: str) -> dict[str, Any]:
    """Of whichever has refused it. Raises CommandFailed: none has."""
    path = f"refused/{segment(request_id.upper())}"
    unreachable: CommandFailed | None = None
    for client in clients:
        try:
            explanation: dict[str, Any] | None = client.get(path, endpoint=endpoint)["explanation"]
        except CommandFailed as failure:
            if failure.code is not Exit.UNREACHABLE:
                raise
            unreachable = failure
            continue
        if explanation is not None:
            return explanation
    if unreachable is not None:
        raise unreachable
    raise CommandFailed(
        Exit.REFUSED,
        f"no request {request_id} was refused here within the last hour: ask the gateway that"
        " answered it (--data, --admin-url); each forgets the oldest, and all when it stops",
    )
