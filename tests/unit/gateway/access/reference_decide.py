"""A second way to a decision: slow, plain, from AWS's documentation, with the second evaluator of
policies.

Sources, IAM user guide: "Policy evaluation logic", "Cross-account policy evaluation logic",
"Evaluating identity-based policies with resource-based policies and permissions boundaries"; S3
user guide: "How Amazon S3 authorizes a request", "Access control list (ACL) overview", "Blocking
public access to your Amazon S3 storage"."""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.unit.gateway.access.policy.reference_policies import (
    Document,
    listed,
    named,
    reference_verdict,
)
from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.policy.verdict import Verdict
from trioxygen.gateway.access.question import Question

ALL_USERS, AUTHENTICATED_USERS = "AllUsers", "AuthenticatedUsers"
Grants = Sequence[tuple[str, str]]
"""(canonical id or group, permission)"""

OF_BUCKET_ACL: Mapping[str, str] = {
    "s3:ListBucket": "READ",
    "s3:PutObject": "WRITE",
    "s3:GetBucketAcl": "READ_ACP",
}
OF_OBJECT_ACL: Mapping[str, str] = {"s3:GetObject": "READ", "s3:GetObjectAcl": "READ_ACP"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Attributes:
    identity, boundary, session: what limits and allows the caller; None: there is none.
    owner: account id of the bucket's.
    object_owner: account id; None: it is no object that is there.
    uses_acls: the bucket's ownership is not enforced.
    """

    question: Question
    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Sequence[Document] | None = None
    bucket_policy: Document | None = None
    owner: str
    object_owner: str | None = None
    bucket_grants: Grants = ()
    object_grants: Grants = ()
    uses_acls: bool = False
    ignores_public_acls: bool = False
    restricts_public: bool = False


def reference_decide(case: Case) -> bool:
    caller = case.question.caller
    is_own = caller.account_id == case.owner
    bucket_verdict = _verdict(case.bucket_policy, case.question)
    if _is_denied(case) or (bucket_verdict is Verdict.DENY and not _is_the_way_back(case, is_own)):
        return False
    if case.restricts_public and not is_own and is_public(case.bucket_policy):
        return False
    identity_allows = _identity_allows(case)
    if _is_anothers_object(case):
        if caller.account_id == case.object_owner and identity_allows:
            return True
        return _acl_allows(case, identity_allows)
    if _acl_allows(case, identity_allows):
        return True
    if bucket_verdict is Verdict.DENY:
        return identity_allows
    if caller.kind is CallerKind.ANONYMOUS:
        return bucket_verdict is Verdict.ALLOW
    if not is_own:
        return identity_allows and bucket_verdict is not Verdict.NOTHING
    is_direct = bucket_verdict is Verdict.ALLOW
    is_direct = is_direct or (bucket_verdict is Verdict.ALLOW_ROLE and _limits_allow(case))
    return identity_allows or is_direct


def _verdict(document: Document | None, question: Question) -> Verdict:
    return Verdict.NOTHING if document is None else reference_verdict(document, question)


def _allows(document: Document, question: Question) -> bool:
    return reference_verdict(document, question) is Verdict.ALLOW


def _is_denied(case: Case) -> bool:
    """By any of the caller's own."""
    documents = [*case.identity, *(case.session or ())]
    documents += [] if case.boundary is None else [case.boundary]
    return any(reference_verdict(each, case.question) is Verdict.DENY for each in documents)


def _is_the_way_back(case: Case, is_own: bool) -> bool:
    """Root of the owner's account can always change the policy."""
    action, kind = case.question.action, case.question.caller.kind
    return is_own and kind is CallerKind.ROOT and action == "s3:PutBucketPolicy"


def _limits_allow(case: Case) -> bool:
    """A boundary, and session policies, allow nothing, but nothing is allowed beyond them."""
    boundary_allows = case.boundary is None or _allows(case.boundary, case.question)
    session_allows = case.session is None or any(
        _allows(document, case.question) for document in case.session
    )
    return boundary_allows and session_allows


def _identity_allows(case: Case) -> bool:
    kind = case.question.caller.kind
    if kind is CallerKind.ROOT:
        return True
    return (
        kind is not CallerKind.ANONYMOUS
        and any(_allows(document, case.question) for document in case.identity)
        and _limits_allow(case)
    )


# ACLs ---------------------------------------------------------------------------------------------


def _is_anothers_object(case: Case) -> bool:
    """Whose owner, not the bucket's, has to allow it; a bucket's policy does not cover it."""
    return (
        case.uses_acls
        and case.object_owner not in (None, case.owner)
        and case.question.action in OF_OBJECT_ACL
    )


def _acl_allows(case: Case, identity_allows: bool) -> bool:
    """What an account was granted, its users have whose policies allow it as well."""
    if not case.uses_acls:
        return False
    action, caller = case.question.action, case.question.caller
    if action in OF_OBJECT_ACL:
        wanted, grants = OF_OBJECT_ACL[action], case.object_grants
    elif action in OF_BUCKET_ACL:
        wanted, grants = OF_BUCKET_ACL[action], case.bucket_grants
    else:
        return False
    return any(
        permission in (wanted, "FULL_CONTROL")
        and _is_grantee(case, grantee, caller)
        and (grantee in (ALL_USERS, AUTHENTICATED_USERS) or identity_allows)
        for grantee, permission in grants
    )


def _is_grantee(case: Case, grantee: str, caller: Caller) -> bool:
    if grantee == ALL_USERS:
        return not case.ignores_public_acls
    if grantee == AUTHENTICATED_USERS:
        return not case.ignores_public_acls and caller.kind is not CallerKind.ANONYMOUS
    return grantee == caller.canonical_id


# "The meaning of public" --------------------------------------------------------------------------


def is_public(document: Document | None) -> bool:
    return document is not None and any(map(_lets_everybody_in, listed(document["Statement"])))


def _lets_everybody_in(statement: Document) -> bool:
    return (
        statement["Effect"] == "Allow"
        and "*" in named(statement["Principal"])
        and not any(
            _is_for_few_addresses(operator, key, listed(wanted))
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _is_for_few_addresses(operator: str, key: str, wanted: list[Any]) -> bool:
    """The one key of those that make a policy private that random policies have."""
    return (
        operator in ("IpAddress", "ForAnyValue:IpAddress")
        and key.lower() == "aws:sourceip"
        and all(_is_narrow(ipaddress.ip_network(want, strict=False)) for want in wanted)
    )


def _is_narrow(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    return network.prefixlen >= (8 if network.version == 4 else 32)
