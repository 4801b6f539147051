"""The trace that a client's request belongs to: the `traceparent` header of W3C Trace Context."""

import re
from typing import Final

# version, trace id, parent id, flags; later versions may add fields.
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)


def trace_id(traceparent: bytes | None) -> str:
    """32 hexadecimal digits; empty: there is no such header, or it is malformed."""
    match = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    return match[1].decode() if match else ""
