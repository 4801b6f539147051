"""Which bytes of an object a GET or HEAD is answered with, and with which status. Pure.

In the order of RFC 9110, section 13.2.2: conditions, If-Range, then Range; S3's partNumber takes
the place of a Range. HEAD follows the same rules, as on S3.

The parts of an object are numbered 1 to n, whatever numbers they were uploaded under: S3 tells
their count (``x-amz-mp-parts-count``), clients download 1 to that count, and the refusal of a
larger number names the count. For objects of which S3 itself shows single parts it is the same,
as it demands that their uploads are numbered without gaps.
"""

from collections.abc import Sequence
from typing import NamedTuple

from trioxygen.gateway.protocol.conditions import if_range_holds, is_not_modified
from trioxygen.gateway.protocol.dialect import Case
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import read_part_number
from trioxygen.gateway.protocol.ranges import parse_range
from trioxygen.gateway.protocol.request_headers import RequestHeaders


# Both are made once a read: a named tuple costs a third of what a frozen dataclass does.
class Stored(NamedTuple):
    """The version that is served. Attributes:
    etag: without quotes.
    part_sizes: in bytes, in order; empty for an object that was not uploaded in parts. Only a
        partNumber needs it."""

    etag: str
    last_modified_ms: int
    size_bytes: int
    part_sizes: Sequence[int] = ()


class Selection(NamedTuple):
    """What to answer. Attributes:
    status: 200, 206 or 304 (then nothing of the object is sent).
    part: index of the part that was asked for by its number; None: not asked so, or no parts.
    content_range: of the header, None where it has none to tell."""

    status: int
    offset: int = 0
    length: int = 0
    part: int | None = None
    content_range: str | None = None


def select(
    head: RequestHeaders, stored: Stored, *, part_number: str | None, now_s: int
) -> Selection:
    """Args:
        part_number: value of the query's partNumber, None when there is none.
    Raises:
        S3Error: InvalidArgument (part number), InvalidRequest (with a Range beside it),
            PreconditionFailed, InvalidRange, InvalidPartNumber.
    """
    number = None
    wanted_range = head.header("range")
    if part_number is not None:
        number = read_part_number(part_number)
        if wanted_range is not None:
            raise S3Error(
                "InvalidRequest", "Cannot specify both Range header and partNumber query parameter"
            )
    etag, modified_ms = stored.etag, stored.last_modified_ms
    if is_not_modified(head, etag=etag, last_modified_ms=modified_ms, now_s=now_s):
        return Selection(status=304)
    if number is not None:
        return _part(stored, number)
    selected = None
    if wanted_range is not None and if_range_holds(
        head, etag=etag, last_modified_ms=modified_ms, now_s=now_s
    ):
        selected = parse_range(wanted_range, stored.size_bytes)
    if selected is None:
        return Selection(status=200, length=stored.size_bytes)
    offset, length = selected
    return Selection(
        status=206,
        offset=offset,
        length=length,
        content_range=_content_range(offset, length, stored.size_bytes),
    )


def _part(stored: Stored, number: int) -> Selection:
    sizes = stored.part_sizes or (stored.size_bytes,)
    if number > len(sizes):
        raise S3Error(
            "InvalidPartNumber",
            details={"ActualPartCount": str(len(sizes)), "PartNumberRequested": str(number)},
            case=Case.PART_NUMBER_BEYOND_LAST,
        )
    part = number - 1 if stored.part_sizes else None
    if not stored.size_bytes:
        # All of nothing: a Content-Range, which a 206 must have, cannot say so.
        return Selection(status=200, part=part)
    offset, length = sum(sizes[: number - 1]), sizes[number - 1]
    return Selection(
        status=206,
        offset=offset,
        length=length,
        part=part,
        content_range=_content_range(offset, length, stored.size_bytes) if length else None,
    )


def _content_range(offset: int, length: int, size_bytes: int) -> str:
    return f"bytes {offset}-{offset + length - 1}/{size_bytes}"
