"""What the leader's background workers share.

Each looks in a read transaction and changes things by commands, in bounded pieces. It gets past
rows that cannot be handled: later ones are not to wait for them."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from google.protobuf.message import Message

from trioxygen.common import logs
from trioxygen.common.errors import TrioxygenError, Unavailable
from trioxygen.metadata.replication.executor import Executor
from trioxygen.proto.v1.replication_pb2 import WorkReply

log = logs.get(__name__)

ROWS_AT_ONCE_MAX: Final = 1_000

_Row = TypeVar("_Row")


async def execute_rows(
    executor: Executor, rows: Sequence[_Row], command: Callable[[Sequence[_Row]], Message]
) -> bool:
    """One command for all rows; where that fails, one for each. Whether some are left.

    Raises: Unavailable: none can be handled now. Otherwise what the last failed with, at the end.
    """
    try:
        return _has_more(await executor.execute(command(rows)))
    except Unavailable:
        raise
    except TrioxygenError as error:
        if len(rows) == 1:
            raise
        log.error("rows_handled_one_by_one", rows=len(rows), error=error)
    last: TrioxygenError | None = None
    more = False
    for row in rows:
        try:
            more |= _has_more(await executor.execute(command([row])))
        except Unavailable:
            raise
        except TrioxygenError as error:
            last = error
    if last is not None:
        raise last
    return more


def _has_more(reply: Message) -> bool:
    return isinstance(reply, WorkReply) and reply.more


class Round:
    """Where in a table the next page begins; at its end, or on an empty one, at the start again.

    `went_to` is told before a page is handled: one that fails is come back to in the next round."""

    def __init__(self) -> None:
        self.after: bytes | None = None

    def went_to(self, last: bytes | None) -> None:
        """The page's last row; None: it was the last page."""
        self.after = last
