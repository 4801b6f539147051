"""Request heads for the tests of the protocol modules."""

from trioxygen.gateway.protocol.head import RequestHead


def head(headers: dict[str, str] | None = None, *, query: bytes = b"") -> RequestHead:
    fields = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
    ]
    return RequestHead("PUT", b"/bucket/key", query, fields)
