"""Request headers that ask for what this store does not do: refused, never silently ignored.

One table, header -> values that change nothing and are therefore taken. A header that is in
neither table is unknown to the store and ignored, as S3 ignores it. Whether an operation is checked
by it stands in its row.
"""

from typing import Final

from trioxygen.gateway.protocol.errors import not_implemented
from trioxygen.gateway.protocol.request_headers import RequestHeaders

WRITE_OFFSET: Final = "x-amz-write-offset-bytes"
_NONE: Final[frozenset[str]] = frozenset()

TAKEN: Final[dict[str, frozenset[str]]] = {
    "x-amz-bucket-namespace": frozenset({"global"}),
    "x-amz-if-match-last-modified-time": _NONE,
    "x-amz-if-match-size": _NONE,
    WRITE_OFFSET: _NONE,
}

REFUSED_PREFIXES: Final = ("x-amz-object-lock-event-hold",)


def refuse_of_put(head: RequestHeaders) -> None:
    """The same of PutObject, which appends."""
    refuse_unimplemented(head, known=frozenset((WRITE_OFFSET,)))


def refuse_unimplemented(head: RequestHeaders, known: frozenset[str] = _NONE) -> None:
    """Refuse a request whose headers imply a feature that is not there.

    Args:
        known: of `TAKEN` those that the operation knows.
    Raises:
        S3Error: NotImplemented, naming the header.
    """
    for name, value in head.headers_with_prefix("x-amz-"):
        if name in known:
            continue
        taken = TAKEN.get(name)
        if taken is None:
            if not name.startswith(REFUSED_PREFIXES):
                continue
        elif value in taken:
            continue
        raise not_implemented(
            f"The value of the header {name} implies functionality that is not implemented.",
            header=name,
        )
