"""Changes of users, groups and roles themselves. See `iam_permissions` for their policies."""

from typing import Final

from trioxygen.common import iam_limits as limits
from trioxygen.metadata.om.commands.iam_refusals import (
    conflict,
    exists,
    limit,
    no_such,
    no_such_principal,
)
from trioxygen.metadata.om.state.iam_tags import merged_tags
from trioxygen.metadata.om.state.identities import (
    GROUP,
    KIND_NAMES,
    ROLE,
    USER,
    attachment_key,
    get_policy,
    get_principal,
    kind_prefix,
    member_key,
    members_prefix,
    move_members,
    new_principal_id,
    principal_key,
    put_principal,
    raise_revision,
    user_keys_prefix,
)
from trioxygen.metadata.om.state.schema import (
    GROUP_MEMBERS,
    POLICY_ATTACHMENTS,
    PRINCIPAL_IDS,
    PRINCIPALS,
    USER_KEYS,
)
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import ChangeIamReply, PrincipalRow

_QUOTAS: Final = {
    USER: ("UsersPerAccount", limits.USERS_MAX),
    GROUP: ("GroupsPerAccount", limits.GROUPS_MAX),
    ROLE: ("RolesPerAccount", limits.ROLES_MAX),
}
_SESSION_SECONDS: Final = 3_600


def live_principal(
    txn: ReadTxn, account_id: str, named: iam.PrincipalName
) -> PrincipalRow | Refusal:
    row = get_principal(txn, account_id, named.kind, named.name)
    return no_such_principal(named.kind, named.name) if row is None else row


def put_changed(txn: CapturingTxn, row: PrincipalRow, now: Now) -> ChangeIamReply | Refusal:
    """Nothing was changed before."""
    refusal = check_size(row)
    if refusal is not None:
        return refusal
    put_principal(txn, row)
    raise_revision(txn, now)
    return ChangeIamReply(principal=row)


def check_size(row: PrincipalRow) -> Refusal | None:
    if len("".join(row.trust_policy.split())) > limits.TRUST_POLICY_MAX:
        return limit("ACLSizePerRole", limits.TRUST_POLICY_MAX)
    if len(row.tags) > limits.TAGS_MAX:
        return limit("TagsPerEntity", limits.TAGS_MAX)
    if row.ByteSize() > limits.PRINCIPAL_BYTES_MAX:
        return limit("BytesPerEntity", limits.PRINCIPAL_BYTES_MAX)
    return None


def create_principal(
    txn: CapturingTxn, account_id: str, change: iam.CreatePrincipal, now: Now
) -> ChangeIamReply | Refusal:
    row = _first_row(account_id, change.principal, now)
    if get_principal(txn, account_id, row.kind, row.name) is not None:
        return exists(KIND_NAMES[row.kind], row.name)
    quota, most = _QUOTAS[row.kind]
    if sum(1 for _ in txn.scan(PRINCIPALS.table, prefix=kind_prefix(account_id, row.kind))) >= most:
        return limit(quota, most)
    refusal = check_boundary(txn, row) or check_size(row)
    if refusal is not None:
        return refusal
    put_principal(txn, row)
    if row.boundary:
        txn.put(POLICY_ATTACHMENTS, attachment_key(row, row.boundary, is_boundary=True), b"")
    return ChangeIamReply(principal=row)


def _first_row(account_id: str, said: PrincipalRow, now: Now) -> PrincipalRow:
    """Without policies and groups: those come later."""
    row = PrincipalRow(
        kind=said.kind,
        account_id=account_id,
        name=said.name,
        path=said.path or "/",
        unique_id=new_principal_id(said.kind, now),
        created_ms=now.wall_ms,
        tags=merged_tags((), said.tags, ()),
        boundary=said.boundary,
    )
    if said.kind == ROLE:
        row.trust_policy, row.description = said.trust_policy, said.description
        row.session_seconds_max = said.session_seconds_max or _SESSION_SECONDS
    return row


def check_boundary(txn: ReadTxn, row: PrincipalRow) -> Refusal | None:
    if row.boundary and get_policy(txn, row.account_id, row.boundary) is None:
        return no_such("policy", row.boundary)
    return None


