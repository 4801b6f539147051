"""Reed-Solomon over cells of one length: parity of data, and what is lost of both.

The only place that knows the library: PyECLib, which brings ISA-L. It is loaded when it is first
needed, so that whoever keeps whole replicas alone needs none of it.

PyECLib puts a header before each fragment, which says its index and length and nothing of its
bytes. What is stored is bare: headers are cut off, and made anew from those of a stripe of zeros.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Unavailable
from trioxygen.common.units import KIB

_EC_TYPE: Final = "isa_l_rs_cauchy"
_HEADER_BYTES: Final = 80
_LENGTHS_KEPT: Final = 8
# Coded at once of each cell: memory for larger pieces is given back to the system each time, and
# asked for again, which costs ten times what the coding does.
_STEP_BYTES: Final = 64 * KIB


@lru_cache(maxsize=16)
def codec_of(data: int, parity: int) -> "Codec":
    """One for each scheme; it holds nothing of its callers.

    Raises: Unavailable: the library cannot be loaded here."""
    return Codec(data, parity)


def _driver(data: int, parity: int) -> Any:
    try:
        from pyeclib.ec_iface import ECDriver

        return ECDriver(k=data, m=parity, ec_type=_EC_TYPE)
    except Exception as error:  # whatever loading a shared library or choosing its code may raise
        raise Unavailable(
            f"erasure coding is not available on this machine: pyeclib: {error}",
            data=data,
            parity=parity,
        ) from error


class Codec:
    """Indexes are those of replicas: 1 to `data` hold data, the `parity` after them parity.

    PyECLib keeps the interpreter to itself while it works, so a thread of its own would help
    nobody: callers run it where they are. A stripe takes tenths of a millisecond."""

    def __init__(self, data: int, parity: int) -> None:
        self.data, self.parity = data, parity
        self._driver = _driver(data, parity)
        # By length of fragments: what PyECLib puts before each.
        self._headers: dict[int, list[bytes]] = {}

    def encode(self, cells: Sequence[Buffer]) -> list[bytes]:
        """The parity cells, in order of their indexes; a function of the data cells alone.

        Args: cells: all `data` of them; shorter ones count as if zeros followed."""
        assert len(cells) == self.data, (len(cells), self.data)
        length_bytes = max(map(len, cells))
        assert length_bytes, "a stripe of no bytes"
        views = [memoryview(cell) for cell in cells]
        parity: list[list[memoryview]] = [[] for _ in range(self.parity)]
        for start, end in _steps(length_bytes):
            fragments = self._driver.encode(_part(views, start, end))
            for parts, fragment in zip(parity, fragments[self.data :], strict=True):
                parts.append(memoryview(fragment)[_HEADER_BYTES:])
        return [b"".join(parts) for parts in parity]

    def decode(
        self, available: Mapping[int, Buffer], wanted: Set[int], length_bytes: int
    ) -> dict[int, bytes]:
        """Cells of the wanted indexes, all of `length_bytes`.

        Args:
            available: cells by index, at least `data` of them, of the same stripe and the same
                bytes in each; shorter ones count as if zeros followed.
        """
        assert len(available) >= self.data, (sorted(available), self.data)
        assert length_bytes and not wanted & available.keys(), (length_bytes, wanted)
        sources = [(index, memoryview(cell)) for index, cell in sorted(available.items())]
        order = sorted(wanted)
        rebuilt: dict[int, list[memoryview]] = {index: [] for index in order}
        for start, end in _steps(length_bytes):
            headers = self._headers_of(end - start)
            fragments = [
                headers[index - 1] + _part([view], start, end)
                for index, view in sources[: self.data]
            ]
            parts = self._driver.reconstruct(fragments, [index - 1 for index in order])
            for index, part in zip(order, parts, strict=True):
                rebuilt[index].append(memoryview(part)[_HEADER_BYTES:])
        return {index: b"".join(parts) for index, parts in rebuilt.items()}

    def _headers_of(self, length_bytes: int) -> list[bytes]:
        headers = self._headers.get(length_bytes)
        if headers is None:
            fragments = self._driver.encode(bytes(self.data * length_bytes))
            headers = [bytes(fragment[:_HEADER_BYTES]) for fragment in fragments]
            while len(self._headers) >= _LENGTHS_KEPT:
                self._headers.pop(next(iter(self._headers)))
            self._headers[length_bytes] = headers
        return headers


def _steps(length_bytes: int) -> Iterator[tuple[int, int]]:
    for start in range(0, length_bytes, _STEP_BYTES):
        yield start, min(start + _STEP_BYTES, length_bytes)


def _part(views: Sequence[memoryview], start: int, end: int) -> bytes:
    """These bytes of each, one after the other; zeros where one has fewer."""
    parts: list[Buffer] = []
    for view in views:
        part = view[start:end]
        parts.append(part)
        if len(part) < end - start:
            parts.append(bytes(end - start - len(part)))
    return b"".join(parts)
