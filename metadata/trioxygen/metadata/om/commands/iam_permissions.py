"""Changes of the policies that users, groups and roles have: inline ones, and managed ones that are
attached."""

from typing import Final

from trioxygen.common import iam_limits as limits
from trioxygen.metadata.om.commands.iam_principals import live_principal, put_changed
from trioxygen.metadata.om.commands.iam_refusals import limit, no_such
from trioxygen.metadata.om.state.identities import (
    GROUP,
    KIND_NAMES,
    ROLE,
    USER,
    attachment_key,
    get_policy,
    policy_arn,
)
from trioxygen.metadata.om.state.schema import POLICY_ATTACHMENTS
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import ChangeIamReply

_INLINE_MAX: Final = {
    USER: limits.INLINE_OF_USER_MAX,
    GROUP: limits.INLINE_OF_GROUP_MAX,
    ROLE: limits.INLINE_OF_ROLE_MAX,
}
_ATTACHED: Final = {
    USER: ("PoliciesPerUser", limits.ATTACHED_TO_USER_MAX),
    GROUP: ("PoliciesPerGroup", limits.ATTACHED_TO_GROUP_MAX),
    ROLE: ("PoliciesPerRole", limits.ATTACHED_TO_ROLE_MAX),
}


def counted(document: str) -> int:
    """Its characters as quotas count them."""
    return sum(map(len, document.split()))


def put_inline(
    txn: CapturingTxn, account_id: str, change: iam.PutInlinePolicy, now: Now
) -> ChangeIamReply | Refusal:
    row = live_principal(txn, account_id, change.of)
    if isinstance(row, Refusal):
        return row
    others = [each for each in row.inline if each.name.lower() != change.policy.name.lower()]
    most = _INLINE_MAX[row.kind]
    if sum(counted(each.document) for each in [*others, change.policy]) > most:
        kind = KIND_NAMES[row.kind]
        return limit(
            f"InlinePoliciesPer{kind.capitalize()}",
            most,
            f"Maximum policy size of {most} bytes exceeded for {kind} {row.name}",
        )
    row.ClearField("inline")
    row.inline.extend(sorted([*others, change.policy], key=lambda each: each.name.lower()))
    return put_changed(txn, row, now)


def delete_inline(
    txn: CapturingTxn, account_id: str, change: iam.DeleteInlinePolicy, now: Now
) -> ChangeIamReply | Refusal:
    row = live_principal(txn, account_id, change.of)
    if isinstance(row, Refusal):
        return row
    left = [each for each in row.inline if each.name.lower() != change.policy.lower()]
    if len(left) == len(row.inline):
        return no_such(f"{KIND_NAMES[row.kind]} policy", change.policy)
    row.ClearField("inline")
    row.inline.extend(left)
    return put_changed(txn, row, now)


def attach(
    txn: CapturingTxn, account_id: str, change: iam.PolicyAttachment, now: Now
) -> ChangeIamReply | Refusal:
    row = live_principal(txn, account_id, change.of)
    if isinstance(row, Refusal):
        return row
    policy = get_policy(txn, account_id, change.policy_arn)
    if policy is None:
        return no_such("policy", change.policy_arn)
    arn = policy_arn(policy)
    if arn in row.attached:
        return ChangeIamReply(principal=row)
    quota, most = _ATTACHED[row.kind]
    if len(row.attached) >= most:
        return limit(quota, most)
    row.attached.append(arn)
    reply = put_changed(txn, row, now)
    if not isinstance(reply, Refusal):
        txn.put(POLICY_ATTACHMENTS, attachment_key(row, arn, is_boundary=False), b"")
    return reply


def detach(
    txn: CapturingTxn, account_id: str, change: iam.PolicyAttachment, now: Now
) -> ChangeIamReply | Refusal:
    row = live_principal(txn, account_id, change.of)
    if isinstance(row, Refusal):
        return row
    arn = change.policy_arn
    if arn not in row.attached:
        return no_such("policy", arn)
    row.attached.remove(arn)
    reply = put_changed(txn, row, now)
    if not isinstance(reply, Refusal):
        txn.delete(POLICY_ATTACHMENTS, attachment_key(row, arn, is_boundary=False))
    return reply
