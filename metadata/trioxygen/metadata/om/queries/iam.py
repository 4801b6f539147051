"""Reads of identities: which function answers which."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, Final, TypeVar

from google.protobuf.message import Message

from trioxygen.common.errors import InvalidRequest, NoSuchEntity
from trioxygen.metadata.om.queries import iam_accounts
from trioxygen.metadata.om.queries.reading import PAGE_ROWS_MAX, fitting
from trioxygen.metadata.om.state.identities import (
    GROUP,
    KIND_NAMES,
    USER,
    access_key_of,
    attachment_place,
    attachments_of,
    count_attachments,
    get_policy,
    get_principal,
    groups_of,
    kind_prefix,
    lowered,
    members_prefix,
    policy_arn,
    policy_key,
    principal_of_id,
    user_keys_prefix,
)
from trioxygen.metadata.om.state.providers import get_provider, provider_key
from trioxygen.metadata.om.state.schema import (
    ACCOUNT_SETTINGS,
    GROUP_MEMBERS,
    MANAGED_POLICIES,
    OIDC_PROVIDERS,
    PRINCIPALS,
    USER_KEYS,
    account_setting_key,
)
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import ReadIamReply, ReadIamRequest

Row = TypeVar("Row", bound=Message)


def read_iam(txn: ReadTxn, request: ReadIamRequest) -> ReadIamReply:
    """Raises: NoSuchEntity; NoSuchAccount: of a summary."""
    name = request.WhichOneof("read")
    if name is None:
        raise InvalidRequest("no read that is known here")
    reply = ReadIamReply()
    _READS[name](txn, request.account_id, getattr(request, name), reply)
    return reply


def _live(txn: ReadTxn, account_id: str, kind: iam.PrincipalKind, name: str) -> iam.PrincipalRow:
    row = get_principal(txn, account_id, kind, name)
    if row is None:
        raise NoSuchEntity(kind=KIND_NAMES[kind], name=name)
    return row


def _shown(txn: ReadTxn, row: iam.PrincipalRow) -> iam.PrincipalRow:
    row.groups.extend(group.name for group in groups_of(txn, row))
    return row


def _page(rows: Iterable[Row], page: iam.Page, reply: ReadIamReply) -> list[Row]:
    """As many as were asked for, and fit."""
    count_max = min(page.count_max, PAGE_ROWS_MAX)
    looked_up = list(islice(rows, count_max + 1))
    fit = fitting(looked_up[:count_max])
    reply.truncated = len(looked_up) > len(fit)
    return fit


def _after(prefix: bytes, page: iam.Page) -> bytes | None:
    return prefix + lowered(page.after) if page.after else None


def _principal(
    txn: ReadTxn, account_id: str, named: iam.PrincipalName, reply: ReadIamReply
) -> None:
    reply.principals.append(_shown(txn, _live(txn, account_id, named.kind, named.name)))


def _principals(
    txn: ReadTxn, account_id: str, asked: iam.ListPrincipals, reply: ReadIamReply
) -> None:
    prefix = kind_prefix(account_id, asked.kind)
    rows = PRINCIPALS.scan(txn, prefix=prefix, after=_after(prefix, asked.page))
    wanted = (_shown(txn, row) for _, row in rows if row.path.startswith(asked.path_prefix))
    reply.principals.extend(_page(wanted, asked.page, reply))


def _members(txn: ReadTxn, account_id: str, asked: iam.ListMembers, reply: ReadIamReply) -> None:
    group = _live(txn, account_id, GROUP, asked.group)
    prefix = members_prefix(group.unique_id)
    keys = txn.scan(GROUP_MEMBERS, prefix=prefix, after=_after(prefix, asked.page))
    start = kind_prefix(account_id, USER)
    users = (PRINCIPALS.get(txn, start + key[len(prefix) :]) for key, _ in keys)
    reply.principals.extend(_page((row for row in users if row is not None), asked.page, reply))


def _counted(txn: ReadTxn, account_id: str, row: iam.ManagedPolicyRow) -> iam.ManagedPolicyRow:
    row.attachment_count, row.boundary_count = count_attachments(txn, account_id, policy_arn(row))
    return row


def _policy(txn: ReadTxn, account_id: str, arn: str, reply: ReadIamReply) -> None:
    row = get_policy(txn, account_id, arn)
    if row is None:
        raise NoSuchEntity(kind="policy", name=arn)
    reply.policies.append(_counted(txn, account_id, row))


def _policies(txn: ReadTxn, account_id: str, asked: iam.ListPolicies, reply: ReadIamReply) -> None:
    prefix = policy_key(account_id, "")
    rows = MANAGED_POLICIES.scan(txn, prefix=prefix, after=_after(prefix, asked.page))
    wanted = (row for _, row in rows if row.path.startswith(asked.path_prefix))
    counted = (_counted(txn, account_id, row) for row in wanted)
    reply.policies.extend(_page(counted, asked.page, reply))


def _attachments(
    txn: ReadTxn, account_id: str, asked: iam.ListAttachments, reply: ReadIamReply
) -> None:
    policy = get_policy(txn, account_id, asked.policy_arn)
    if policy is None:
        raise NoSuchEntity(kind="policy", name=asked.policy_arn)
    after = _attachment_place(asked.page.after)
    rows = (
        iam.AttachedPrincipal(principal=row, is_boundary=is_boundary)
        for row, is_boundary in attachments_of(txn, account_id, asked.policy_arn, after)
    )
    reply.attachments.extend(_page(rows, asked.page, reply))


def _attachment_place(after: str) -> bytes:
    """Of `kind/name` or `kind/name/boundary`; empty: the start."""
    if not after:
        return b""
    kind_name, _, rest = after.partition("/")
    name, _, boundary = rest.partition("/")
    kind = next((kind for kind, known in KIND_NAMES.items() if known == kind_name), None)
    if kind is None:
        raise InvalidRequest("no place of an attachment", after=after)
    return attachment_place(kind, name, is_boundary=bool(boundary))


def _provider(txn: ReadTxn, account_id: str, arn: str, reply: ReadIamReply) -> None:
    row = get_provider(txn, account_id, arn)
    if row is None:
        raise NoSuchEntity(kind="OpenIDConnect provider", name=arn)
    reply.providers.append(row)


def _providers(txn: ReadTxn, account_id: str, asked: iam.Nothing, reply: ReadIamReply) -> None:
    rows = OIDC_PROVIDERS.scan(txn, prefix=provider_key(account_id, ""))
    reply.providers.extend(row for _, row in rows)


def _keys(txn: ReadTxn, account_id: str, asked: iam.ListUserKeys, reply: ReadIamReply) -> None:
    iam_accounts.check_index(txn)
    user_id = _live(txn, account_id, USER, asked.user).unique_id if asked.user else ""
    prefix = user_keys_prefix(account_id, user_id)
    after = prefix + asked.page.after.encode() if asked.page.after else None
    names = txn.scan(USER_KEYS, prefix=prefix, after=after)
    rows = (access_key_of(txn, key[len(prefix) :].decode()) for key, _ in names)
    shown = (shown_key(txn, row) for row in rows if row is not None)
    reply.keys.extend(_page(shown, asked.page, reply))


def shown_key(txn: ReadTxn, row: iam.AccessKeyRow) -> iam.AccessKeyRow:
    """Without the secret, and with the user's name."""
    row.ClearField("secret_key")
    user = principal_of_id(txn, row.user_id) if row.user_id else None
    row.user = user.name if user is not None else ""
    return row


def _key(txn: ReadTxn, account_id: str, access_key: str, reply: ReadIamReply) -> None:
    row = access_key_of(txn, access_key)
    if row is None:
        raise NoSuchEntity(kind="access key", name=access_key)
    reply.keys.append(shown_key(txn, row))


def _setting(txn: ReadTxn, account_id: str, kind: str, reply: ReadIamReply) -> None:
    row = ACCOUNT_SETTINGS.get(txn, account_setting_key(account_id, kind))
    if row is not None:
        reply.setting = row.document


_Read = Callable[[ReadTxn, str, Any, ReadIamReply], None]
# By their fields in ReadIamRequest.
_READS: Final[Mapping[str, _Read]] = {
    "principal": _principal,
    "principals": _principals,
    "members": _members,
    "policy": _policy,
    "policies": _policies,
    "attachments": _attachments,
    "provider": _provider,
    "providers": _providers,
    "keys": _keys,
    "key": _key,
    "account": iam_accounts.find_account,
    "summary": iam_accounts.summary,
    "setting": _setting,
}
