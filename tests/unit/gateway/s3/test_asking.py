"""What the gate asks of whom, and how it answers a denial."""

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from tests.unit.gateway.access.said import ALLOW, DENY, NOTHING, USER
from tests.unit.gateway.s3.one_bucket import (
    OWNER,
    RECORD,
    STRANGER,
    OneBucket,
    credential_of,
    request_to,
)
from tests.unit.gateway.s3.test_context import CLAIM
from tests.unit.gateway.s3.test_gate import Handler
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.gateway.access.decide import Reason
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.access.policy.identity_policy import read_identity_policy
from trioxygen.gateway.access.policy.verdict import Policy
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.credentials import Credential
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.gate import Gate
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.table import BY_NAME
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.buckets import SettingKind

OWNED: Final = {"bucket": OWNER.account_id, "source": OWNER.account_id}
PUBLIC: Final = {
    SettingKind.PUBLIC_ACCESS_BLOCK: b"none",
    SettingKind.POLICY: b"""{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:DeleteObject"],
         "Resource": "arn:aws:s3:::bucket/public/*"}]}""",
}


class Identities:
    """Knows one who signs, and who that is now."""

    def __init__(self, credential: Credential) -> None:
        self.credential, self.asked = credential, list[int | None]()

    async def renewed(self, claim: SignatureClaim, *, revision: int | None) -> Credential:
        self.asked.append(revision)
        return self.credential


def policy(*actions: str, resource: str = "*") -> Policy:
    names = ",".join(f'"s3:{action}"' for action in actions)
    return read_identity_policy(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":['
        f'{names}],"Resource":"{resource}"}}]}}'
    )


def permitted(*policies: Policy) -> Permissions:
    return Permissions(policies=tuple((f"p{number}", each) for number, each in enumerate(policies)))


def ask(
    name: str, request: S3Request, store: OneBucket, identities: Identities | None = None
) -> Handler:
    async def answer() -> Handler:
        services = Services(
            store.port, ThreadBlocking(pool_threads=1), SystemClock(), S3Config(volume="s3v")
        )
        handler = Handler()
        known = identities or Identities(credential_of(OWNER))
        await Gate(services, known).run(replace(BY_NAME[name], handler=handler), request)
        return handler

    return asyncio.run(answer())


def refused(name: str, request: S3Request, store: OneBucket) -> S3Error:
    with pytest.raises(S3Error) as error:
        ask(name, request, store)
    return error.value


def of_user(
    permissions: Permissions, key: str | None = "k", query: str = "", **headers: str
) -> S3Request:
    request = request_to("bucket", key, OWNER, headers, query)
    request.caller, request.permissions = USER, permissions
    return request


@pytest.mark.parametrize(
    ("permissions", "says"),
    [
        (NO_PERMISSIONS, "because no identity-based policy allows the s3:GetObject action"),
        (permitted(ALLOW, DENY), "with an explicit deny in an identity-based policy"),
        (
            Permissions(policies=(("p", ALLOW),), boundary=("b", NOTHING)),
            "because no permissions boundary allows the s3:GetObject action",
        ),
        (
            Permissions(policies=(("p", ALLOW),), session=(("s", DENY),)),
            "with an explicit deny in a session policy",
        ),
    ],
)
def test_denial_in_ones_own_account_says_by_what(permissions: Permissions, says: str) -> None:
    error = refused("GetObject", of_user(permissions), OneBucket(OWNED))
    assert (error.code, error.message) == (
        "AccessDenied",
        f"User: {USER.arn} is not authorized to perform: s3:GetObject on resource:"
        f' "arn:aws:s3:::bucket/k" {says}',
    )


@pytest.mark.parametrize("account", [STRANGER, None])
def test_denial_to_others_says_nothing(account: Account | None) -> None:
    error = refused("GetObject", request_to("bucket", "k", account), OneBucket(OWNED))
    assert (error.code, error.message) == ("AccessDenied", "Access Denied")


