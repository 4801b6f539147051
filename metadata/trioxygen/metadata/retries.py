"""Answers that are kept with the state, so that a retried command gets its first one again."""

from collections import deque
from typing import Final

from google.protobuf.message import Message

from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.om_pb2 import RetryRow

RETRIES: Final = RowTable(1, "retry", RetryRow)

# While an answer is kept: more of them forget it sooner after that.
_MARKS: Final = 100

_REPLY_TYPES: Final[dict[type[Message], type[Message]]] = {}


def register_reply(command: type[Message], reply: type[Message]) -> None:
    """Says what a command is answered with, so that a kept answer can be read again. Called at
    import.
    """
    _REPLY_TYPES[command] = reply


def reply_type(command: Message) -> type[Message]:
    return _REPLY_TYPES[type(command)]


class AnswerAges:
    """Which kept answers are old enough, as this leader has seen time pass: a wall clock that jumps
    forward must not forget what is asked for again.

    A mark says what the wall time of commands had come to at a moment of the monotonic clock.
    Whatever this leader answered after a mark is not older than the mark's wall time; what former
    leaders answered came before its first mark.
    """

    def __init__(self, kept_ms: float) -> None:
        self._kept_ms = kept_ms
        self._term = -1
        self._marks: deque[tuple[float, int]] = deque()
        self._before_ms = 0

    def answered_before_ms(self, *, term: int, monotonic_ms: float, wall_ms: int) -> int:
        """Answers of an earlier wall time may be forgotten; 0: none yet.

        Args:
            wall_ms: of the last batch of commands, which never goes back within a term.
        """
        marks = self._marks
        if term != self._term:
            self._term, self._before_ms = term, 0
            marks.clear()
        if not marks or monotonic_ms - marks[-1][0] >= self._kept_ms / _MARKS:
            marks.append((monotonic_ms, wall_ms))
        while marks and monotonic_ms - marks[0][0] >= self._kept_ms:
            self._before_ms = marks.popleft()[1]
        return self._before_ms


def expire_retries(txn: CapturingTxn, *, answered_before_ms: int, rows_max: int) -> bool:
    """Forgets answers that are too old to be asked for again; whether there are more.

    A client's request ids rise, so its old answers stand first: one range for each client.
    """
    cursor = txn.cursor(RETRIES.table)
    row = cursor.seek(b"")
    ranges: list[tuple[bytes, bytes]] = []
    seen = 0
    while row is not None and seen < rows_max:
        client = row[0][:8]
        first, end = row[0], row[0]
        while row is not None and row[0][:8] == client and seen < rows_max:
            if RetryRow.FromString(row[1]).answered_ms >= answered_before_ms:
                break
            seen += 1
            end = row[0] + b"\0"
            row = cursor.next()
        if end != first:
            ranges.append((first, end))
        if row is not None and row[0][:8] == client:
            row = (
                cursor.seek((int.from_bytes(client, "big") + 1).to_bytes(9, "big")[-8:])
                if client != b"\xff" * 8
                else None
            )
    for first, end in ranges:
        txn.delete_range(RETRIES.table, first, end)
    return seen >= rows_max
