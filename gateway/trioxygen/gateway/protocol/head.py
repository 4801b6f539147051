"""The head of one S3 request: method, raw path, raw query, headers; decoded only where asked for.

Built once a request on the hot path, so construction stores references and nothing more. Routing,
bucket and key names and S3 semantics do not belong here.
"""

from collections.abc import Iterable, Sequence

from trioxygen.gateway.protocol.escapes import form_decoded


class RequestHead:
    """One request's head; immutable by convention (the caches inside fill on first use).

    Args:
        method: upper case.
        raw_path: as on the wire, still percent-encoded, without the query.
        raw_query: as on the wire, without the question mark; empty when there is none.
        headers: names in lower case, values without surrounding white space (ASGI scope form).
    """

    __slots__ = ("_by_name", "_query", "_query_pairs", "headers", "method", "raw_path", "raw_query")

    def __init__(
        self,
        method: str,
        raw_path: bytes,
        raw_query: bytes,
        headers: Sequence[tuple[bytes, bytes]],
    ) -> None:
        self.method = method
        self.raw_path = raw_path
        self.raw_query = raw_query
        self.headers = headers
        self._by_name: dict[bytes, bytes] | None = None
        self._query_pairs: list[tuple[str, str]] | None = None
        self._query: dict[str, str] | None = None

    def raw_header(self, name: bytes) -> bytes | None:
        """The value as on the wire; repeated headers are joined with a comma, None when absent."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._index_headers()
        return by_name.get(name)

    def header(self, name: str) -> str | None:
        """The value as Latin-1 text; `name` in lower case; repeated headers joined with a comma."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._index_headers()
        value = by_name.get(name.encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    def has_any(self, names: Iterable[bytes]) -> bool:
        """Whether one of these was sent; lower case."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._index_headers()
        return not by_name.keys().isdisjoint(names)

    def headers_with_prefix(self, prefix: str) -> list[tuple[str, str]]:
        """(full lower-case name, value) of each header with that prefix, in order of arrival."""
        by_name = self._by_name
        if by_name is None:
            by_name = self._index_headers()
        start = prefix.encode("latin-1")
        return [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in by_name.items()
            if name.startswith(start)
        ]

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """Every (name, value) of the query string, decoded, in order; a bare name has value "".

        Raises:
            S3Error: InvalidURI for a broken escape or bytes that are not UTF-8.
        """
        pairs = self._query_pairs
        if pairs is None:
            pairs = self._query_pairs = _parse_query(self.raw_query) if self.raw_query else []
        return pairs

    def query_value(self, name: str) -> str | None:
        """The first value of that name, "" for a bare name, None when absent. Raises InvalidURI."""
        return self._query_index().get(name)

    def has_query(self, name: str) -> bool:
        """Whether the name occurs, with or without a value. Raises InvalidURI."""
        return name in self._query_index()

    def _query_index(self) -> dict[str, str]:
        query = self._query
        if query is None:
            # Built backwards so that the first of several equal names is the one that stays.
            query = self._query = dict(reversed(self.query_pairs))
        return query

    def _index_headers(self) -> dict[bytes, bytes]:
        by_name = dict(self.headers)
        if len(by_name) != len(self.headers):
            by_name = {}
            for name, value in self.headers:
                seen = by_name.get(name)
                by_name[name] = value if seen is None else seen + b"," + value
        self._by_name = by_name
        return by_name


def _parse_query(raw_query: bytes) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for part in raw_query.split(b"&"):
        if part:
            name, _, value = part.partition(b"=")
            pairs.append((form_decoded(name), form_decoded(value)))
    return pairs
