"""What a proxy may have made of a request: the canonical requests that its client may have signed.

The likeliest come first; whoever tries them stops after a bounded number. What each guess is about
it says in a sentence, for whoever runs the proxy. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from trioxygen.gateway.auth.canonical import canonical_path, canonical_query
from trioxygen.gateway.explain.canonical_request import CanonicalRequest
from trioxygen.gateway.explain.hosts import ClientEndpoint, Surroundings, signed_hosts
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead

# Where proxies tell the target that they were asked for.
_TARGET_HEADERS: Final = (
    b"x-original-uri",
    b"x-original-url",
    b"x-rewrite-url",
    b"x-envoy-original-path",
    b"x-replaced-path",
    b"x-forwarded-uri",
)
_PREFIX_HEADERS: Final = (b"x-forwarded-prefix", b"x-script-name")
# Headers that SDKs sign and proxies set as they like, with what clients send.
_CHANGED_HEADERS: Final = {
    b"accept-encoding": (
        *(b"identity", b"gzip", b"gzip, deflate", b"gzip, deflate, br"),
        *(b"gzip, deflate, br, zstd", b""),
    ),
    b"connection": (b"keep-alive", b"Keep-Alive", b"close", b""),
    b"content-length": (b"0", b""),
    b"expect": (b"100-continue", b""),
    b"te": (b"trailers", b""),
}
_SLASH: Final = re.compile(rb"/")
_SLASHES: Final = re.compile(rb"//+")
# Of what is combined, or left out.
_HOST_PAIRS_MAX: Final = 12
_PARAMETERS_MAX: Final = 16
_SLASHES_MAX: Final = 16


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Attributes:
    signed: what the client may have signed.
    sentence: what was done on the way, if that is it.
    """

    signed: CanonicalRequest
    sentence: str


def rewrites(
    arrived: CanonicalRequest, head: RequestHead, surroundings: Surroundings
) -> Iterator[Rewrite]:
    hosts = list(_hosts(arrived, head, surroundings))
    targets = list(_targets(arrived, head, surroundings.endpoint))
    yield from hosts
    yield from targets
    yield from _methods(arrived)
    yield from _headers(arrived)
    for host in hosts[:_HOST_PAIRS_MAX]:
        name = host.signed.header(b"host") or b""
        for target in targets:
            signed = target.signed.with_header(b"host", name)
            yield Rewrite(signed, f"{host.sentence} {target.sentence}")


def _hosts(
    arrived: CanonicalRequest, head: RequestHead, surroundings: Surroundings
) -> Iterator[Rewrite]:
    seen = arrived.header(b"host")
    if seen is None:
        return
    for host in signed_hosts(seen, head, surroundings):
        yield Rewrite(
            arrived.with_header(b"host", host),
            f"The signature is right for Host {_shown(host)}, and {_shown(seen)} arrived: a proxy"
            " has rewritten Host. It has to pass it on unchanged, with its port.",
        )


def _targets(
    arrived: CanonicalRequest, head: RequestHead, endpoint: ClientEndpoint | None
) -> Iterator[Rewrite]:
    """Of path and query; each once."""
    known = {(arrived.path, arrived.query)}
    for path, query, what in (
        *_prefixed(arrived, endpoint),
        *_named_targets(arrived, head),
        *_other_paths(arrived),
        *_other_queries(arrived),
    ):
        if (path, query) not in known:
            known.add((path, query))
            # A query may hold a session's token: it is not shown.
            shown = _shown(path) if path != arrived.path else "another query"
            yield Rewrite(
                replace(arrived, path=path, query=query),
                f"The signature is right for {shown}: {what}",
            )


_Target = tuple[bytes, bytes, str]


def _prefixed(arrived: CanonicalRequest, endpoint: ClientEndpoint | None) -> Iterator[_Target]:
    if endpoint is not None and endpoint.prefix:
        path = canonical_path(endpoint.prefix) + arrived.path
        yield path, arrived.query, "a proxy has taken the endpoint's prefix away from the path."


