"""What is known of a range of a copy's source without reading it. Pure."""

import re
from typing import Final, NamedTuple

from trioxygen.common.checksum import Algorithm
from trioxygen.gateway.store.values.encryption import has_md5_etags
from trioxygen.gateway.store.values.keys import KeyRecord, ObjectPart

_MD5: Final = re.compile("[0-9a-f]{32}")


class KnownRange(NamedTuple):
    """Of a range's bytes. Attributes:
    etag: their hex MD5.
    digest: by the algorithm that was asked for.
    crc64nvme: as of `ObjectPart`."""

    etag: str
    digest: bytes
    crc64nvme: bytes = b""


def known_range(
    record: KeyRecord, algorithm: Algorithm, *, offset_bytes: int, length_bytes: int
) -> KnownRange | None:
    """Of a range that is just one of the source's parts, or all of an object without parts."""
    whole = record.checksum
    if not has_md5_etags(record.encryption):
        return None
    if not record.parts:
        is_all = not offset_bytes and length_bytes == record.size_bytes
        if not is_all or whole is None or whole.algorithm is not algorithm:
            return None
        return KnownRange(record.etag, whole.digest) if _MD5.fullmatch(record.etag) else None
    start_bytes = 0
    for part in record.parts:
        if start_bytes > offset_bytes:
            break
        if start_bytes == offset_bytes and part.size_bytes == length_bytes:
            return _known_part(part, None if whole is None else whole.algorithm, algorithm)
        start_bytes += part.size_bytes
    return None


def _known_part(part: ObjectPart, own: Algorithm | None, algorithm: Algorithm) -> KnownRange | None:
    """Args: own: of the part's digest."""
    digest = b""
    if own is algorithm:
        digest = part.digest
    elif algorithm is Algorithm.CRC64NVME:
        digest = part.crc64nvme
    if not part.md5 or not digest:
        return None
    spare = b"" if algorithm is Algorithm.CRC64NVME else part.crc64nvme
    return KnownRange(part.md5.hex(), digest, spare)
