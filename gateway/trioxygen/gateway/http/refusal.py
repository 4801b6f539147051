"""What the server answers by itself, where no application is asked: why, and with which document.

What such an answer looks like is the port's own: plain text, unless whoever starts the server hands
it something else (`S3Refusals`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

Fields = list[tuple[bytes, bytes]]


class Reason(Enum):
    """Value: its status where S3 has no say, and what is wrong."""

    MALFORMED = 400, "Bad Request"
    HEAD_TOO_SLOW = 408, "Request Timeout"
    HEAD_TOO_LARGE = 431, "Request Header Fields Too Large"
    FAILED = 500, "Internal Server Error"
    CODING_UNKNOWN = 501, "Not Implemented"
    TOO_MANY_CONNECTIONS = 503, "Too Many Connections"
    TOO_MANY_REQUESTS = 503, "Too Many Requests Before Their Answers"
    STOPPING = 503, "Service Unavailable"
    VERSION_UNKNOWN = 505, "HTTP Version Not Supported"

    @property
    def status(self) -> int:
        return self.value[0]


class Refusal(Exception):
    """What comes is not answered by an application."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Attributes:
    method: as far as it is known: what cannot be read may have none.
    remote: address of the client.
    waited_seconds: for the client.
    head_bytes_max: what a head may have.
    """

    reason: Reason
    method: str = ""
    remote: str = ""
    waited_seconds: float = 0.0
    head_bytes_max: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Attributes:
    fields: but for those of the framing, Date and Server.
    """

    status: int
    fields: Fields
    body: bytes


Refusals = Callable[[Refused], Answer]


def plain_refusal(refused: Refused) -> Answer:
    status, text = refused.reason.value
    return Answer(status, [(b"content-type", b"text/plain")], f"{text}\n".encode())