@pytest.mark.parametrize(
    ("name", "query", "action"),
    [
        ("GetObject", "versionId=null", "GetObjectVersion"),
        ("DeleteObject", "versionId=null", "DeleteObjectVersion"),
        ("GetObjectTagging", "versionId=null", "GetObjectVersionTagging"),
        ("PutObjectAcl", "versionId=null", "PutObjectVersionAcl"),
        ("GetObject", "", "GetObject"),
    ],
)
def test_versions_have_actions_of_their_own(name: str, query: str, action: str) -> None:
    ask(name, of_user(permitted(policy(action)), query=query), OneBucket(OWNED))
    other = permitted(policy(action.replace("Version", "") if query else f"{action}Version"))
    assert refused(name, of_user(other, query=query), OneBucket(OWNED)).code == "AccessDenied"


@pytest.mark.parametrize(
    ("header", "action"),
    [
        ("x-amz-acl", "PutObjectAcl"),
        ("x-amz-tagging", "PutObjectTagging"),
        ("x-amz-object-lock-mode", "PutObjectRetention"),
        ("x-amz-object-lock-legal-hold", "PutObjectLegalHold"),
    ],
)
def test_headers_of_a_write_ask_for_further_actions(header: str, action: str) -> None:
    write = policy("PutObject")
    for name in ("PutObject", "CreateMultipartUpload"):
        ask(name, of_user(permitted(write)), OneBucket(OWNED))
        request = of_user(permitted(write), **{header: "x"})
        assert f"s3:{action} action" in refused(name, request, OneBucket(OWNED)).message
        ask(name, of_user(permitted(write, policy(action)), **{header: "x"}), OneBucket(OWNED))


def test_bypass_that_is_not_allowed_is_no_reason_to_refuse() -> None:
    header = {"x-amz-bypass-governance-retention": "true"}
    deletes = policy("DeleteObject")
    [without] = ask("DeleteObject", of_user(permitted(deletes), **header), OneBucket(OWNED)).ran
    assert without.lacks == ("s3:BypassGovernanceRetention",)
    both = permitted(deletes, policy("BypassGovernanceRetention"))
    [allowed] = ask("DeleteObject", of_user(both, **header), OneBucket(OWNED)).ran
    assert allowed.lacks == ()


def test_that_a_key_is_not_there_is_told_to_who_may_list() -> None:
    store = OneBucket(OWNED, is_empty=True)
    reads = policy("GetObject")
    error = refused("GetObject", of_user(permitted(reads)), store)
    assert error.code == "AccessDenied" and "s3:ListBucket on resource" in error.message
    lists = permitted(reads, policy("ListBucket"))
    assert refused("GetObject", of_user(lists), store).code == "NoSuchKey"
    assert refused("GetObject", of_user(permitted(policy("ListBucket"))), store).code == (
        "AccessDenied"
    )


def test_where_acls_decide_who_may_list_is_told_that_there_is_none() -> None:
    listed = {
        SettingKind.OWNERSHIP: b"ObjectWriter",
        SettingKind.PUBLIC_ACCESS_BLOCK: b"none",
        SettingKind.POLICY: b"""{"Statement": [{"Effect": "Allow", "Principal": "*",
            "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::bucket"}]}""",
    }
    missing = OneBucket(OWNED, is_empty=True, settings=listed)
    assert refused("GetObject", request_to("bucket", "k", None), missing).code == "NoSuchKey"
    there = OneBucket(OWNED, settings=listed)
    assert refused("GetObject", request_to("bucket", "k", None), there).code == "AccessDenied"


def test_policy_lets_in_who_does_not_sign() -> None:
    store = OneBucket(OWNED, settings=PUBLIC)
    [request] = ask("GetObject", request_to("bucket", "public/k", None), store).ran
    assert request.decision is not None and request.decision.reason is Reason.BUCKET_POLICY
    assert refused("GetObject", request_to("bucket", "k", None), store).code == "AccessDenied"
    assert refused("PutObject", request_to("bucket", "public/k", None), store).code == (
        "AccessDenied"
    )


