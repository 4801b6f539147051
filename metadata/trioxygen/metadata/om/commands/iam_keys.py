"""Changes of access keys, and of the keys that session tokens are sealed under."""

from typing import Final

from trioxygen.common import iam_limits as limits
from trioxygen.common.units import DAY_MS, HOUR_MS, SECOND_MS
from trioxygen.metadata.om.commands.iam_refusals import no_such, no_such_principal
from trioxygen.metadata.om.state.identities import (
    USER,
    access_key_of,
    delete_access_key,
    get_principal,
    principal_of_id,
    put_principal,
    raise_revision,
)
from trioxygen.metadata.om.state.schema import ACCESS_KEYS, SESSION_KEYS
from trioxygen.metadata.om.state.session_keys import newest_session_key, session_key_key
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import AccessKeyRow, ChangeIamReply, SessionKeyRow
from trioxygen.proto.v1.om_pb2 import PrepareSession
from trioxygen.proto.v1.replication_pb2 import WorkReply

# A key seals new sessions for a day, and is kept until the last of them is over.
SESSION_KEY_SEALS_MS: Final = DAY_MS
_SESSION_KEY_KEPT_MS: Final = SESSION_KEY_SEALS_MS + limits.SESSION_SECONDS_MAX * SECOND_MS
SESSION_KEY_BYTES: Final = 32
# So exactly is said when a role was used last.
ROLE_USE_MS: Final = HOUR_MS


def _own_key(
    txn: ReadTxn, account_id: str, change: iam.ChangeAccessKey | iam.DeleteAccessKey
) -> AccessKeyRow | Refusal:
    user_id = ""
    if change.user:
        user = get_principal(txn, account_id, USER, change.user)
        if user is None:
            return no_such_principal(USER, change.user)
        user_id = user.unique_id
    row = access_key_of(txn, change.access_key)
    if row is None or (row.account_id, row.user_id) != (account_id, user_id):
        return no_such("access key", change.access_key)
    return row


def change_key(
    txn: CapturingTxn, account_id: str, change: iam.ChangeAccessKey, now: Now
) -> ChangeIamReply | Refusal:
    row = _own_key(txn, account_id, change)
    if isinstance(row, Refusal):
        return row
    row.is_inactive = not change.is_active
    ACCESS_KEYS.put(txn, row.access_key.encode(), row)
    raise_revision(txn, now)
    return ChangeIamReply()


def delete_key(
    txn: CapturingTxn, account_id: str, change: iam.DeleteAccessKey, now: Now
) -> ChangeIamReply | Refusal:
    row = _own_key(txn, account_id, change)
    if isinstance(row, Refusal):
        return row
    delete_access_key(txn, row)
    raise_revision(txn, now)
    return ChangeIamReply()


def note_uses(
    txn: CapturingTxn, account_id: str, change: iam.NoteAccessKeyUses, now: Now
) -> ChangeIamReply:
    """No decision hangs on it. Keys that are gone are left out."""
    latest = {use.access_key: use for use in sorted(change.uses, key=lambda use: use.used_ms)}
    for use in latest.values():
        row = access_key_of(txn, use.access_key)
        if row is None or row.last_used_ms >= use.used_ms:
            continue
        row.last_used_ms = use.used_ms
        row.last_used_service, row.last_used_region = use.service, use.region
        ACCESS_KEYS.put(txn, row.access_key.encode(), row)
    return ChangeIamReply()


def prepare_session(txn: CapturingTxn, command: PrepareSession, now: Now) -> WorkReply:
    newest = newest_session_key(txn)
    if newest is None or now.group_ms - newest.made_ms >= SESSION_KEY_SEALS_MS:
        for key, row in list(SESSION_KEYS.scan(txn, prefix=b"")):
            if now.group_ms - row.made_ms >= _SESSION_KEY_KEPT_MS:
                SESSION_KEYS.delete(txn, key)
        made = SessionKeyRow(
            key_id=now.next_id(),
            secret=now.rng.randbytes(SESSION_KEY_BYTES),
            made_ms=now.group_ms,
        )
        SESSION_KEYS.put(txn, session_key_key(made.key_id), made)
    role = principal_of_id(txn, command.role_id) if command.role_id else None
    if role is not None and now.wall_ms - role.last_used_ms >= ROLE_USE_MS:
        role.last_used_ms = now.wall_ms
        put_principal(txn, role)
    return WorkReply()