def _named_targets(arrived: CanonicalRequest, head: RequestHead) -> Iterator[_Target]:
    """Which proxies say themselves."""
    for name in _TARGET_HEADERS:
        value = head.raw_header(name)
        if value is None or not value.startswith(b"/"):
            continue
        path, mark, query = value.partition(b"?")
        said = f"a proxy has rewritten it, as its {name.decode()} says."
        signed = arrived.query
        if mark:
            try:
                original = RequestHead(head.method, path, query, ())
                signed = canonical_query(original, without_signature=True)
            except S3Error:
                continue  # what is no query was not signed as one
        yield canonical_path(path), signed, said
    for name in _PREFIX_HEADERS:
        value = head.raw_header(name)
        if value is not None and value.startswith(b"/"):
            path = canonical_path(value.rstrip(b"/")) + arrived.path
            said = f"a proxy has taken a prefix away, as its {name.decode()} says."
            yield path, arrived.query, said


def _other_paths(arrived: CanonicalRequest) -> Iterator[_Target]:
    path, query = arrived.path, arrived.query
    first, slash, rest = path[1:].partition(b"/")
    bucket, key = b"/" + first, rest
    if slash:
        yield b"/" + rest, query, "a proxy has put something before the path, or a bucket's name."
        key_escaped = quote_from_bytes(unquote_to_bytes(key), safe="").encode()
        yield bucket + b"/" + key_escaped, query, "a proxy has decoded the %2F of the key."
    for slash_at in islice(_SLASH.finditer(path), _SLASHES_MAX):
        doubled = path[: slash_at.start()] + b"/" + path[slash_at.start() :]
        yield doubled, query, "a proxy has merged the slashes of the path."
    if path.endswith(b"/") and len(path) > 1:
        yield path[:-1], query, "a proxy has put a slash at the end of the path."
    else:
        yield path + b"/", query, "a proxy has taken the slash from the end of the path."
    yield path.replace(b"%20", b"%2B"), query, "a proxy has made a blank of the + of the path."
    yield path.replace(b"%2B", b"%20"), query, "a proxy has made a + of the blank of the path."
    yield path.replace(b"%2B", b"+"), query, "the client signed + as it is, which has to be %2B."
    yield (
        path.replace(b"%25", b"%"),
        query,
        "a proxy has escaped the path once more, or the client signed another path than it sent.",
    )
    yield (
        path.replace(b"%", b"%25"),
        query,
        "the client escaped the path twice as it signed, which S3 does not do, or a proxy has"
        " decoded it.",
    )
    merged = _SLASHES.sub(b"/", path)
    yield merged, query, "the client merged slashes as it signed; S3 takes a path as it is."


def _other_queries(arrived: CanonicalRequest) -> Iterator[_Target]:
    path, query = arrived.path, arrived.query
    if not query:
        return
    yield path, query.replace(b"%20", b"%2B"), "a proxy has made a blank of a + of the query."
    yield path, query.replace(b"%2B", b"%20"), "a proxy has made a + of a blank of the query."
    yield path, b"", "a proxy has added parameters to the query."
    pairs = query.split(b"&")
    for left_out in pairs[:_PARAMETERS_MAX]:
        name = _shown(left_out.partition(b"=")[0])
        rest = b"&".join([pair for pair in pairs if pair is not left_out])
        yield path, rest, f"a proxy has added the parameter {name} to the query."


def _methods(arrived: CanonicalRequest) -> Iterator[Rewrite]:
    """Caches fetch whole objects where somebody asks for the head."""
    other = {b"GET": b"HEAD", b"HEAD": b"GET"}.get(arrived.method)
    if other is not None:
        yield Rewrite(
            replace(arrived, method=other),
            f"The signature is right for {_shown(other)}, and {_shown(arrived.method)} arrived: a"
            " proxy, or its cache, has changed the method.",
        )


def _headers(arrived: CanonicalRequest) -> Iterator[Rewrite]:
    for name, seen in arrived.headers:
        for value in _CHANGED_HEADERS.get(name, ()):
            if value != seen:
                yield Rewrite(
                    arrived.with_header(name, value),
                    f"The signature is right for {_shown(name)}: {_shown(value)!r}, and"
                    f" {_shown(seen)!r} arrived: a proxy has changed a signed header.",
                )


def _shown(value: bytes) -> str:
    return value.decode(errors="backslashreplace")
