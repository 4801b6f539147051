"""Logical dump of a store: all rows of all tables as a stream of bytes, independent of the engine.

A stream is `O3DUMP` and a version, then frames `size 4 | crc32c 4 | payload`; integers are
little-endian. Each CRC goes on from the one before, so a frame that is missing, moved or damaged
never checks. The first byte of a payload is its kind:

    1 TABLE  number 4, name                            rows that follow belong to it
    2 ROWS   (key size 4, value size 4, key, value)*   in order of keys
    3 END    rows 8                                    of all tables; nothing follows
"""

import struct
from collections.abc import Generator, Iterable, Iterator
from typing import Final

from trioxygen.common.checksum import crc32c
from trioxygen.common.errors import ChecksumMismatch, InvalidRequest, UnknownFormat
from trioxygen.common.units import MIB
from trioxygen.metadata.store.ports import ReadTxn, Store, Table

FORMAT_VERSION: Final = 1

_MAGIC: Final = b"O3DUMP"
_VERSION: Final = struct.Struct("<H")
_FRAME: Final = struct.Struct("<II")
_NUMBER: Final = struct.Struct("<I")
_SIZES: Final = struct.Struct("<II")
_COUNT: Final = struct.Struct("<Q")
_TABLE, _ROWS, _END = b"\x01", b"\x02", b"\x03"
_FRAME_BYTES: Final = 256 * 1024
_FRAME_BYTES_MAX: Final = 1024 * MIB
_COMMIT_BYTES: Final = 16 * MIB


def dump(txn: ReadTxn, tables: Iterable[Table]) -> Generator[bytes, None, None]:
    """Pieces of the stream, of about 256 KiB. They are one snapshot: the transaction's."""
    yield _MAGIC + _VERSION.pack(FORMAT_VERSION)
    crc = rows_total = 0
    for payload, rows in _payloads(txn, tables):
        rows_total += rows
        crc = crc32c(payload, crc)
        yield _FRAME.pack(len(payload), crc) + payload
    end = _END + _COUNT.pack(rows_total)
    yield _FRAME.pack(len(end), crc32c(end, crc)) + end


def _payloads(txn: ReadTxn, tables: Iterable[Table]) -> Iterator[tuple[bytes, int]]:
    """(payload, rows in it) of each frame but the last."""
    for table in sorted(tables, key=lambda table: table.number):
        yield _TABLE + _NUMBER.pack(table.number) + table.name.encode(), 0
        pieces, size_bytes, rows = [_ROWS], 0, 0
        for key, value in txn.scan(table, prefix=b""):
            pieces += [_SIZES.pack(len(key), len(value)), key, value]
            size_bytes += len(key) + len(value)
            rows += 1
            if size_bytes >= _FRAME_BYTES:
                yield b"".join(pieces), rows
                pieces, size_bytes, rows = [_ROWS], 0, 0
        if rows:
            yield b"".join(pieces), rows


class _Stream:
    """Takes exactly so many bytes at a time from pieces of any size."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._data = bytearray()
        self.offset = 0

    def take(self, size_bytes: int) -> bytes:
        while len(self._data) < size_bytes:
            piece = next(self._pieces, None)
            if piece is None:
                raise ChecksumMismatch("the dump ends too early", offset_bytes=self.offset)
            self._data += piece
        taken = bytes(self._data[:size_bytes])
        del self._data[:size_bytes]
        self.offset += size_bytes
        return taken

    def check_end(self) -> None:
        if self._data or any(self._pieces):
            raise ChecksumMismatch("bytes follow the end of the dump", offset_bytes=self.offset)


def _frames(stream: _Stream) -> Iterator[bytes]:
    if stream.take(len(_MAGIC)) != _MAGIC:
        raise UnknownFormat("not a dump of a store")
    [version] = _VERSION.unpack(stream.take(_VERSION.size))
    if version != FORMAT_VERSION:
        raise UnknownFormat("a dump of another version", version=version, known=FORMAT_VERSION)
    crc = 0
    while True:
        at = stream.offset
        size_bytes, expected = _FRAME.unpack(stream.take(_FRAME.size))
        if not 0 < size_bytes <= _FRAME_BYTES_MAX:
            raise ChecksumMismatch("the dump is damaged", offset_bytes=at)
        payload = stream.take(size_bytes)
        crc = crc32c(payload, crc)
        if crc != expected:
            raise ChecksumMismatch("the dump is damaged", offset_bytes=at)
        yield payload


def load(store: Store, tables: Iterable[Table], pieces: Iterable[bytes]) -> int:
    """Fills an empty store from a dump, in transactions of bounded size; how many rows.

    Args:
        pieces: the stream, cut anywhere.
    Raises:
        InvalidRequest: the store is not empty.
        UnknownFormat: another version, or a table that this version does not know.
        ChecksumMismatch: damaged or cut short.
    After an error the store holds a part of the rows: throw it away.
    """
    known = {table.number: table for table in tables}
    if any(store.count(table) for table in known.values()):
        raise InvalidRequest("a dump is loaded into an empty store only")
    stream = _Stream(pieces)
    table: Table | None = None
    rows_total = uncommitted_bytes = 0
    txn = store.begin()
    try:
        for payload in _frames(stream):
            kind = payload[:1]
            if kind == _TABLE:
                table = _table(payload, known)
            elif kind == _ROWS:
                assert table is not None, "rows before a table, under a good checksum"
                for key, value in _rows(payload):
                    txn.put(table, key, value)
                    rows_total += 1
                uncommitted_bytes += len(payload)
                if uncommitted_bytes >= _COMMIT_BYTES:
                    txn.commit()
                    txn, uncommitted_bytes = store.begin(), 0
            elif kind == _END:
                assert _COUNT.unpack(payload[1:]) == (rows_total,), "rows are missing"
                break
            else:
                raise UnknownFormat("the dump holds something of an unknown kind", kind=kind[0])
        stream.check_end()
    except BaseException:
        txn.abort()
        raise
    txn.commit()
    store.sync()
    return rows_total


def _table(payload: bytes, known: dict[int, Table]) -> Table:
    [number] = _NUMBER.unpack_from(payload, 1)
    name = payload[1 + _NUMBER.size :].decode()
    table = known.get(number)
    if table is None or table.name != name:
        raise UnknownFormat("the dump holds a table that is not known", number=number, name=name)
    return table


def _rows(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 1
    while at < len(payload):
        key_bytes, value_bytes = _SIZES.unpack_from(payload, at)
        key_start = at + _SIZES.size
        value_start = key_start + key_bytes
        at = value_start + value_bytes
        yield payload[key_start:value_start], payload[value_start:at]
