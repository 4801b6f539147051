"""What is known of a range of a copy's source without reading it. Pure."""

import re
from typing import Final, NamedTuple

from trioxygen.common.checksum import Algorithm
from trioxygen.gateway.store.values.encryption import EncryptionKind
from trioxygen.gateway.store.values.keys import KeyRecord

_MD5: Final = re.compile("[0-9a-f]{32}")


class KnownRange(NamedTuple):
    """etag: the hex MD5 of the range's bytes; digest: by the algorithm that was asked for."""

    etag: str
    digest: bytes


def known_range(
    record: KeyRecord, algorithm: Algorithm, *, offset_bytes: int, length_bytes: int
) -> KnownRange | None:
    """Of a range that is just one of the source's parts, or all of an object without parts."""
    whole, encryption = record.checksum, record.encryption
    if whole is None or whole.algorithm is not algorithm:
        return None
    if encryption is not None and encryption.kind is not EncryptionKind.SSE_S3:
        # Its ETags are no MD5.
        return None
    if not record.parts:
        is_all = not offset_bytes and length_bytes == record.size_bytes
        is_known = is_all and _MD5.fullmatch(record.etag)
        return KnownRange(record.etag, whole.digest) if is_known else None
    start_bytes = 0
    for part in record.parts:
        if start_bytes > offset_bytes:
            break
        if start_bytes == offset_bytes and part.size_bytes == length_bytes:
            if not part.md5 or not part.digest:
                return None
            return KnownRange(part.md5.hex(), part.digest)
        start_bytes += part.size_bytes
    return None
