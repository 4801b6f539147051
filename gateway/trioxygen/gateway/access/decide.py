"""Whether a request may do what it asks. Pure: values in, a `Decision` out.

A denial counts first, wherever it stands. Then, in the caller's own account, one of its policies,
the bucket's policy or an ACL suffices; in another one both accounts have to allow it.
Source: IAM user guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; S3 user
guide, "How Amazon S3 authorizes a request".
"""

from typing import Final, NamedTuple

from trioxygen.gateway.access.acl import Group
from trioxygen.gateway.access.acl_permissions import (
    OF_BUCKET,
    OF_BUCKET_OWNER,
    OF_INITIATOR,
    OF_NEW_OBJECT,
    OF_OBJECT,
    OF_OWNER,
)
from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.decision import Decision, Reason, Source, SourceKind
from trioxygen.gateway.access.documents import UNSET, BucketDocuments, Target
from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.verdict import Policy, Verdict
from trioxygen.gateway.access.question import Question

__all__ = ("Decision", "Reason", "Source", "SourceKind", "decide")

_ACCOUNT_ID_DIGITS: Final = 12
# Root of the owner's account may always do this: nobody locks himself out for ever.
_NEVER_LOCKED_OUT: Final = frozenset(
    ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
)

_ANONYMOUS: Final = Decision(False, Reason.ANONYMOUS)
_NOT_OWNER: Final = Decision(False, Reason.NOT_OWNER)
_OTHER_ACCOUNT: Final = Decision(False, Reason.OTHER_ACCOUNT)
_NOT_OBJECT_OWNER: Final = Decision(False, Reason.NOT_OBJECT_OWNER)
_NO_IDENTITY_POLICY: Final = Decision(False, Reason.NO_IDENTITY_POLICY)
_EXPECTED_OWNER_MALFORMED: Final = Decision(False, Reason.EXPECTED_OWNER_MALFORMED)
_EXPECTED_OWNER_DIFFERS: Final = Decision(False, Reason.EXPECTED_OWNER_DIFFERS)
_REQUESTER_PAYS: Final = Decision(
    False, Reason.REQUESTER_PAYS, Source(SourceKind.SETTING, "RequestPayment")
)
_RESTRICTED: Final = Decision(
    False, Reason.RESTRICTED, Source(SourceKind.SETTING, "RestrictPublicBuckets")
)
_RESTRICTED_BY_ACCOUNT: Final = Decision(
    False, Reason.RESTRICTED, Source(SourceKind.ACCOUNT_SETTING, "RestrictPublicBuckets")
)
_OWNER: Final = Decision(True, Reason.OWNER)
_OWN_ACCOUNT: Final = Decision(True, Reason.OWN_ACCOUNT)
_INITIATOR: Final = Decision(True, Reason.INITIATOR)
_OBJECT_OWNER: Final = Decision(True, Reason.OBJECT_OWNER)


def decide(
    question: Question, permissions: Permissions, documents: BucketDocuments, target: Target
) -> Decision:
    """Args:
    permissions: of `question.caller`.
    documents: of the bucket; of no bucket `documents.UNSET`.
    """
    caller, owner = question.caller, target.account_id
    is_own = caller.account_id == owner
    if (
        is_own
        and documents is UNSET
        and permissions is NO_PERMISSIONS
        and caller.kind is CallerKind.ROOT
        and target.expected_owner is None
    ):
        return _OWNER
    if owner is None:
        return _about_own_account(question, permissions, target.expected_owner)
    decision = _about_bucket(question, permissions, documents, target)
    if not decision.is_allowed:
        return decision
    # Who may not come in at all is not told what is wrong with the rest.
    expected = target.expected_owner
    if expected is not None and expected != owner:
        is_id = len(expected) == _ACCOUNT_ID_DIGITS and expected.isascii() and expected.isdigit()
        return _EXPECTED_OWNER_DIFFERS if is_id else _EXPECTED_OWNER_MALFORMED
    if documents.requester_pays and not is_own and (_is_anonymous(caller) or not target.is_paid):
        return _REQUESTER_PAYS
    return decision