def change_principal(
    txn: CapturingTxn, account_id: str, change: iam.ChangePrincipal, now: Now
) -> ChangeIamReply | Refusal:
    old = live_principal(txn, account_id, change.of)
    if isinstance(old, Refusal):
        return old
    row = PrincipalRow()
    row.CopyFrom(old)
    for field in (
        "name",
        "path",
        "boundary",
        "trust_policy",
        "session_seconds_max",
        "description",
    ):
        if change.HasField(field):
            setattr(row, field, getattr(change, field))
    has_other_key = row.name.lower() != old.name.lower()
    if has_other_key and get_principal(txn, account_id, row.kind, row.name) is not None:
        return exists(KIND_NAMES[row.kind], row.name)
    refusal = check_boundary(txn, row) or check_size(row)
    if refusal is not None:
        return refusal
    if has_other_key:
        PRINCIPALS.delete(txn, principal_key(account_id, old.kind, old.name))
        move_members(txn, row, old.name)
    _move_attachments(txn, old, row)
    return put_changed(txn, row, now)


def _move_attachments(txn: CapturingTxn, old: PrincipalRow, row: PrincipalRow) -> None:
    was, now = _attachment_keys(old), _attachment_keys(row)
    for key in sorted(was - now):
        txn.delete(POLICY_ATTACHMENTS, key)
    for key in sorted(now - was):
        txn.put(POLICY_ATTACHMENTS, key, b"")


def _attachment_keys(row: PrincipalRow) -> set[bytes]:
    keys = {attachment_key(row, arn, is_boundary=False) for arn in row.attached}
    if row.boundary:
        keys.add(attachment_key(row, row.boundary, is_boundary=True))
    return keys


def delete_principal(
    txn: CapturingTxn, account_id: str, named: iam.PrincipalName, now: Now
) -> ChangeIamReply | Refusal:
    row = live_principal(txn, account_id, named)
    if isinstance(row, Refusal):
        return row
    left = _what_is_left(txn, row)
    if left:
        return conflict(KIND_NAMES[row.kind], row.name, f"Cannot delete entity, must {left} first.")
    PRINCIPALS.delete(txn, principal_key(account_id, row.kind, row.name))
    txn.delete(PRINCIPAL_IDS, row.unique_id.encode())
    for key in sorted(_attachment_keys(row)):
        txn.delete(POLICY_ATTACHMENTS, key)
    raise_revision(txn, now)
    return ChangeIamReply()


def _what_is_left(txn: ReadTxn, row: PrincipalRow) -> str:
    """Empty: nothing."""
    keys = user_keys_prefix(row.account_id, row.unique_id)
    if next(txn.scan(USER_KEYS, prefix=keys), None) is not None:
        return "delete access keys"
    members = members_prefix(row.unique_id)
    if row.group_ids or next(txn.scan(GROUP_MEMBERS, prefix=members), None) is not None:
        return "remove users from group"
    if row.attached:
        return "detach all policies"
    return "delete policies" if row.inline else ""


def tag_principal(
    txn: CapturingTxn, account_id: str, change: iam.TagPrincipal, now: Now
) -> ChangeIamReply | Refusal:
    row = live_principal(txn, account_id, change.of)
    if isinstance(row, Refusal):
        return row
    tags = merged_tags(row.tags, change.tags, change.removed)
    row.ClearField("tags")
    row.tags.extend(tags)
    return put_changed(txn, row, now)


def _both(
    txn: ReadTxn, account_id: str, change: iam.Membership
) -> tuple[PrincipalRow, PrincipalRow] | Refusal:
    """(group, user)"""
    group = get_principal(txn, account_id, GROUP, change.group)
    if group is None:
        return no_such_principal(GROUP, change.group)
    user = get_principal(txn, account_id, USER, change.user)
    return no_such_principal(USER, change.user) if user is None else (group, user)


def add_member(
    txn: CapturingTxn, account_id: str, change: iam.Membership, now: Now
) -> ChangeIamReply | Refusal:
    both = _both(txn, account_id, change)
    if isinstance(both, Refusal):
        return both
    group, user = both
    if group.unique_id in user.group_ids:
        return ChangeIamReply()
    if len(user.group_ids) >= limits.GROUPS_PER_USER_MAX:
        return limit("GroupsPerUser", limits.GROUPS_PER_USER_MAX)
    user.group_ids.append(group.unique_id)
    put_principal(txn, user)
    txn.put(GROUP_MEMBERS, member_key(group.unique_id, user.name), b"")
    raise_revision(txn, now)
    return ChangeIamReply()


def remove_member(
    txn: CapturingTxn, account_id: str, change: iam.Membership, now: Now
) -> ChangeIamReply | Refusal:
    both = _both(txn, account_id, change)
    if isinstance(both, Refusal):
        return both
    group, user = both
    if group.unique_id not in user.group_ids:
        return no_such_principal(USER, change.user)
    user.group_ids.remove(group.unique_id)
    put_principal(txn, user)
    txn.delete(GROUP_MEMBERS, member_key(group.unique_id, user.name))
    raise_revision(txn, now)
    return ChangeIamReply()
