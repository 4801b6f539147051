"""The keys that session tokens are sealed under. There are few: each seals for a day."""

from trioxygen.metadata.om.state.schema import SESSION_KEYS
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.iam_pb2 import SessionKeyRow


def session_key_key(key_id: int) -> bytes:
    return key_id.to_bytes(8, "big")


def session_key(txn: ReadTxn, key_id: int) -> SessionKeyRow | None:
    return SESSION_KEYS.get(txn, session_key_key(key_id))


def newest_session_key(txn: ReadTxn) -> SessionKeyRow | None:
    rows = [row for _, row in SESSION_KEYS.scan(txn, prefix=b"")]
    return rows[-1] if rows else None
