"""Who may see what of an explanation: the table of the rule, and what is left out by it."""

import json
from typing import Any

import pytest

from tests.unit.gateway.access.said import (
    ALLOW,
    DENY,
    MINE,
    NOTHING,
    OTHERS,
    STRANGE_USER,
    STRANGER,
    USER,
    Holds,
    asked,
)
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import ANONYMOUS, Caller
from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.documents import BucketDocuments, Target
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.explain.accesses import (
    AccessView,
    AccessViews,
    access_views,
    seen,
    verdict_views,
)
from trioxygen.gateway.explain.visibility import Section, Viewer, viewer_of, visible_to

ALL = {*Section}
RULE: tuple[tuple[str | None, str, Viewer, set[Section]], ...] = (
    # Whose signature is right, who owns the bucket, as what it is seen, what it sees.
    (None, "", Viewer.STRANGER, {Section.REQUEST}),
    (None, MINE, Viewer.STRANGER, {Section.REQUEST}),
    (MINE, MINE, Viewer.BUCKET_OWNER, ALL - {Section.KEY_STATE}),
    (MINE, "", Viewer.BUCKET_OWNER, ALL - {Section.KEY_STATE}),
    (OTHERS, MINE, Viewer.CALLER, ALL - {Section.BUCKET_DOCUMENTS, Section.KEY_STATE}),
)


@pytest.mark.parametrize(("account", "owner", "viewer", "sections"), RULE)
def test_rule(account: str | None, owner: str, viewer: Viewer, sections: set[Section]) -> None:
    assert viewer_of(account_id=account, owner=owner) is viewer
    assert visible_to(viewer) == sections


def test_operators_see_everything_and_nobody_more_than_its_own_request() -> None:
    assert visible_to(Viewer.OPERATOR) == ALL
    assert set.intersection(*(set(visible_to(each)) for each in Viewer)) == {Section.REQUEST}


def decided(
    question: Question,
    permissions: Permissions,
    documents: BucketDocuments,
    target: Target,
    *,
    of_role: bool = False,
) -> Asked:
    decision = decide(question, permissions, documents, target)
    return Asked(question, permissions, documents, target, decision, of_role)


def access_of(
    caller: Caller,
    own: Permissions = NO_PERMISSIONS,
    documents: BucketDocuments | None = None,
) -> AccessViews:
    return access_views(
        decided(asked(caller), own, documents or BucketDocuments(policy=DENY), Target(MINE))
    )


OWN = Permissions(policies=(("user/bob inline a", ALLOW),))


@pytest.mark.parametrize("documents", (BucketDocuments(policy=NOTHING), BucketDocuments()))
def test_other_account_sees_nothing_of_a_role_whether_it_is_there_or_not(
    documents: BucketDocuments,
) -> None:
    of_role = decided(asked(STRANGE_USER), OWN, documents, Target(MINE), of_role=True)
    access = access_views(of_role)
    assert seen(access, viewer_of(account_id=OTHERS, owner=access.whole.owner)) is None
    shown = seen(access, Viewer.OPERATOR)
    assert shown is not None and not shown.settings
    assert {policy.side for policy in shown.policies} <= {"caller", "role"}


def seen_by(account_id: str | None, access: AccessViews) -> AccessView:
    shown = seen(access, viewer_of(account_id=account_id, owner=access.whole.owner))
    assert shown is not None
    return shown


def test_account_of_the_bucket_sees_its_policy() -> None:
    access = access_of(USER, Permissions(policies=(("a", ALLOW),)))
    shown = seen_by(MINE, access)
    assert shown == access.whole == seen(access, Viewer.OPERATOR)
    assert (shown.reason, shown.decided_by) == ("denied_by_bucket", "bucket policy")
    assert shown.statement is not None and (shown.statement.number, shown.statement.sid) == (
        2,
        "this",
    )
    assert [policy.side for policy in shown.policies] == ["caller", "bucket"]


