"""Answers that are kept with the state, so that a retried command gets its first one again."""

from typing import Final

from google.protobuf.message import DecodeError, Message

from trioxygen.common.errors import InvalidRequest, TrioxygenError, error_from_detail
from trioxygen.metadata.replication.commands import CommandKind
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1.replication_pb2 import RetryRow

RETRIES: Final = RowTable(1, "retry", RetryRow)


def kept_row(kind: CommandKind, reply: Message, *, group_ms: int) -> RetryRow:
    return RetryRow(answered_ms=group_ms, method=kind.number, reply=reply.SerializeToString())


def kept_refusal(kind: CommandKind, refusal: TrioxygenError, *, group_ms: int) -> RetryRow:
    """Of a retry. Its first try may still come to run, when the refusal's reason has gone: it must
    not do then what its caller was told was not done."""
    return RetryRow(answered_ms=group_ms, method=kind.number, refusal=refusal.detail())


def kept_answer(kind: CommandKind, row: RetryRow) -> Message | TrioxygenError:
    """The first answer again; a refusal when the ids were those of a request of another kind."""
    # Rows of an earlier version have no method.
    if row.method in (0, kind.number):
        if row.HasField("refusal"):
            return error_from_detail(row.refusal)
        try:
            return kind.reply.FromString(row.reply)
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
