"""Calling the admin port of a running server. All failures are CommandFailed."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from trioxygen.cli.client.servers import Server, every_server, server_of
from trioxygen.cli.exits import CommandFailed, Exit

_TIMEOUT_SECONDS: Final = 30
_PAGE_COUNT: Final = 1_000
# Whoever the server asks does not answer now, or cannot.
_UNAVAILABLE: Final = 503

# What to do, by the error's code.
_HINTS: Final = {
    "NO_SUCH_ACCOUNT": ": see 'o3 account list'",
    "NO_SUCH_ACCESS_KEY": ": see 'o3 key list'",
    "NO_SUCH_CONTAINER": ": see 'o3 admin container list'",
    "NO_SUCH_DATANODE": ": see 'o3 admin datanode list'",
    "NO_SUCH_NAMESPACE": ": see 'o3 admin namespace list'",
    "NAMESPACE_NOT_EMPTY": ": --force deletes its blocks with it",
    "NO_SUCH_VOLUME": ": see 'o3 volume list'",
    "NO_SUCH_BUCKET": ": see 'o3 bucket list'",
    # Of a path that the server does not have.
    "NOT_FOUND": ": name a gateway's data folder or URL, or that of 'o3 serve'",
}

# Of NO_SUCH_ENTITY, by the kind of what there is not.
_HINTS_OF_KIND: Final = {
    kind: f": see 'o3 {kind} list'" for kind in ("account", "user", "group", "role", "policy")
}


class AdminClient:
    """Calls one admin API, a new connection each time.

    Args: where: it is, each time. Raises CommandFailed.
    """

    def __init__(self, where: Callable[[], Server]) -> None:
        self._where = where

    def get(self, path: str, **query: str | int | Sequence[int]) -> Any:
        return self._call("GET", path, query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", path, {}, json.dumps(body))

    def put(self, path: str, body: dict[str, Any], **query: str | int) -> Any:
        return self._call("PUT", path, query, json.dumps(body))

    def delete(self, path: str, **query: str | int) -> None:
        self._call("DELETE", path, query)

    def every(self, path: str, field: str, last: str, **query: str | int) -> Iterator[Any]:
        """All entries of a paged list; `last` names what the next page starts after."""
        after = ""
        while True:
            page = self.get(path, after=after, count_max=_PAGE_COUNT, **query)
            yield from page[field]
            if not page["truncated"]:
                return
            after = page[field][-1][last]

    def pages(
        self, path: str, *, first: str | int = "", **query: str | int | Sequence[int]
    ) -> Iterator[Any]:
        """Each page of what says itself where its next one begins. Args: first: where all begin."""
        after = first
        while True:
            page = self.get(path, after=after, **query)
            yield page
            after = page["next"]
            if not after:
                return

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int | Sequence[int]],
        body: str | None = None,
    ) -> Any:
        target = f"/admin/v1/{path}" + (f"?{urlencode(query, doseq=True)}" if query else "")
        server = self._where()
        headers = {"authorization": f"Bearer {server.token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        connection = _connection(server)
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except UnicodeError as error:  # of the address; the token is looked at before
            raise _no_url(server) from error
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise CommandFailed(
                Exit.UNREACHABLE,
                f"cannot reach {server.url}: {reason.lower()}: {server.start_hint}",
                may_pass=True,
            ) from error
        finally:
            connection.close()
        return _parsed(server, status, text)


def _connection(server: Server) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(server.url)
        host, port = parts.hostname, parts.port
        if host:
            host.encode("idna")
        if host and parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        if host and parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS)
    except (ValueError, http.client.InvalidURL):  # of the host, of the port
        pass
    raise _no_url(server)


def _no_url(server: Server) -> CommandFailed:
    return CommandFailed(
        Exit.USAGE, f"'{server.url}' is not a URL: give one like http://127.0.0.1:9879"
    )


def _parsed(server: Server, status: int, text: bytes) -> Any:
    try:
        parsed = json.loads(text) if text else None
    except (ValueError, RecursionError) as error:
        raise CommandFailed(
            Exit.UNREACHABLE, f"{server.url} is not an admin port of o3: check the URL"
        ) from error
    if status < 300:
        return parsed
    if status == 401:
        raise CommandFailed(
            Exit.REFUSED, f"{server.url} does not accept this token: check O3_ADMIN_TOKEN"
        )
    may_pass = status == _UNAVAILABLE
    if isinstance(parsed, dict) and "message" in parsed:
        code, kind = str(parsed.get("code")), str(parsed.get("kind"))
        hint = _HINTS.get(code) or _HINTS_OF_KIND.get(kind, "")
        raise CommandFailed(Exit.REFUSED, f"{parsed['message']}{hint}", may_pass=may_pass)
    raise CommandFailed(
        Exit.REFUSED,
        f"{server.url} answered {status}: see the server's log",
        may_pass=may_pass,
    )


def segment(name: str) -> str:
    """A name as one segment of a path. Raises CommandFailed: no name has a slash."""
    if "/" in name or not name:
        raise CommandFailed(
            Exit.USAGE, f"'{name}' is not a name: give at least one character, and no slash"
        )
    return quote(name, safe="")


def find(data: Path, admin_url: str | None) -> AdminClient:
    """The server at `admin_url`, else the one that runs on the data folder: also after it was
    started again, while the command goes on."""
    server_of(data, admin_url)  # a mistake is told before anything is asked
    return AdminClient(lambda: server_of(data, admin_url))


def find_every(data: Path, admin_urls: Sequence[str]) -> list[AdminClient]:
    """Each server that may know what the others do not: see `servers.every_server`."""
    return [AdminClient(partial(_same, server)) for server in every_server(data, admin_urls)]


def _same(server: Server) -> Server:
    return server
