"""Reed-Solomon over cells of one length: parity of data, and what is lost of both.

The only place that knows the library: PyECLib, which brings ISA-L. It is loaded when it is first
needed, so that whoever keeps whole replicas alone needs none of it.

PyECLib puts a header before each fragment, which says its index and length and nothing of its
bytes. What is stored is bare: headers are cut off, and made anew from those of a stripe of zeros.
"""

from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from typing import Any, Final

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Unavailable

_EC_TYPE: Final = "isa_l_rs_cauchy"
_HEADER_BYTES: Final = 80
_LENGTHS_KEPT: Final = 8


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

    PyECLib holds the interpreter while it works, for tenths of a millisecond a stripe."""

    def __init__(self, data: int, parity: int) -> None:
        self.data, self.parity = data, parity
        self._driver = _driver(data, parity)
        # By length of cells: what PyECLib puts before each fragment.
        self._headers: dict[int, list[bytes]] = {}

    def encode(self, cells: Sequence[Buffer]) -> list[memoryview]:
        """The parity cells, in order of their indexes; a function of the data cells alone.

        Args: cells: all `data` of them; shorter ones count as if zeros followed."""
        assert len(cells) == self.data, (len(cells), self.data)
        length_bytes = max(map(len, cells))
        assert length_bytes, "a stripe of no bytes"
        fragments = self._driver.encode(b"".join(_padded(cells, length_bytes)))
        return [memoryview(fragment)[_HEADER_BYTES:] for fragment in fragments[self.data :]]

    def decode(
        self, available: Mapping[int, Buffer], wanted: Set[int], length_bytes: int
    ) -> dict[int, memoryview]:
        """Cells of the wanted indexes, all of `length_bytes`.

        Args:
            available: cells by index, at least `data` of them, of the same stripe and the same
                bytes in each; shorter ones count as if zeros followed.
        """
        assert len(available) >= self.data, (sorted(available), self.data)
        assert length_bytes and not wanted & available.keys(), (length_bytes, wanted)
        headers = self._headers_of(length_bytes)
        fragments = [
            b"".join((headers[index - 1], *_padded([cell], length_bytes)))
            for index, cell in sorted(available.items())[: self.data]
        ]
        order = sorted(wanted)
        rebuilt = self._driver.reconstruct(fragments, [index - 1 for index in order])
        return {
            index: memoryview(fragment)[_HEADER_BYTES:]
            for index, fragment in zip(order, rebuilt, strict=True)
        }

    def _headers_of(self, length_bytes: int) -> list[bytes]:
        headers = self._headers.get(length_bytes)
        if headers is None:
            fragments = self._driver.encode(bytes(self.data * length_bytes))
            headers = [bytes(fragment[:_HEADER_BYTES]) for fragment in fragments]
            while len(self._headers) >= _LENGTHS_KEPT:
                # Another thread may be first.
                self._headers.pop(next(iter(self._headers)), None)
            self._headers[length_bytes] = headers
        return headers


def _padded(cells: Sequence[Buffer], length_bytes: int) -> list[Buffer]:
    parts: list[Buffer] = []
    for cell in cells:
        parts.append(cell)
        if len(cell) < length_bytes:
            parts.append(bytes(length_bytes - len(cell)))
    return parts
