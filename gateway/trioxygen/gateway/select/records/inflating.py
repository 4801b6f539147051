"""Objects that are compressed, expanded a piece at a time. Pure.

Several streams in a row are one, as gzip and bzip2 write them."""

import bz2
import zlib
from collections.abc import Iterator
from typing import Final

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.settings import Compression

# However much a piece expands to, no more of it than that is here at once.
_EXPANDED_BYTES_MAX: Final = 64 * 1_024
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS


class Plain:
    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> None:
        """Nothing is missing, ever."""


class _Gzip:
    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_WINDOW)
        self._has_begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Raises, as it goes on: S3Error InvalidCompressionFormat."""
        while True:
            if self._stream.eof:
                # Zeros pad the end of an archive.
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._stream = zlib.decompressobj(_GZIP_WINDOW)
            self._has_begun = self._has_begun or bool(data)
            try:
                expanded = self._stream.decompress(data, _EXPANDED_BYTES_MAX)
            except zlib.error as error:
                raise S3Error("InvalidCompressionFormat") from error
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if expanded:
                yield expanded
            # Without more input there may be more output.
            elif not data:
                return

    def finish(self) -> None:
        """Raises S3Error TruncatedInput."""
        if self._has_begun and not self._stream.eof:
            raise S3Error("TruncatedInput")


class _Bzip2:
    def __init__(self) -> None:
        self._stream = bz2.BZ2Decompressor()
        self._has_begun = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """As `_Gzip.pieces`."""
        while data or not (self._stream.eof or self._stream.needs_input):
            if self._stream.eof:
                self._stream = bz2.BZ2Decompressor()
            self._has_begun = True
            try:
                expanded = self._stream.decompress(data, _EXPANDED_BYTES_MAX)
            except (OSError, ValueError) as error:
                raise S3Error("InvalidCompressionFormat") from error
            data = self._stream.unused_data if self._stream.eof else b""
            if expanded:
                yield expanded

    def finish(self) -> None:
        if self._has_begun and not self._stream.eof:
            raise S3Error("TruncatedInput")


Inflater = Plain | _Gzip | _Bzip2
_OF: Final[dict[Compression, type[Plain] | type[_Gzip] | type[_Bzip2]]] = {
    Compression.NONE: Plain,
    Compression.GZIP: _Gzip,
    Compression.BZIP2: _Bzip2,
}


def inflater(compression: Compression) -> Inflater:
    return _OF[compression]()