@pytest.mark.parametrize(
    "documents",
    (
        BucketDocuments(policy=DENY),
        BucketDocuments(policy=NOTHING),
        BucketDocuments(),
    ),
)
@pytest.mark.parametrize("caller", (STRANGER, STRANGE_USER))
def test_other_account_sees_the_same_whatever_the_bucket_says_against_it(
    caller: Caller, documents: BucketDocuments
) -> None:
    """Whether there is a policy, and what it says, cannot be told from what is shown."""
    shown = seen_by(OTHERS, access_of(caller, OWN, documents))
    expected = seen_by(OTHERS, access_of(caller, OWN, BucketDocuments()))
    assert shown == expected
    assert (shown.reason, shown.decided_by, shown.statement, shown.settings) == ("", "", None, ())
    assert [policy.source for policy in shown.policies] == ["user/bob inline a"]


def test_other_account_sees_which_of_its_own_policies_denies() -> None:
    own = Permissions(policies=(("user/bob inline a", DENY),))
    shown = seen_by(OTHERS, access_of(STRANGE_USER, own, BucketDocuments(policy=ALLOW)))
    assert (shown.reason, shown.decided_by) == ("denied_by_identity", "user/bob inline a")
    assert shown.statement is not None and [each.side for each in shown.policies] == ["caller"]


ASKS_FOR_TAGS = (
    {"Condition": {"StringLike": {"s3:ExistingObjectTag/plan": "a*"}}},
    {"Condition": {"Null": {"s3:ExistingObjectTag/plan": "false"}}},
    {"Condition": {"StringEquals": {"aws:username": "${s3:ExistingObjectTag/plan}"}}},
    {"Resource": "arn:aws:s3:::${s3:ExistingObjectTag/plan}/*"},
)


@pytest.mark.parametrize("effect", ("Allow", "Deny"))
@pytest.mark.parametrize("asks", ASKS_FOR_TAGS)
def test_other_account_learns_nothing_of_an_object_by_policies_of_its_own(
    asks: dict[str, Any], effect: str
) -> None:
    said = {"Effect": effect, "Action": "s3:*", "Resource": "*", **asks}
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    statements = [said, everything] if effect == "Deny" else [said]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    own = Permissions(policies=(("user/bob inline a", read_identity_policy(document)),))
    views = []
    for tags in ({}, {"s3:existingobjecttag/plan": ["abc"]}, {"s3:existingobjecttag/plan": ["b"]}):
        question = asked(STRANGE_USER)._replace(context=Holds(tags))
        access = decided(question, own, BucketDocuments(), Target(MINE))
        views.append(seen_by(OTHERS, access_views(access)))
    assert views[0] == views[1] == views[2]
    assert "abc" not in repr(views[1])


def test_strangers_are_shown_no_verdict() -> None:
    assert seen(access_of(ANONYMOUS), Viewer.STRANGER) is None


def test_owner_of_what_is_written_does_not_see_the_policy_of_what_is_copied() -> None:
    """Each access of a request has its own bucket, and its own owner."""
    of_source = decided(asked(STRANGER), NO_PERMISSIONS, BucketDocuments(policy=DENY), Target(MINE))
    of_copy = decided(asked(STRANGER), NO_PERMISSIONS, BucketDocuments(policy=DENY), Target(OTHERS))
    source, copy = (seen_by(OTHERS, access_views(each)) for each in (of_source, of_copy))
    assert (source.decided_by, source.owner, source.policies) == ("", "", ())
    assert (copy.decided_by, copy.owner) == ("bucket policy", OTHERS)


def test_verdict_alone_has_no_policies() -> None:
    access = decided(asked(STRANGER), OWN, BucketDocuments(policy=DENY), Target(MINE))
    view = verdict_views(access)
    for each in view:
        assert each is not None
        assert (each.allowed, each.policies, each.statement) == (False, (), None)
    assert view.size_bytes < access_views(access).size_bytes
