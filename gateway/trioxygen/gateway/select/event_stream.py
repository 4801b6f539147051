"""Messages of the event stream that SelectObjectContent answers with. Pure.

A message: its length, that of its headers, CRC-32 of these eight bytes; headers; payload; CRC-32 of
all before. Numbers are big-endian. Source: S3 API, SelectObjectContent, "Response structure".
"""

import struct
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from trioxygen.gateway.protocol.xml.document import document, element

_PRELUDE: Final = struct.Struct(">II")
_CRC: Final = struct.Struct(">I")
_OVERHEAD_BYTES: Final = _PRELUDE.size + 2 * _CRC.size
_TEXT: Final = 7


@dataclass(frozen=True, slots=True)
class Counts:
    """Bytes. scanned: of the object, as stored for its client. processed: after decompression.
    returned: of records."""

    scanned: int
    processed: int
    returned: int


def message(headers: dict[str, str], payload: bytes = b"") -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = _PRELUDE.pack(_OVERHEAD_BYTES + len(head) + len(payload), len(head))
    body = b"".join((prelude, _CRC.pack(crc32(prelude)), head, payload))
    return body + _CRC.pack(crc32(body))


def _header(name: str, value: str) -> bytes:
    name_bytes, value_bytes = name.encode(), value.encode("utf-8", "replace")
    return b"".join(
        (
            bytes((len(name_bytes),)),
            name_bytes,
            bytes((_TEXT,)),
            len(value_bytes).to_bytes(2, "big"),
            value_bytes,
        )
    )


def _event(kind: str, payload: bytes = b"", content_type: str = "") -> bytes:
    headers = {":message-type": "event", ":event-type": kind}
    if content_type:
        headers[":content-type"] = content_type
    return message(headers, payload)


def records(payload: bytes) -> bytes:
    return _event("Records", payload, "application/octet-stream")


def progress(counts: Counts) -> bytes:
    return _event("Progress", _counts("Progress", counts), "text/xml")


def stats(counts: Counts) -> bytes:
    return _event("Stats", _counts("Stats", counts), "text/xml")


CONTINUATION: Final = _event("Cont")
END: Final = _event("End")


def error(code: str, text: str) -> bytes:
    """The last message; nothing comes behind it."""
    headers = {":message-type": "error", ":error-code": code, ":error-message": text[:1_024]}
    return message(headers)


def _counts(name: str, counts: Counts) -> bytes:
    return document(
        name,
        element("BytesScanned", counts.scanned)
        + element("BytesProcessed", counts.processed)
        + element("BytesReturned", counts.returned),
    )
