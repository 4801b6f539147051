"""Byte ranges: the Range header of reads and the stricter x-amz-copy-source-range of part copies.

Source: RFC 9110, section 14; S3 API, GetObject and UploadPartCopy.
"""

import re
from typing import Final

from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.numbers import clamped

# A list of one; its empty elements count for nothing (RFC 9110, 5.6.1).
_RANGE: Final = re.compile(r"bytes=[ \t,]*([0-9]*)-([0-9]*)[ \t,]*", re.I)
_COPY_RANGE_HEADER: Final = "x-amz-copy-source-range"
_COPY_RANGE: Final = re.compile(r"bytes=([0-9]+)-([0-9]+)")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(offset, length) in bytes of the single range asked for, or None for the whole object.

    As on AWS, a header that is not well-formed, names another unit or lists several ranges is
    ignored, and no range of an empty object can be satisfied.

    Args:
        size: of the object, in bytes.
    Returns:
        offset < size, length >= 1, offset + length <= size.
    Raises:
        S3Error: InvalidRange (416).
    """
    if header is None:
        return None
    match = _RANGE.fullmatch(header)
    if match is None:
        return None
    first_digits, last_digits = match.groups()
    if not first_digits:
        if not last_digits:
            return None
        suffix = min(clamped(last_digits), size)
        first, last = size - suffix, size - 1
    else:
        first = clamped(first_digits)
        last = clamped(last_digits) if last_digits else size - 1
        if last_digits and last < first:
            return None
        last = min(last, size - 1)
    if first >= size:
        raise S3Error(
            "InvalidRange",
            details={"RangeRequested": header, "ActualObjectSize": str(size)},
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, last - first + 1


def parse_copy_range(header: str | None, size: int) -> tuple[int, int] | None:
    """(offset, length) of ``x-amz-copy-source-range: bytes=first-last``, or None when not sent.

    Args:
        size: of the source object, in bytes.
    Raises:
        S3Error: InvalidArgument (any other form, last before first, or beyond the source's end: a
            part copy is never cut short).
    """
    if header is None:
        return None
    match = _COPY_RANGE.fullmatch(header)
    first, last = (clamped(match[1]), clamped(match[2])) if match else (1, 0)
    if last < first:
        raise invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first"
            " and last are the zero-based offsets of the first and last bytes to copy",
            _COPY_RANGE_HEADER,
            header,
        )
    if last >= size:
        raise invalid_argument(
            f"Range specified is not valid for source object of size: {size}",
            _COPY_RANGE_HEADER,
            header,
            case=Case.COPY_RANGE_BEYOND_SOURCE,
        )
    return first, last - first + 1
