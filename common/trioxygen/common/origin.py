"""For which client's request the running task works: what its log lines and its calls say of it.

Each task has a value of its own (a context variable), so nothing is shared between requests. It
only names; whatever decides anything gets it passed."""

from contextvars import Context, ContextVar
from typing import Final, NamedTuple


class Origin(NamedTuple):
    """Attributes:
    request_id: the gateway's (`x-amz-request-id`); empty: work of a service's own.
    trace: the id under which the client traces the request; else the request's id.
    """

    request_id: str = ""
    trace: str = ""

    @property
    def sent_trace(self) -> str:
        """Empty where the request's id says it."""
        return "" if self.trace == self.request_id else self.trace

    @property
    def size(self) -> int:
        """Bytes of it in a message, about."""
        return len(self.request_id) + len(self.trace)


NOBODY: Final = Origin()
_current: Final[ContextVar[Origin]] = ContextVar("origin", default=NOBODY)

# Of the task that runs. Cheap: one C call each.
current_origin: Final = _current.get
set_origin: Final = _current.set


def no_origin() -> Context:
    """For tasks that outlive the request in which they happen to start."""
    return Context()
