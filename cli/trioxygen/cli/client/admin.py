"""Finding the admin port of a running server, and calling it. All failures are CommandFailed."""

import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from trioxygen.cli.exits import CommandFailed, Exit, reason_of
from trioxygen.cli.folder.names import ENDPOINT_FILE

_TIMEOUT_SECONDS: Final = 30
_PAGE_COUNT: Final = 1_000

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
}


class AdminClient:
    """Calls one admin API, a new connection each time.

    Args:
        start_hint: what to do when nobody answers.
    """

    def __init__(self, url: str, token: str, *, start_hint: str) -> None:
        self._url, self._token, self._start_hint = url.rstrip("/"), token, start_hint

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
        if not (self._token.isascii() and self._token.isprintable()):
            raise CommandFailed(
                Exit.USAGE, "the admin token is not printable ASCII: check O3_ADMIN_TOKEN"
            )
        headers = {"authorization": f"Bearer {self._token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        connection = self._connection()
        try:
            connection.request(method, target, body, headers)
            answer = connection.getresponse()
            status, text = answer.status, answer.read()
        except UnicodeError as error:  # of the address; the token is looked at before
            raise CommandFailed(
                Exit.USAGE, f"'{self._url}' is not a URL: give one like http://127.0.0.1:9879"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise CommandFailed(
                Exit.UNREACHABLE, f"cannot reach {self._url}: {reason.lower()}: {self._start_hint}"
            ) from error
        finally:
            connection.close()
        return self._parsed(status, text)

    def _connection(self) -> http.client.HTTPConnection:
        try:
            parts = urlsplit(self._url)
            host, port = parts.hostname, parts.port
            if host:
                host.encode("idna")
            if host and parts.scheme == "http":
                return http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
            if host and parts.scheme == "https":
                return http.client.HTTPSConnection(host, port, timeout=_TIMEOUT_SECONDS)
        except (ValueError, http.client.InvalidURL):  # of the host, of the port
            pass
        raise CommandFailed(
            Exit.USAGE, f"'{self._url}' is not a URL: give one like http://127.0.0.1:9879"
        )

    def _parsed(self, status: int, text: bytes) -> Any:
        try:
            parsed = json.loads(text) if text else None
        except (ValueError, RecursionError) as error:
            raise CommandFailed(
                Exit.UNREACHABLE, f"{self._url} is not an admin port of o3: check the URL"
            ) from error
        if status < 300:
            return parsed
        if status == 401:
            raise CommandFailed(
                Exit.REFUSED, f"{self._url} does not accept this token: check O3_ADMIN_TOKEN"
            )
        if isinstance(parsed, dict) and "message" in parsed:
            hint = _HINTS.get(str(parsed.get("code")), "")
            raise CommandFailed(Exit.REFUSED, f"{parsed['message']}{hint}")
        raise CommandFailed(Exit.REFUSED, f"{self._url} answered {status}: see the server's log")


def segment(name: str) -> str:
    """A name as one segment of a path. Raises CommandFailed: no name has a slash."""
    if "/" in name or not name:
        raise CommandFailed(
            Exit.USAGE, f"'{name}' is not a name: give at least one character, and no slash"
        )
    return quote(name, safe="")


def find(data: Path, admin_url: str | None) -> AdminClient:
    """The server at `admin_url`, else the one that runs on the data folder."""
    if admin_url is not None:
        from trioxygen.cli.config.reading import admin_token

        token = admin_token()
        if not token:
            raise CommandFailed(
                Exit.USAGE, "--admin-url needs the server's admin token: set O3_ADMIN_TOKEN"
            )
        return AdminClient(admin_url, token, start_hint="check the URL")
    file = data / ENDPOINT_FILE
    start = f"start it with 'o3 serve --data {data}', or name another folder with --data"
    try:
        endpoint = json.loads(file.read_text())
        url, token = str(endpoint["admin"]), str(endpoint["admin_token"])
    except FileNotFoundError as error:
        raise CommandFailed(Exit.UNREACHABLE, f"no server runs on {data}: {start}") from error
    except OSError as error:
        reason = reason_of(error)
        raise CommandFailed(
            Exit.UNREACHABLE, f"cannot read {file}: {reason}: run as the server's user"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CommandFailed(
            Exit.UNREACHABLE, f"{file} is damaged: restart the server of that folder"
        ) from error
    return AdminClient(url, token, start_hint=start)
