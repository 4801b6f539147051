"""Where identities stand, and what leads to them.

Names are found whatever their case is. What refers to a principal from outside its row does so by
its unique id, so a new name changes few rows, and another principal of an old name is not it."""

from collections.abc import Iterator
from typing import Final

from trioxygen.common.managed_policies import BUILT_IN_POLICIES, OWNER
from trioxygen.common.tokens import random_token
from trioxygen.metadata.om.state.schema import (
    ACCESS_KEYS,
    GROUP_MEMBERS,
    IDENTITY_REVISION,
    MANAGED_POLICIES,
    POLICY_ATTACHMENTS,
    PRINCIPAL_IDS,
    PRINCIPALS,
    USER_KEYS,
)
from trioxygen.metadata.replication.batch import Now
from trioxygen.metadata.replication.state import put_integer
from trioxygen.metadata.store.ports import ReadTxn, WriteTxn
from trioxygen.proto.v1 import iam_pb2 as iam

GROUP, ROLE, USER = iam.GROUP, iam.ROLE, iam.USER
KIND_NAMES: Final = {USER: "user", GROUP: "group", ROLE: "role"}
# Source: IAM user guide, "IAM identifiers", unique identifiers.
_ID_PREFIXES: Final = {USER: "AIDA", GROUP: "AGPA", ROLE: "AROA"}
_ID_LETTERS: Final = 17
# Of names, ids and keys that there are. What is looked for may be longer, and is not there.
_NAME_MAX: Final = 256
_AS_BOUNDARY: Final = b"\0boundary"


def _part(name: str) -> bytes:
    """Of a row's key. What is looked for and longer than all there is stays so."""
    return name[: _NAME_MAX + 1].encode()


def lowered(name: str) -> bytes:
    return _part(name.lower())


def raise_revision(txn: WriteTxn, now: Now) -> None:
    """What identities may do has changed: gateways read those that they remember again."""
    put_integer(txn, IDENTITY_REVISION, now.next_id())


# ---- principals ----


def kind_prefix(account_id: str, kind: iam.PrincipalKind) -> bytes:
    return _part(account_id) + b"\0" + bytes((kind,))


def principal_key(account_id: str, kind: iam.PrincipalKind, name: str) -> bytes:
    return kind_prefix(account_id, kind) + lowered(name)


def get_principal(
    txn: ReadTxn, account_id: str, kind: iam.PrincipalKind, name: str
) -> iam.PrincipalRow | None:
    return PRINCIPALS.get(txn, principal_key(account_id, kind, name))


def principal_of_id(txn: ReadTxn, unique_id: str) -> iam.PrincipalRow | None:
    key = txn.get(PRINCIPAL_IDS, _part(unique_id))
    return None if key is None else PRINCIPALS.get(txn, key)


def new_principal_id(kind: iam.PrincipalKind, now: Now) -> str:
    return _ID_PREFIXES[kind] + random_token(now.rng, _ID_LETTERS)


def new_policy_id(now: Now) -> str:
    return "ANPA" + random_token(now.rng, _ID_LETTERS)


def put_principal(txn: WriteTxn, row: iam.PrincipalRow) -> None:
    key = principal_key(row.account_id, row.kind, row.name)
    PRINCIPALS.put(txn, key, row)
    id_key = row.unique_id.encode()
    if txn.get(PRINCIPAL_IDS, id_key) != key:
        txn.put(PRINCIPAL_IDS, id_key, key)


def principal_arn(row: iam.PrincipalRow) -> str:
    return f"arn:aws:iam::{row.account_id}:{KIND_NAMES[row.kind]}{row.path}{row.name}"


# ---- members of groups ----


def members_prefix(group_id: str) -> bytes:
    return group_id.encode() + b"\0"


def member_key(group_id: str, user: str) -> bytes:
    return members_prefix(group_id) + lowered(user)


def groups_of(txn: ReadTxn, user: iam.PrincipalRow) -> list[iam.PrincipalRow]:
    """In the order in which it came to them."""
    rows = (principal_of_id(txn, group_id) for group_id in user.group_ids)
    return [row for row in rows if row is not None]


def move_members(txn: WriteTxn, user: iam.PrincipalRow, old_name: str) -> None:
    """Of a user that has a new name."""
    for group_id in user.group_ids:
        txn.delete(GROUP_MEMBERS, member_key(group_id, old_name))
        txn.put(GROUP_MEMBERS, member_key(group_id, user.name), b"")


# ---- managed policies ----


