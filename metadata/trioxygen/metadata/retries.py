"""Answers that are kept with the state, so that a retried command gets its first one again."""

from typing import Final
from zlib import crc32

from google.protobuf.message import DecodeError, Message

from trioxygen.common.errors import InvalidRequest, TrioxygenError
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.om_pb2 import RetryRow

RETRIES: Final = RowTable(1, "retry", RetryRow)

_REPLY_TYPES: Final[dict[type[Message], type[Message]]] = {}
# What stands for the command in a row.
_METHODS: Final[dict[type[Message], int]] = {}


def register_reply(command: type[Message], reply: type[Message]) -> None:
    """Says what a command is answered with, so that a kept answer can be read again. Called at
    import.
    """
    _REPLY_TYPES[command] = reply
    _METHODS[command] = crc32(command.DESCRIPTOR.full_name.encode()) or 1


def kept_row(command: Message, reply: Message, *, group_ms: int) -> RetryRow:
    return RetryRow(
        answered_ms=group_ms,
        method=_METHODS[type(command)],
        reply=reply.SerializeToString(),
    )


def kept_answer(command: Message, row: RetryRow) -> Message | TrioxygenError:
    """The first answer again; a refusal when the ids were those of a request of another kind."""
    # Rows of an earlier version have no method.
    if row.method in (0, _METHODS[type(command)]):
        try:
            return _REPLY_TYPES[type(command)].FromString(row.reply)
        except DecodeError:
            pass
    return InvalidRequest("the request's id is another request's")


def expire_retries(txn: CapturingTxn, *, answered_before_ms: int, rows_max: int) -> bool:
    """Forgets answers that are too old to be asked for again; whether there are more.

    Args:
        answered_before_ms: in the group's time (`group_time`), so that no step of a clock makes an
            answer older.

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
