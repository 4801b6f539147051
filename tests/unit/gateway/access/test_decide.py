"""Decisions: what is asked, and the one reason it is answered with.

The cases are those of the IAM user guide, "Policy evaluation logic", and of the S3 user guide, "How
Amazon S3 authorizes a request"."""

from dataclasses import replace
from typing import Final

import pytest

from tests.unit.gateway.access.said import (
    ALLOW,
    ALLOWED,
    DENY,
    FORBIDDEN,
    MINE,
    NOTHING,
    OTHERS,
    ROOT,
    SESSION,
    STRANGE_USER,
    STRANGER,
    USER,
    Says,
    asked,
)
from trioxygen.gateway.access.acl import Acl, Grant, Group, Permission
from trioxygen.gateway.access.caller import ANONYMOUS, Caller
from trioxygen.gateway.access.decide import Reason, SourceKind, decide
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET, BucketDocuments, Target
from trioxygen.gateway.access.ownership import Ownership
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.verdict import Verdict
from trioxygen.gateway.access.public_access import NOTHING_BLOCKED, PublicAccessBlock

MY: Final = Target(MINE)
_OPEN: Final = BucketDocuments(ownership=Ownership.OBJECT_WRITER, public_access=NOTHING_BLOCKED)


def policy(verdict: Verdict, *, is_public: bool = False) -> BucketDocuments:
    return replace(UNSET, policy=Says(verdict, is_public=is_public))


@pytest.mark.parametrize(
    ("caller", "permissions", "documents", "reason"),
    [
        (ROOT, NO_PERMISSIONS, UNSET, Reason.OWNER),
        (ROOT, NO_PERMISSIONS, policy(Verdict.NOTHING), Reason.OWNER),
        (ROOT, NO_PERMISSIONS, policy(Verdict.DENY), Reason.DENIED_BY_BUCKET),
        (ROOT, Permissions(session=(("s", NOTHING),)), UNSET, Reason.NO_SESSION_POLICY),
        # One account: one of both allows.
        (USER, ALLOWED, UNSET, Reason.IDENTITY_POLICY),
        (USER, NO_PERMISSIONS, UNSET, Reason.NO_IDENTITY_POLICY),
        (USER, NO_PERMISSIONS, policy(Verdict.ALLOW), Reason.BUCKET_POLICY),
        (USER, NO_PERMISSIONS, policy(Verdict.ALLOW_ACCOUNT), Reason.NO_IDENTITY_POLICY),
        (USER, ALLOWED, policy(Verdict.ALLOW_ACCOUNT), Reason.IDENTITY_POLICY),
        # A denial counts, wherever it stands.
        (USER, FORBIDDEN, policy(Verdict.ALLOW), Reason.DENIED_BY_IDENTITY),
        (USER, ALLOWED, policy(Verdict.DENY), Reason.DENIED_BY_BUCKET),
        (USER, replace(ALLOWED, boundary=("b", DENY)), UNSET, Reason.DENIED_BY_BOUNDARY),
        (SESSION, replace(ALLOWED, session=(("s", DENY),)), UNSET, Reason.DENIED_BY_SESSION),
        # What limits an identity does not limit whom the bucket names himself.
        (USER, replace(ALLOWED, boundary=("b", NOTHING)), UNSET, Reason.NO_BOUNDARY),
        (USER, replace(ALLOWED, boundary=("b", ALLOW)), UNSET, Reason.IDENTITY_POLICY),
        (
            USER,
            Permissions(boundary=("b", NOTHING)),
            policy(Verdict.ALLOW),
            Reason.BUCKET_POLICY,
        ),
        (SESSION, replace(ALLOWED, session=(("s", NOTHING),)), UNSET, Reason.NO_SESSION_POLICY),
        (SESSION, replace(ALLOWED, session=()), UNSET, Reason.NO_SESSION_POLICY),
        (
            SESSION,
            replace(ALLOWED, session=(("s", NOTHING), ("t", ALLOW))),
            UNSET,
            Reason.IDENTITY_POLICY,
        ),
        # A role's ARN, of its sessions: within what limits them.
        (SESSION, NO_PERMISSIONS, policy(Verdict.ALLOW_ROLE), Reason.BUCKET_POLICY),
        (
            SESSION,
            Permissions(boundary=("b", NOTHING)),
            policy(Verdict.ALLOW_ROLE),
            Reason.NO_IDENTITY_POLICY,
        ),
        (
            SESSION,
            Permissions(session=(("s", NOTHING),)),
            policy(Verdict.ALLOW),
            Reason.BUCKET_POLICY,
        ),
        # Two accounts: both allow.
        (STRANGER, NO_PERMISSIONS, UNSET, Reason.NOT_OWNER),
        (STRANGE_USER, ALLOWED, UNSET, Reason.NOT_OWNER),
        (STRANGER, NO_PERMISSIONS, policy(Verdict.ALLOW_ACCOUNT), Reason.BUCKET_POLICY),
        (STRANGE_USER, ALLOWED, policy(Verdict.ALLOW_ACCOUNT), Reason.BUCKET_POLICY),
        (STRANGE_USER, NO_PERMISSIONS, policy(Verdict.ALLOW), Reason.NO_IDENTITY_POLICY),
        (STRANGE_USER, FORBIDDEN, policy(Verdict.ALLOW), Reason.DENIED_BY_IDENTITY),
        (STRANGER, NO_PERMISSIONS, policy(Verdict.DENY), Reason.DENIED_BY_BUCKET),
        # Nobody.
        (ANONYMOUS, NO_PERMISSIONS, UNSET, Reason.ANONYMOUS),
        (ANONYMOUS, NO_PERMISSIONS, policy(Verdict.DENY), Reason.DENIED_BY_BUCKET),
        (
            ANONYMOUS,
            NO_PERMISSIONS,
            replace(policy(Verdict.ALLOW), public_access=NOTHING_BLOCKED),
            Reason.BUCKET_POLICY,
        ),
        # Of a public policy everybody else is kept out, also whom it names.
        (ANONYMOUS, NO_PERMISSIONS, policy(Verdict.ALLOW, is_public=True), Reason.RESTRICTED),
        (STRANGER, NO_PERMISSIONS, policy(Verdict.ALLOW, is_public=True), Reason.RESTRICTED),
        (USER, NO_PERMISSIONS, policy(Verdict.ALLOW, is_public=True), Reason.BUCKET_POLICY),
    ],
)
def test_policies_decide_together(
    caller: Caller, permissions: Permissions, documents: BucketDocuments, reason: Reason
) -> None:
    decision = decide(asked(caller), permissions, documents, MY)
    assert decision.reason is reason
    allows = (Reason.OWNER, Reason.IDENTITY_POLICY, Reason.BUCKET_POLICY)
    assert decision.is_allowed == (reason in allows)


