"""What the ASGI application is told of a request: its head, after RFC 9112's rules for targets."""

from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from trioxygen.gateway.http.limits import Scope
from trioxygen.gateway.http.target import parse_target

_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}

Headers = list[tuple[bytes, bytes]]


class HttpHead(NamedTuple):
    """Of a request, as the parser gives it; names of fields in lower case."""

    method: bytes
    target: bytes
    headers: Headers
    version: str
    keep_alive: bool
    expects_continue: bool


def asgi_scope(
    head: HttpHead,
    *,
    scheme: str,
    server: tuple[str, int] | None,
    client: tuple[str, int] | None,
) -> Scope:
    """Raises: BadTarget."""
    parsed, headers = parse_target(head.target), head.headers
    if parsed.authority is not None:
        # Whoever names the host there means it: Host does not count (RFC 9112, 3.2.2).
        headers = [field for field in headers if field[0] != b"host"]
        headers.append((b"host", parsed.authority))
    raw_path = parsed.path
    path = raw_path if b"%" not in raw_path else unquote_to_bytes(raw_path)
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": head.version,
        "server": server,
        "client": client,
        "scheme": scheme,
        "method": head.method.decode("ascii"),
        "root_path": "",
        "path": path.decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": parsed.query,
        "headers": headers,
    }
