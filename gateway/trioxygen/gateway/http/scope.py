"""What the ASGI application is told of a request: its head, after RFC 9112's rules for targets."""

import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from trioxygen.gateway.http.limits import Scope
from trioxygen.gateway.http.target import parse_target

_TLS_VERSIONS: Final = {
    "TLSv1": ssl.TLSVersion.TLSv1.value,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1.value,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2.value,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3.value,
}
_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}

Headers = list[tuple[bytes, bytes]]
Extensions = Mapping[str, Mapping[str, object]]
NO_EXTENSIONS: Final[Extensions] = MappingProxyType({})


class HttpHead(NamedTuple):
    """Of a request, as the parser gives it; names of fields in lower case."""

    method: bytes
    target: bytes
    headers: Headers
    version: str
    keep_alive: bool
    expects_continue: bool


def tls_extensions(tls: ssl.SSLObject | None) -> Extensions:
    """Of one connection. Of what ASGI's extension for TLS tells, its version, as TLS writes it
    (0x0304: 1.3)."""
    said = None if tls is None else tls.version()
    version = None if said is None else _TLS_VERSIONS.get(said)
    return NO_EXTENSIONS if version is None else {"tls": {"tls_version": version}}


def asgi_scope(
    head: HttpHead,
    *,
    scheme: str,
    server: tuple[str, int] | None,
    client: tuple[str, int] | None,
    extensions: Extensions,
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
        "extensions": extensions,
    }