@pytest.mark.parametrize("caller", [ROOT, STRANGER, USER, ANONYMOUS], ids=lambda c: c.kind.name)
def test_own_account_is_asked_about_by_whom_its_policies_let(caller: Caller) -> None:
    question = asked(caller, "s3:ListAllMyBuckets")
    decision = decide(question, NO_PERMISSIONS, UNSET, OWN_ACCOUNT)
    assert decision.is_allowed == (caller in (ROOT, STRANGER))
    allowed = decide(question, ALLOWED, UNSET, OWN_ACCOUNT)
    assert allowed.is_allowed == (caller is not ANONYMOUS)


@pytest.mark.parametrize("caller", [ROOT, STRANGER, USER, ANONYMOUS], ids=lambda c: c.kind.name)
def test_account_that_is_named_is_asked_about_by_its_own_alone(caller: Caller) -> None:
    question = asked(caller, "s3:GetAccountPublicAccessBlock")
    target = Target(None, expected_owner=MINE)
    decision = decide(question, ALLOWED, UNSET, target)
    assert decision.is_allowed == (caller in (ROOT, USER))
    assert (decision.reason is Reason.OTHER_ACCOUNT) == (caller is STRANGER)
    # Whom nothing lets do it at all is not told that the account is another one.
    denied = decide(asked(USER), NO_PERMISSIONS, UNSET, Target(None, expected_owner=OTHERS))
    assert denied.reason is Reason.NO_IDENTITY_POLICY


@pytest.mark.parametrize("by_account", [False, True])
def test_restriction_is_said_to_be_the_accounts_where_it_is(by_account: bool) -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    documents = replace(
        policy(Verdict.ALLOW, is_public=True),
        public_access=block,
        account_block=block if by_account else NOTHING_BLOCKED,
    )
    source = decide(asked(STRANGER), NO_PERMISSIONS, documents, MY).source
    assert source is not None and source.name == "RestrictPublicBuckets"
    assert (source.kind is SourceKind.ACCOUNT_SETTING) == by_account


