"""Random callers, policies, ACLs and settings are decided alike by `decide` and by the way that was
written apart."""

import json

from hypothesis import event, given, settings

from tests.unit.gateway.access.policy.asking import (
    ACCOUNT,
    BUCKET,
    CANONICAL_ID,
    OTHER_ACCOUNT,
    OTHER_CANONICAL_ID,
    OTHER_USER,
    asked,
)
from tests.unit.gateway.access.policy.reference_policies import Document
from tests.unit.gateway.access.random_decisions import cases
from tests.unit.gateway.access.reference_decide import ALL_USERS, Case, Grants, reference_decide
from trioxygen.gateway.access.acl import Acl, Grant, Group, Permission
from trioxygen.gateway.access.decide import Decision, decide
from trioxygen.gateway.access.documents import BucketDocuments, Target
from trioxygen.gateway.access.ownership import Ownership
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.bucket_policy import read_bucket_policy
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.public_access import PublicAccessBlock

GROUPS = {"AllUsers": Group.ALL_USERS, "AuthenticatedUsers": Group.AUTHENTICATED_USERS}


def acl_of(grants: Grants) -> Acl:
    return Acl(
        CANONICAL_ID,
        tuple(Grant(GROUPS.get(who, who), Permission(what)) for who, what in grants),
    )


def identity(document: Document) -> tuple[str, CompiledPolicy]:
    return "a policy", read_identity_policy(json.dumps(document))


def permissions_of(case: Case) -> Permissions:
    if not case.identity and case.boundary is None and case.session is None:
        return NO_PERMISSIONS
    return Permissions(
        policies=tuple(map(identity, case.identity)),
        boundary=None if case.boundary is None else identity(case.boundary),
        session=None if case.session is None else tuple(map(identity, case.session)),
    )


def documents_of(case: Case) -> BucketDocuments:
    policy = case.bucket_policy
    return BucketDocuments(
        acl=acl_of(case.bucket_grants),
        ownership=Ownership.OBJECT_WRITER if case.uses_acls else Ownership.BUCKET_OWNER_ENFORCED,
        public_access=PublicAccessBlock(
            ignore_public_acls=case.ignores_public_acls,
            restrict_public_buckets=case.restricts_public,
        ),
        policy=None if policy is None else read_bucket_policy(json.dumps(policy).encode(), BUCKET),
    )


def target_of(case: Case) -> Target:
    grants = case.object_grants
    return Target(
        account_id=case.owner,
        object_owner=case.object_owner,
        object_acl=acl_of(grants) if grants else None,
    )


def decided(case: Case) -> Decision:
    return decide(case.question, permissions_of(case), documents_of(case), target_of(case))


@settings(max_examples=100, deadline=None)
@given(cases())
def test_decisions_are_alike(case: Case) -> None:
    expected = reference_decide(case)
    event(f"{case.question.caller.kind.value}: {expected}")
    decision = decided(case)
    assert decision.is_allowed is expected, decision


def test_owners_user_has_what_everybody_was_granted() -> None:
    """Found at random: a user whose own policies say nothing of an object of his account's."""
    case = Case(
        question=asked("s3:GetObjectAcl", caller=OTHER_USER),
        owner=ACCOUNT,
        object_owner=OTHER_ACCOUNT,
        object_grants=[(OTHER_CANONICAL_ID, "FULL_CONTROL"), (ALL_USERS, "READ_ACP")],
        uses_acls=True,
    )
    assert reference_decide(case)
    assert decided(case).is_allowed