def test_keys_in_a_body_are_each_decided_by_what_is_set() -> None:
    store = OneBucket(OWNED, settings=PUBLIC)
    [request] = ask("DeleteObjects", request_to("bucket", None, None), store).ran
    assert request.refusal("public/k", None) is None
    assert request.refusal("k", None) is not None
    assert request.refusal("public/k", "v") is not None
    mine = policy("DeleteObject", resource="arn:aws:s3:::bucket/mine/*")
    [request] = ask("DeleteObjects", of_user(permitted(mine), key=None), OneBucket(OWNED)).ran
    error = request.refusal("k", None)
    assert error is not None and "because no identity-based policy" in error.message
    assert request.refusal("mine/k", None) is None


@pytest.mark.parametrize("account", [None, STRANGER])
def test_keys_in_a_body_are_not_read_for_whom_nothing_lets_in(account: Account | None) -> None:
    request = request_to("bucket", None, account)
    assert refused("DeleteObjects", request, OneBucket(OWNED)).code == "AccessDenied"


def test_change_of_identities_is_in_force_at_once() -> None:
    store = OneBucket(OWNED)
    renewed = replace(
        credential_of(OWNER), caller=USER, permissions=permitted(policy("GetObject")), revision=7
    )
    identities = Identities(renewed)
    request = of_user(NO_PERMISSIONS)
    request.claim = CLAIM
    request.credential = replace(credential_of(OWNER), caller=USER, revision=6)
    store.identity_revision = 6
    with pytest.raises(S3Error):
        ask("GetObject", request, store, identities)
    assert identities.asked == []
    store.identity_revision = 7
    ask("GetObject", request, store, identities)
    assert identities.asked == [7]
    # Of a store that was loaded from a dump.
    store.identity_revision = 5
    ask("GetObject", request, store, identities)
    assert identities.asked == [7, 5]


def test_users_are_asked_for_anew_where_nothing_tells_of_a_change() -> None:
    renewed = replace(
        credential_of(OWNER), caller=USER, permissions=permitted(policy("ListAllMyBuckets"))
    )
    identities = Identities(renewed)
    request = of_user(NO_PERMISSIONS, key=None)
    request.bucket, request.claim, request.credential = None, CLAIM, credential_of(OWNER)
    ask("ListBuckets", request, OneBucket(OWNED), identities)
    assert identities.asked == [None]


def test_new_bucket_is_made_by_who_may_with_all_that_it_begins_with() -> None:
    for header, action in (
        ("x-amz-object-ownership", "PutBucketOwnershipControls"),
        ("x-amz-acl", "PutBucketAcl"),
    ):
        request = of_user(permitted(policy("CreateBucket")), key=None, **{header: "x"})
        assert action in refused("CreateBucket", request, OneBucket({})).message
    locking = {"x-amz-bucket-object-lock-enabled": "true"}
    actions = ("CreateBucket", "PutBucketObjectLockConfiguration", "PutBucketVersioning")
    ask("CreateBucket", of_user(permitted(policy(*actions)), key=None, **locking), OneBucket({}))
    for missing in actions:
        some = permitted(policy(*(set(actions) - {missing})))
        request = of_user(some, key=None, **locking)
        assert missing in refused("CreateBucket", request, OneBucket({})).message


def test_existing_tags_decide() -> None:
    tagged = read_identity_policy(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject",'
        '"Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/Team":"red"}}}]}'
    )

    class Tagged(OneBucket):
        def unless_empty(self, value: object) -> object:
            return RECORD._replace(tags=(("Team", "red"),))

    ask("GetObject", of_user(permitted(tagged)), Tagged(OWNED))
    assert refused("GetObject", of_user(permitted(tagged)), OneBucket(OWNED)).code == "AccessDenied"