@pytest.mark.parametrize("action", ["s3:GetBucketPolicy", "s3:DeleteBucketPolicy"])
def test_root_of_the_owner_can_always_change_the_policy(action: str) -> None:
    documents = policy(Verdict.DENY)
    assert decide(asked(ROOT, action), NO_PERMISSIONS, documents, MY).is_allowed
    for caller, permissions in ((USER, ALLOWED), (STRANGER, NO_PERMISSIONS)):
        assert not decide(asked(caller, action), permissions, documents, MY).is_allowed


def granting(grantee: str | Group, permission: Permission) -> Acl:
    return Acl(ROOT.canonical_id, (Grant(grantee, permission),))


@pytest.mark.parametrize(
    ("caller", "permissions", "grantee", "reason"),
    [
        (STRANGER, NO_PERMISSIONS, STRANGER.canonical_id, Reason.OBJECT_ACL),
        (STRANGER, NO_PERMISSIONS, ROOT.canonical_id, Reason.NOT_OWNER),
        # What an account was granted it passes on.
        (STRANGE_USER, ALLOWED, STRANGER.canonical_id, Reason.OBJECT_ACL),
        (STRANGE_USER, NO_PERMISSIONS, STRANGER.canonical_id, Reason.NO_IDENTITY_POLICY),
        (STRANGE_USER, NO_PERMISSIONS, Group.AUTHENTICATED_USERS, Reason.OBJECT_ACL),
        (USER, NO_PERMISSIONS, ROOT.canonical_id, Reason.NO_IDENTITY_POLICY),
        (USER, NO_PERMISSIONS, Group.ALL_USERS, Reason.OBJECT_ACL),
        (ANONYMOUS, NO_PERMISSIONS, Group.ALL_USERS, Reason.OBJECT_ACL),
        (ANONYMOUS, NO_PERMISSIONS, Group.AUTHENTICATED_USERS, Reason.ANONYMOUS),
    ],
)
def test_acls_grant_where_ownership_is_not_enforced(
    caller: Caller, permissions: Permissions, grantee: str | Group, reason: Reason
) -> None:
    target = Target(MINE, MINE, granting(grantee, Permission.READ))
    assert decide(asked(caller), permissions, _OPEN, target).reason is reason
    enforced = replace(_OPEN, ownership=Ownership.BUCKET_OWNER_ENFORCED)
    assert decide(asked(caller), permissions, enforced, target).reason not in (
        Reason.OBJECT_ACL,
        Reason.BUCKET_ACL,
    )
    denying = replace(_OPEN, policy=Says(Verdict.DENY))
    assert not decide(asked(caller), permissions, denying, target).is_allowed


def test_acl_of_the_bucket_decides_about_what_is_written_into_it() -> None:
    documents = replace(_OPEN, acl=granting(Group.ALL_USERS, Permission.WRITE))
    for action, allows in (("s3:PutObject", True), ("s3:ListBucket", False)):
        decision = decide(asked(ANONYMOUS, action), NO_PERMISSIONS, documents, MY)
        assert decision.is_allowed is allows
    ignoring = replace(documents, public_access=PublicAccessBlock(ignore_public_acls=True))
    question = asked(ANONYMOUS, "s3:PutObject")
    assert decide(question, NO_PERMISSIONS, ignoring, MY).reason is Reason.ANONYMOUS


def test_whoever_may_write_an_object_says_what_its_acl_is() -> None:
    action = "s3:PutObjectAcl"
    documents = replace(_OPEN, acl=granting(STRANGER.canonical_id, Permission.WRITE))
    for target, allows in ((MY._replace(is_new=True), True), (MY, False)):
        decision = decide(asked(STRANGER, action), NO_PERMISSIONS, documents, target)
        assert decision.is_allowed is allows
        assert not decide(asked(ANONYMOUS, action), NO_PERMISSIONS, documents, target).is_allowed


