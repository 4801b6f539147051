"""Which server a command talks to: where its admin port is, and the token that it takes."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.cli.folder.names import ENDPOINT_FILE, LAYOUT_FILE


@dataclass(frozen=True, slots=True)
class Server:
    """Attributes:
    url: of its admin port.
    start_hint: what to do when nobody answers.
    """

    url: str
    token: str
    start_hint: str


def server_of(data: Path, admin_url: str | None) -> Server:
    """The server at `admin_url`; else the one that runs on the data folder, or on that of a
    gateway of `o3 cluster`. Raises CommandFailed."""
    if admin_url is not None:
        return _elsewhere(admin_url)
    return next(_servers_on(data))


def every_server(data: Path, admin_urls: Sequence[str]) -> list[Server]:
    """All that may know what only one of them does: those at `admin_urls`; else the workers of the
    server on the data folder, or all gateways of `o3 cluster`. Raises CommandFailed."""
    return [_elsewhere(url) for url in admin_urls] or list(_servers_on(data))


def _servers_on(data: Path) -> Iterator[Server]:
    """At least one. Raises CommandFailed."""
    file = data / ENDPOINT_FILE
    start = f"start it with 'o3 serve --data {data}', or name another folder with --data"
    try:
        yield from _running_on(file, start)
        return
    except FileNotFoundError as error:
        gateways = _gateways_of(data)
        if gateways is None:
            raise CommandFailed(
                Exit.UNREACHABLE, f"no server runs on {data}: {start}", may_pass=True
            ) from error
    start = f"see 'o3 cluster status --data {data}'"
    is_any = False
    for file in gateways:
        try:
            yield from _running_on(file, start)
            is_any = True
        except FileNotFoundError:
            continue
    if not is_any:
        raise CommandFailed(Exit.UNREACHABLE, f"no gateway runs on {data}: {start}", may_pass=True)


def _elsewhere(url: str) -> Server:
    from trioxygen.cli.config.reading import admin_token

    token = admin_token()
    if not token:
        raise CommandFailed(
            Exit.USAGE, "--admin-url needs the server's admin token: set O3_ADMIN_TOKEN"
        )
    if not _can_be_sent(token):
        raise CommandFailed(
            Exit.USAGE, "the admin token is not printable ASCII: check O3_ADMIN_TOKEN"
        )
    return Server(url.rstrip("/"), token, "check the URL")


def _can_be_sent(token: str) -> bool:
    return token.isascii() and token.isprintable()


def _running_on(file: Path, start_hint: str) -> list[Server]:
    """One for each worker of a gateway. Raises: FileNotFoundError: none runs; CommandFailed."""
    try:
        endpoint = json.loads(file.read_text())
        first, token = str(endpoint["admin"]), str(endpoint["admin_token"])
        urls = str(endpoint.get("workers", "")).split() or [first]
        if not _can_be_sent(token):
            raise ValueError("the token is not printable ASCII")
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = reason_of(error)
        raise CommandFailed(
            Exit.UNREACHABLE, f"cannot read {file}: {reason}: run as the server's user"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CommandFailed(
            Exit.UNREACHABLE, f"{file} is damaged: restart the server of that folder"
        ) from error
    return [Server(url, token, start_hint) for url in urls]


def _gateways_of(data: Path) -> list[Path] | None:
    """Where the gateways of a local cluster say how they are reached, those first that run; None:
    it is no cluster's folder."""
    if not (data / LAYOUT_FILE).is_file():
        return None
    said = [(file, _said_in(file)) for file in sorted(data.glob(f"*/{ENDPOINT_FILE}"))]
    gateways = [(not _is_alive(said), file) for file, said in said if said.get("role") == "gateway"]
    return [file for _, file in sorted(gateways)]


def _said_in(file: Path) -> dict[str, Any]:
    try:
        said = json.loads(file.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _is_alive(said: dict[str, Any]) -> bool:
    """One that was killed leaves its file."""
    try:
        os.kill(int(said["pid"]), 0)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True