def policy_arn(row: iam.ManagedPolicyRow) -> str:
    return f"arn:aws:iam::{row.account_id}:policy{row.path}{row.name}"


def policy_key(account_id: str, name: str) -> bytes:
    return _part(account_id) + b"\0" + lowered(name)


def is_built_in(arn: str) -> bool:
    return arn in BUILT_IN_POLICIES


def get_policy(txn: ReadTxn, account_id: str, arn: str) -> iam.ManagedPolicyRow | None:
    """One of the account, or one that is built in. Of exactly that ARN: what policies say of it
    (iam:PolicyARN, Resource) is compared with the ARN as it was asked for."""
    if arn in BUILT_IN_POLICIES:
        return _built_in_row(arn)
    row = MANAGED_POLICIES.get(txn, policy_key(account_id, arn.rpartition("/")[2]))
    return row if row is not None and policy_arn(row) == arn else None


def _built_in_row(arn: str) -> iam.ManagedPolicyRow:
    policy = BUILT_IN_POLICIES[arn]
    return iam.ManagedPolicyRow(
        account_id=OWNER,
        name=policy.name,
        path="/",
        unique_id=policy.unique_id,
        description=policy.description,
        versions=[iam.PolicyVersion(number=1, document=policy.document)],
        default_version=1,
        last_version=1,
    )


def default_document(row: iam.ManagedPolicyRow) -> str:
    return next(each.document for each in row.versions if each.number == row.default_version)


def attachments_prefix(account_id: str, arn: str) -> bytes:
    """Of who in the account has a policy. Names are unique of the account, whatever the path is."""
    scope = b"\0\1" if is_built_in(arn) else b"\0\2"
    return _part(account_id) + scope + lowered(arn.rpartition("/")[2]) + b"\0"


def attachment_key(row: iam.PrincipalRow, arn: str, *, is_boundary: bool) -> bytes:
    place = attachment_place(row.kind, row.name, is_boundary=is_boundary)
    return attachments_prefix(row.account_id, arn) + place


def attachment_place(kind: iam.PrincipalKind, name: str, *, is_boundary: bool) -> bytes:
    """Among the attachments of a policy."""
    return bytes((kind,)) + lowered(name) + (_AS_BOUNDARY if is_boundary else b"")


def attachments_of(
    txn: ReadTxn, account_id: str, arn: str, after: bytes = b""
) -> Iterator[tuple[iam.PrincipalRow, bool]]:
    """(principal, whether as boundary), by kind and name. after: an `attachment_place`."""
    prefix = attachments_prefix(account_id, arn)
    start = _part(account_id) + b"\0"
    for key, _ in txn.scan(POLICY_ATTACHMENTS, prefix=prefix, after=prefix + after):
        place = key[len(prefix) :]
        named = place.removesuffix(_AS_BOUNDARY)
        row = PRINCIPALS.get(txn, start + named)
        assert row is not None, f"a policy is attached to {named!r}, which is not there"
        yield row, named != place


def count_attachments(txn: ReadTxn, account_id: str, arn: str) -> tuple[int, int]:
    """(attached, as boundary)"""
    attached = boundaries = 0
    for key, _ in txn.scan(POLICY_ATTACHMENTS, prefix=attachments_prefix(account_id, arn)):
        if key.endswith(_AS_BOUNDARY):
            boundaries += 1
        else:
            attached += 1
    return attached, boundaries


# ---- access keys ----


def user_keys_prefix(account_id: str, user_id: str) -> bytes:
    """Args: user_id: "": the account's root."""
    return _part(account_id) + b"\0" + user_id.encode() + b"\0"


def user_key_key(row: iam.AccessKeyRow) -> bytes:
    return user_keys_prefix(row.account_id, row.user_id) + row.access_key.encode()


def put_access_key(txn: WriteTxn, row: iam.AccessKeyRow) -> None:
    ACCESS_KEYS.put(txn, row.access_key.encode(), row)
    put_key_of_user(txn, row)


def put_key_of_user(txn: WriteTxn, row: iam.AccessKeyRow) -> None:
    if txn.get(USER_KEYS, user_key_key(row)) is None:
        txn.put(USER_KEYS, user_key_key(row), b"")


def delete_access_key(txn: WriteTxn, row: iam.AccessKeyRow) -> None:
    ACCESS_KEYS.delete(txn, row.access_key.encode())
    txn.delete(USER_KEYS, user_key_key(row))


def access_key_of(txn: ReadTxn, access_key: str) -> iam.AccessKeyRow | None:
    return ACCESS_KEYS.get(txn, _part(access_key)) if access_key else None
