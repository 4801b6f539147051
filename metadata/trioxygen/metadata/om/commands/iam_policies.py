"""Changes of managed policies."""

from trioxygen.common import iam_limits as limits
from trioxygen.metadata.om.commands.iam_permissions import counted
from trioxygen.metadata.om.commands.iam_refusals import (
    conflict,
    exists,
    limit,
    no_such,
    unmodifiable,
)
from trioxygen.metadata.om.state.iam_tags import merged_tags
from trioxygen.metadata.om.state.identities import (
    attachments_prefix,
    get_policy,
    is_built_in,
    new_policy_id,
    policy_key,
    raise_revision,
)
from trioxygen.metadata.om.state.schema import MANAGED_POLICIES, POLICY_ATTACHMENTS
from trioxygen.metadata.replication.batch import Now, Refusal
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1.iam_pb2 import ChangeIamReply, ManagedPolicyRow, PolicyVersion


def _live_policy(txn: ReadTxn, account_id: str, arn: str) -> ManagedPolicyRow | Refusal:
    if is_built_in(arn):
        return unmodifiable(arn)
    row = get_policy(txn, account_id, arn)
    return no_such("policy", arn) if row is None else row


def _put(txn: CapturingTxn, row: ManagedPolicyRow) -> ChangeIamReply:
    MANAGED_POLICIES.put(txn, policy_key(row.account_id, row.name), row)
    return ChangeIamReply(policy=row)


def _check_size(document: str) -> Refusal | None:
    if counted(document) > limits.POLICY_MAX:
        return limit("PolicySize", limits.POLICY_MAX)
    return None


def create_policy(
    txn: CapturingTxn, account_id: str, change: iam.CreatePolicy, now: Now
) -> ChangeIamReply | Refusal:
    said = change.policy
    key = policy_key(account_id, said.name)
    if MANAGED_POLICIES.exists(txn, key):
        return exists("policy", said.name)
    document = said.versions[0].document
    refusal = _check_size(document)
    if refusal is not None:
        return refusal
    prefix = policy_key(account_id, "")
    if sum(1 for _ in txn.scan(MANAGED_POLICIES.table, prefix=prefix)) >= limits.POLICIES_MAX:
        return limit("PoliciesPerAccount", limits.POLICIES_MAX)
    tags = merged_tags((), said.tags, ())
    if len(tags) > limits.TAGS_MAX:
        return limit("TagsPerEntity", limits.TAGS_MAX)
    row = ManagedPolicyRow(
        account_id=account_id,
        name=said.name,
        path=said.path or "/",
        unique_id=new_policy_id(now),
        description=said.description,
        created_ms=now.wall_ms,
        updated_ms=now.wall_ms,
        versions=[PolicyVersion(number=1, document=document, created_ms=now.wall_ms)],
        default_version=1,
        last_version=1,
        tags=tags,
    )
    return _put(txn, row)


def delete_policy(
    txn: CapturingTxn, account_id: str, arn: str, now: Now
) -> ChangeIamReply | Refusal:
    row = _live_policy(txn, account_id, arn)
    if isinstance(row, Refusal):
        return row
    attached = attachments_prefix(account_id, arn)
    if next(txn.scan(POLICY_ATTACHMENTS, prefix=attached), None) is not None:
        return conflict("policy", arn, "Cannot delete a policy attached to entities.")
    if len(row.versions) > 1:
        return conflict(
            "policy",
            arn,
            "This policy has more than one version. Before you delete a policy, you must delete the"
            " policy's versions. The default version is deleted with the policy.",
        )
    MANAGED_POLICIES.delete(txn, policy_key(account_id, row.name))
    raise_revision(txn, now)
    return ChangeIamReply()


def add_version(
    txn: CapturingTxn, account_id: str, change: iam.AddPolicyVersion, now: Now
) -> ChangeIamReply | Refusal:
    row = _live_policy(txn, account_id, change.policy_arn)
    if isinstance(row, Refusal):
        return row
    most = limits.VERSIONS_PER_POLICY_MAX
    if len(row.versions) >= most:
        return limit(
            "VersionsPerPolicy",
            most,
            f"A managed policy can have up to {most} versions. Before you create a new version,"
            " you must delete an existing version.",
        )
    refusal = _check_size(change.document)
    if refusal is not None:
        return refusal
    row.last_version += 1
    row.versions.add(number=row.last_version, document=change.document, created_ms=now.wall_ms)
    row.updated_ms = now.wall_ms
    if change.is_default:
        row.default_version = row.last_version
        raise_revision(txn, now)
    return _put(txn, row)


def _live_version(
    txn: ReadTxn, account_id: str, change: iam.NamedVersion
) -> ManagedPolicyRow | Refusal:
    row = _live_policy(txn, account_id, change.policy_arn)
    if isinstance(row, Refusal):
        return row
    if all(version.number != change.number for version in row.versions):
        return no_such("policy version", f"v{change.number}")
    return row


def delete_version(
    txn: CapturingTxn, account_id: str, change: iam.NamedVersion, now: Now
) -> ChangeIamReply | Refusal:
    row = _live_version(txn, account_id, change)
    if isinstance(row, Refusal):
        return row
    if change.number == row.default_version:
        message = "Cannot delete the default version of a policy."
        return conflict("policy version", f"v{change.number}", message)
    left = [version for version in row.versions if version.number != change.number]
    row.ClearField("versions")
    row.versions.extend(left)
    row.updated_ms = now.wall_ms
    return _put(txn, row)


def set_default_version(
    txn: CapturingTxn, account_id: str, change: iam.NamedVersion, now: Now
) -> ChangeIamReply | Refusal:
    row = _live_version(txn, account_id, change)
    if isinstance(row, Refusal):
        return row
    row.default_version, row.updated_ms = change.number, now.wall_ms
    raise_revision(txn, now)
    return _put(txn, row)


def tag_policy(
    txn: CapturingTxn, account_id: str, change: iam.TagPolicy, now: Now
) -> ChangeIamReply | Refusal:
    row = _live_policy(txn, account_id, change.policy_arn)
    if isinstance(row, Refusal):
        return row
    tags = merged_tags(row.tags, change.tags, change.removed)
    if len(tags) > limits.TAGS_MAX:
        return limit("TagsPerEntity", limits.TAGS_MAX)
    row.ClearField("tags")
    row.tags.extend(tags)
    return _put(txn, row)