def _about_own_account(
    question: Question, permissions: Permissions, asked_about: str | None
) -> Decision:
    """Args: asked_about: the account that the request names; None: the caller's, unsaid."""
    if _is_anonymous(question.caller):
        return _ANONYMOUS
    own = _own_policies(question, permissions).decision
    if own.is_allowed and asked_about not in (None, question.caller.account_id):
        return _OTHER_ACCOUNT
    return _OWN_ACCOUNT if own is _OWNER else own


def _about_bucket(
    question: Question, permissions: Permissions, documents: BucketDocuments, target: Target
) -> Decision:
    caller, owner, policy = question.caller, target.account_id, documents.policy
    own = _own_policies(question, permissions)
    if own.decision.reason.is_explicit:
        return own.decision
    is_own = caller.account_id == owner
    verdict = Verdict.NOTHING if policy is None else policy.verdict(question)
    if verdict is Verdict.DENY and not _cannot_be_locked_out(question, own, is_own=is_own):
        return Decision(
            False, Reason.DENIED_BY_BUCKET, Source(SourceKind.BUCKET_POLICY, policy=policy)
        )
    if (
        not is_own
        and policy is not None
        and documents.public_access.restrict_public_buckets
        and policy.is_public
    ):
        by_account = documents.account_block.restrict_public_buckets
        return _RESTRICTED_BY_ACCOUNT if by_account else _RESTRICTED
    granted = _granted(question, documents, target)
    if _is_anothers_object(question.action, documents, target):
        return _about_anothers_object(question, own, granted, target)
    if is_own:
        return _in_own_account(own, policy, verdict, granted)
    return _in_another_account(caller, own, policy, verdict, granted)


class _Own(NamedTuple):
    """What the caller's own policies say. Attributes:
    decision: `_OWNER` of root, whom no policy limits.
    limit: the denial by what limits a session or a user, where it allows nothing; None: it does."""

    decision: Decision
    limit: Decision | None


_ROOT: Final = _Own(_OWNER, None)
_NOBODY: Final = _Own(_ANONYMOUS, None)


def _own_policies(question: Question, permissions: Permissions) -> _Own:
    caller = question.caller
    if _is_anonymous(caller):
        return _NOBODY
    limit = _limit(question, permissions)
    if limit is not None and limit.reason.is_explicit:
        return _Own(limit, limit)
    if caller.kind is CallerKind.ROOT:
        return _ROOT if limit is None else _Own(limit, limit)
    allowed: Decision | None = None
    for name, policy in permissions.policies:
        verdict = policy.verdict(question)
        if verdict is Verdict.DENY:
            source = Source(SourceKind.IDENTITY_POLICY, name, policy)
            return _Own(Decision(False, Reason.DENIED_BY_IDENTITY, source), limit)
        if allowed is None and verdict is not Verdict.NOTHING:
            source = Source(SourceKind.IDENTITY_POLICY, name, policy)
            allowed = Decision(True, Reason.IDENTITY_POLICY, source)
    if allowed is None:
        return _Own(_NO_IDENTITY_POLICY, limit)
    return _Own(allowed if limit is None else limit, limit)


def _limit(question: Question, permissions: Permissions) -> Decision | None:
    """The denial by a permissions boundary or by session policies; None: they allow it."""
    limit: Decision | None = None
    if permissions.boundary is not None:
        name, policy = permissions.boundary
        verdict = policy.verdict(question)
        source = Source(SourceKind.BOUNDARY, name, policy)
        if verdict is Verdict.DENY:
            return Decision(False, Reason.DENIED_BY_BOUNDARY, source)
        if verdict is Verdict.NOTHING:
            limit = Decision(False, Reason.NO_BOUNDARY, source)
    if permissions.session is not None:
        allows = False
        for name, policy in permissions.session:
            verdict = policy.verdict(question)
            if verdict is Verdict.DENY:
                source = Source(SourceKind.SESSION_POLICY, name, policy)
                return Decision(False, Reason.DENIED_BY_SESSION, source)
            allows = allows or verdict is not Verdict.NOTHING
        if not allows and limit is None:
            limit = Decision(False, Reason.NO_SESSION_POLICY, Source(SourceKind.SESSION_POLICY))
    return limit