@pytest.mark.parametrize(
    ("caller", "action", "acl", "reason"),
    [
        (STRANGER, "s3:GetObject", None, Reason.OBJECT_OWNER),
        (STRANGER, "s3:PutObjectTagging", granting("x", Permission.READ), Reason.OBJECT_OWNER),
        (STRANGER, "s3:PutObjectAcl", granting("x", Permission.READ), Reason.OBJECT_OWNER),
        (STRANGER, "s3:GetObject", granting("x", Permission.READ), Reason.NOT_OBJECT_OWNER),
        (ROOT, "s3:GetObject", None, Reason.NOT_OBJECT_OWNER),
        (
            ROOT,
            "s3:GetObject",
            granting(ROOT.canonical_id, Permission.FULL_CONTROL),
            Reason.OBJECT_ACL,
        ),
        (ROOT, "s3:DeleteObject", None, Reason.OWNER),
        (ANONYMOUS, "s3:GetObject", None, Reason.ANONYMOUS),
        (ANONYMOUS, "s3:GetObject", granting(Group.ALL_USERS, Permission.READ), Reason.OBJECT_ACL),
    ],
)
def test_object_of_another_account_is_its_owners_to_grant(
    caller: Caller, action: str, acl: Acl | None, reason: Reason
) -> None:
    target = Target(MINE, OTHERS, acl)
    letting_in = replace(_OPEN, policy=Says(Verdict.ALLOW))
    decision = decide(asked(caller, action), NO_PERMISSIONS, letting_in, target)
    assert decision.reason is reason
    enforced = replace(letting_in, ownership=Ownership.BUCKET_OWNER_ENFORCED)
    assert decide(asked(caller, action), NO_PERMISSIONS, enforced, target).is_allowed


def test_nobodys_object_is_not_everybodys_that_does_not_sign() -> None:
    decision = decide(asked(ANONYMOUS), NO_PERMISSIONS, _OPEN, Target(MINE, ""))
    assert decision.reason is Reason.ANONYMOUS


@pytest.mark.parametrize(
    ("caller", "is_paid", "reason"),
    [
        (STRANGER, False, Reason.REQUESTER_PAYS),
        (STRANGER, True, Reason.BUCKET_POLICY),
        (ANONYMOUS, True, Reason.REQUESTER_PAYS),
        (ROOT, False, Reason.OWNER),
    ],
)
def test_requester_pays_or_stays_out(caller: Caller, is_paid: bool, reason: Reason) -> None:
    documents = replace(_OPEN, policy=Says(Verdict.ALLOW), requester_pays=True)
    target = Target(MINE, is_paid=is_paid)
    assert decide(asked(caller), NO_PERMISSIONS, documents, target).reason is reason


@pytest.mark.parametrize(
    ("caller", "expected_owner", "reason"),
    [
        (ROOT, MINE, Reason.OWNER),
        (ROOT, OTHERS, Reason.EXPECTED_OWNER_DIFFERS),
        (ROOT, "", Reason.EXPECTED_OWNER_MALFORMED),
        (ROOT, "11111111111", Reason.EXPECTED_OWNER_MALFORMED),
        (ROOT, "\u0661" * 12, Reason.EXPECTED_OWNER_MALFORMED),
        # Who may not come in at all is not told what is wrong with the rest.
        (STRANGER, "nobody", Reason.NOT_OWNER),
        (STRANGER, OTHERS, Reason.NOT_OWNER),
        (ANONYMOUS, OTHERS, Reason.ANONYMOUS),
    ],
)
def test_owner_that_is_expected_is_compared(
    caller: Caller, expected_owner: str, reason: Reason
) -> None:
    target = Target(MINE, expected_owner=expected_owner)
    assert decide(asked(caller), NO_PERMISSIONS, UNSET, target).reason is reason


def test_decision_tells_what_decided() -> None:
    question = asked(USER)
    by_policy = decide(question, FORBIDDEN, UNSET, MY)
    assert by_policy.source is not None
    assert (by_policy.source.kind, by_policy.source.name) == (
        SourceKind.IDENTITY_POLICY,
        "mine too",
    )
    statement = by_policy.statement(question)
    assert statement is not None and (statement.number, statement.sid) == (1, "this")
    by_silence = decide(question, replace(ALLOWED, boundary=("b", NOTHING)), UNSET, MY)
    assert by_silence.source is not None and by_silence.source.name == "b"
    assert by_silence.statement(question) is None
    acl = granting(Group.ALL_USERS, Permission.READ)
    by_acl = decide(asked(ANONYMOUS), NO_PERMISSIONS, _OPEN, Target(MINE, MINE, acl))
    assert by_acl.source is not None and by_acl.source.grant == acl.grants[0]


def test_reasons_have_words_for_the_log_and_sentences_for_people() -> None:
    words = [reason.word for reason in Reason]
    assert len(set(words)) == len(words)
    assert all(word.isidentifier() and word == word.lower() for word in words)
    assert all(reason.text.endswith(".") for reason in Reason)