def _cannot_be_locked_out(question: Question, own: _Own, *, is_own: bool) -> bool:
    return is_own and own is _ROOT and question.action in _NEVER_LOCKED_OUT


def _granted(question: Question, documents: BucketDocuments, target: Target) -> Decision | None:
    """What an ACL grants, or who began an upload has of it; None: nothing."""
    if not uses_acls(documents.ownership):
        return None
    action, caller = question.action, question.caller
    if action in OF_INITIATOR and target.initiator:
        known_as = (caller.canonical_id, caller.arn, caller.account_id)
        return _INITIATOR if target.initiator in known_as else None
    permission = None if target.is_new else OF_OBJECT.get(action)
    reason, kind, acl = Reason.OBJECT_ACL, SourceKind.OBJECT_ACL, target.object_acl
    if permission is None:
        permission = OF_BUCKET.get(action)
        if permission is None and target.is_new:
            permission = OF_NEW_OBJECT.get(action)
        reason, kind, acl = Reason.BUCKET_ACL, SourceKind.BUCKET_ACL, documents.acl
    if permission is None or acl is None:
        return None
    ignores_public = documents.public_access.ignore_public_acls
    grant = acl.allows(permission, caller, ignores_public=ignores_public)
    if grant is None:
        return None
    return Decision(True, reason, Source(kind, grant=grant))


def _by_acl(own: _Own, granted: Decision) -> Decision:
    """What an account was granted it passes on to its users; what a group was, they have."""
    grant = None if granted.source is None else granted.source.grant
    is_groups = grant is not None and isinstance(grant.grantee, Group)
    return granted if is_groups or own.decision.is_allowed else own.decision


def _is_anothers_object(action: str, documents: BucketDocuments, target: Target) -> bool:
    """Whether who owns the object, and not who owns the bucket, allows the action."""
    return (
        target.object_owner is not None
        and target.object_owner != target.account_id
        and action not in OF_BUCKET_OWNER
        and uses_acls(documents.ownership)
    )


def _about_anothers_object(
    question: Question, own: _Own, granted: Decision | None, target: Target
) -> Decision:
    caller, action = question.caller, question.action
    is_owners = (
        caller.account_id == target.object_owner
        and not _is_anonymous(caller)
        # An ACL that was set may grant its owner less than everything, of what ACLs grant.
        and (target.object_acl is None or action not in OF_OBJECT or action in OF_OWNER)
    )
    if is_owners and own.decision.is_allowed:
        return _OBJECT_OWNER
    if granted is not None:
        return _by_acl(own, granted)
    if is_owners:
        return own.decision
    return _ANONYMOUS if _is_anonymous(caller) else _NOT_OBJECT_OWNER


def _in_own_account(
    own: _Own, policy: Policy | None, verdict: Verdict, granted: Decision | None
) -> Decision:
    if own.decision.is_allowed:
        return own.decision
    if verdict is Verdict.ALLOW or (verdict is Verdict.ALLOW_ROLE and own.limit is None):
        return Decision(True, Reason.BUCKET_POLICY, Source(SourceKind.BUCKET_POLICY, policy=policy))
    return own.decision if granted is None else _by_acl(own, granted)


def _in_another_account(
    caller: Caller,
    own: _Own,
    policy: Policy | None,
    verdict: Verdict,
    granted: Decision | None,
) -> Decision:
    if Verdict.ALLOW_ACCOUNT <= verdict <= Verdict.ALLOW:
        if own.decision.is_allowed or _is_anonymous(caller):
            source = Source(SourceKind.BUCKET_POLICY, policy=policy)
            return Decision(True, Reason.BUCKET_POLICY, source)
        return own.decision if granted is None else _by_acl(own, granted)
    if granted is not None:
        return _by_acl(own, granted)
    return _ANONYMOUS if _is_anonymous(caller) else _NOT_OWNER


def _is_anonymous(caller: Caller) -> bool:
    return caller.kind is CallerKind.ANONYMOUS
