"""Each operation of the table, and each kind of caller: who reaches the handler, and why."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final, NamedTuple

import pytest

from tests.unit.gateway.access.said import (
    ALLOW,
    DENY,
    NOTHING,
    OTHERS,
    ROOT,
    SESSION,
    STRANGE_USER,
    USER,
)
from tests.unit.gateway.access.said import STRANGER as STRANGE_ROOT
from tests.unit.gateway.s3.one_bucket import OWNER, OneBucket, request_to
from tests.unit.gateway.s3.test_asking import ask, policy
from tests.unit.gateway.s3.test_gate import NAMED_ACCOUNT, NO_BUCKET, OWN_ACCOUNT
from trioxygen.gateway.access.caller import ANONYMOUS, Caller
from trioxygen.gateway.access.decide import Reason
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.operation import Level, Operation
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.table import BY_NAME, OPERATIONS
from trioxygen.gateway.store.values.buckets import SettingKind

# What is not implemented is decided as if it were: who may not is not told what there is.
ROWS: Final = [
    row for row in OPERATIONS if row.accesses and row.accesses[0].action.startswith("s3:")
]
ALL: Final = Permissions(policies=(("all", ALLOW),))
FORBIDDEN: Final = Permissions(policies=(("all", ALLOW), ("none", DENY)))
BOUNDED: Final = Permissions(policies=(("all", ALLOW),), boundary=("b", NOTHING))
STRANGE_SESSION: Final = replace(
    SESSION,
    account_id=OTHERS,
    canonical_id=STRANGE_USER.canonical_id,
    arn=f"arn:aws:sts::{OTHERS}:assumed-role/reader/now",
    role_arn=f"arn:aws:iam::{OTHERS}:role/reader",
)
LIMITED: Final = Permissions(policies=(("all", ALLOW),), session=(("s", NOTHING),))


def everything(principal: str, effect: str = "Allow") -> dict[SettingKind, bytes]:
    """A policy of the bucket about everything, of which nothing is public."""
    document = f"""{{"Statement": [{{"Effect": "{effect}", "Principal": {principal},
        "Action": "s3:*", "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"],
        "Condition": {{"IpAddress": {{"aws:SourceIp": "192.0.2.0/24"}}}}}}]}}"""
    return {SettingKind.POLICY: document.encode()}


NOTHING_SET: Final[dict[SettingKind, bytes]] = {}
TO_ALL: Final = everything('"*"')
TO_USER: Final = everything(f'{{"AWS": "{USER.arn}"}}')
TO_OTHERS: Final = everything(f'{{"AWS": "{STRANGE_ROOT.account_id}"}}')
TO_ROLE: Final = everything(f'{{"AWS": "{STRANGE_SESSION.role_arn}"}}')
DENIED: Final = everything('"*"', "Deny")
PAYS: Final = {SettingKind.REQUEST_PAYMENT: b"Requester"}
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
SAYS_IT_PAYS: Final = {"x-amz-request-payer": "requester"}
EXPECTED_OWNER: Final = "x-amz-expected-bucket-owner"


class Case(NamedTuple):
    """refused: the reason; None: the handler runs. own: the same of the caller's own account, which
    has nothing to do with the bucket."""

    name: str
    caller: Caller
    permissions: Permissions
    settings: dict[SettingKind, bytes]
    refused: Reason | None
    own: Reason | None = None
    headers: Mapping[str, str] = NO_HEADERS


CASES: Final = (
    Case("owner", ROOT, NO_PERMISSIONS, NOTHING_SET, None),
    Case("owner, denied", ROOT, NO_PERMISSIONS, DENIED, Reason.DENIED_BY_BUCKET),
    Case("user with a policy", USER, ALL, NOTHING_SET, None),
    Case("user with a policy, denied", USER, ALL, DENIED, Reason.DENIED_BY_BUCKET),
    Case(
        "user without",
        USER,
        NO_PERMISSIONS,
        NOTHING_SET,
        Reason.NO_IDENTITY_POLICY,
        Reason.NO_IDENTITY_POLICY,
    ),
    Case(
        "user whom the bucket names",
        USER,
        NO_PERMISSIONS,
        TO_USER,
        None,
        Reason.NO_IDENTITY_POLICY,
    ),
    Case(
        "user whom his own policy denies it",
        USER,
        FORBIDDEN,
        TO_USER,
        Reason.DENIED_BY_IDENTITY,
        Reason.DENIED_BY_IDENTITY,
    ),
    Case(
        "user within a boundary",
        USER,
        BOUNDED,
        NOTHING_SET,
        Reason.NO_BOUNDARY,
        Reason.NO_BOUNDARY,
    ),
    Case("session of a role", SESSION, ALL, NOTHING_SET, None),
    Case(
        "session of a role without a policy",
        SESSION,
        NO_PERMISSIONS,
        NOTHING_SET,
        Reason.NO_IDENTITY_POLICY,
        Reason.NO_IDENTITY_POLICY,
    ),
    Case("session of another account", STRANGE_SESSION, ALL, NOTHING_SET, Reason.NOT_OWNER),
    Case("session of another account that is let in", STRANGE_SESSION, ALL, TO_ROLE, None),
    Case(
        "session that is limited",
        SESSION,
        LIMITED,
        NOTHING_SET,
        Reason.NO_SESSION_POLICY,
        Reason.NO_SESSION_POLICY,
    ),
    Case("another account", STRANGE_ROOT, NO_PERMISSIONS, NOTHING_SET, Reason.NOT_OWNER),
    Case("another account that is let in", STRANGE_ROOT, NO_PERMISSIONS, TO_OTHERS, None),
    Case("user of another account that is let in", STRANGE_USER, ALL, TO_OTHERS, None),
    Case(
        "user of another account without a policy",
        STRANGE_USER,
        NO_PERMISSIONS,
        TO_OTHERS,
        Reason.NO_IDENTITY_POLICY,
        Reason.NO_IDENTITY_POLICY,
    ),
    Case("nobody", ANONYMOUS, NO_PERMISSIONS, NOTHING_SET, Reason.ANONYMOUS, Reason.ANONYMOUS),
    Case("nobody who is let in", ANONYMOUS, NO_PERMISSIONS, TO_ALL, None, Reason.ANONYMOUS),
)
# As who the bucket's owner is, or who pays, says.
FURTHER_CASES: Final = (
    Case(
        "owner who expects himself",
        *(ROOT, NO_PERMISSIONS, NOTHING_SET, None, None),
        {EXPECTED_OWNER: ROOT.account_id},
    ),
    Case(
        "owner who expects another",
        *(ROOT, NO_PERMISSIONS, NOTHING_SET, Reason.EXPECTED_OWNER_DIFFERS, None),
        {EXPECTED_OWNER: OTHERS},
    ),
    Case(
        "owner who expects what is no account",
        *(ROOT, NO_PERMISSIONS, NOTHING_SET, Reason.EXPECTED_OWNER_MALFORMED, None),
        {EXPECTED_OWNER: "me"},
    ),
    Case(
        "user of another account who expects the owner",
        *(STRANGE_USER, ALL, TO_OTHERS, None, None),
        {EXPECTED_OWNER: ROOT.account_id},
    ),
    Case(
        "user of another account who expects himself",
        *(STRANGE_USER, ALL, TO_OTHERS, Reason.EXPECTED_OWNER_DIFFERS, None),
        {EXPECTED_OWNER: OTHERS},
    ),
    Case(
        "nobody who is let in and expects another",
        *(ANONYMOUS, NO_PERMISSIONS, TO_ALL, Reason.EXPECTED_OWNER_DIFFERS, Reason.ANONYMOUS),
        {EXPECTED_OWNER: OTHERS},
    ),
    Case("owner, requester pays", ROOT, NO_PERMISSIONS, PAYS, None),
    Case("user, requester pays", USER, ALL, PAYS, None),
    Case(
        "another account that does not say that it pays",
        *(STRANGE_ROOT, NO_PERMISSIONS, TO_OTHERS | PAYS, Reason.REQUESTER_PAYS),
    ),
    Case(
        "another account that pays",
        *(STRANGE_ROOT, NO_PERMISSIONS, TO_OTHERS | PAYS, None, None),
        SAYS_IT_PAYS,
    ),
    Case(
        "another account that says who pays wrongly",
        *(STRANGE_ROOT, NO_PERMISSIONS, TO_OTHERS | PAYS, Reason.REQUESTER_PAYS, None),
        {"x-amz-request-payer": "owner"},
    ),
    Case(
        "another account that pays and is not let in",
        *(STRANGE_ROOT, NO_PERMISSIONS, PAYS, Reason.NOT_OWNER, None),
        SAYS_IT_PAYS,
    ),
    Case(
        "nobody who says that he pays",
        *(ANONYMOUS, NO_PERMISSIONS, TO_ALL | PAYS, Reason.REQUESTER_PAYS, Reason.ANONYMOUS),
        SAYS_IT_PAYS,
    ),
)
# Of each key it is decided when its name is known; see `test_asking`.
_EACH_KEY: Final = "DeleteObjects"
MINE: Final = (OWNER.account_id, ANONYMOUS.account_id)
_WHICHEVER_KEY: Final = (
    Reason.EXPECTED_OWNER_DIFFERS,
    Reason.EXPECTED_OWNER_MALFORMED,
    Reason.REQUESTER_PAYS,
)
_NEVER_LOCKED_OUT: Final = {"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"}


def request_of(
    row: Operation,
    caller: Caller,
    permissions: Permissions,
    further: Mapping[str, str] = NO_HEADERS,
) -> S3Request:
    level = row.route.level
    bucket = None if level in NO_BUCKET else "bucket"
    account = None if caller is ANONYMOUS else OWNER
    headers = {"x-amz-copy-source": "bucket/s", **further}
    request = request_to(bucket, "k" if level is Level.OBJECT else None, account, headers)
    request.caller, request.permissions, request.peer = caller, permissions, "192.0.2.7"
    return request


def outcome(
    row: Operation, request: S3Request, settings: dict[SettingKind, bytes]
) -> Reason | None:
    try:
        ask(row.name, request, OneBucket({"bucket": OWNER.account_id}, settings=settings))
    except S3Error as error:
        assert request.decision is not None
        reason = request.decision.reason
        is_malformed = reason is Reason.EXPECTED_OWNER_MALFORMED
        assert (error.code == "InvalidBucketOwnerAWSAccountID") == is_malformed
        assert error.code == "AccessDenied" or is_malformed
        return reason
    return None


@pytest.mark.parametrize("case", (*CASES, *FURTHER_CASES), ids=lambda case: case.name)
def test_every_operation_by_caller(case: Case) -> None:
    for row in ROWS:
        request = request_of(row, case.caller, case.permissions, case.headers)
        assert outcome(row, request, case.settings) is expected_of(row, case), row.name


def expected_of(row: Operation, case: Case) -> Reason | None:
    if row.name in OWN_ACCOUNT:
        return case.own
    if row.name in NAMED_ACCOUNT:
        is_anothers = case.own is None and case.caller.account_id not in MINE
        return Reason.OTHER_ACCOUNT if is_anothers else case.own
    if case.name == "owner, denied" and row.name in _NEVER_LOCKED_OUT:
        return None
    if row.name == _EACH_KEY and case.refused not in _WHICHEVER_KEY and may_be_let_in(case):
        return None
    return case.refused


def may_be_let_in(case: Case) -> bool:
    """For some key: the bucket or the caller has a policy that would have to say."""
    is_own = case.caller.account_id == OWNER.account_id
    has_own = is_own and case.permissions is not NO_PERMISSIONS
    return SettingKind.POLICY in case.settings or has_own


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_operation_needs_each_of_its_actions_and_no_other(row: Operation) -> None:
    actions = {access.action.removeprefix("s3:") for access in row.accesses if access.when is None}
    exactly = Permissions(policies=(("exactly", policy(*actions)),))
    assert outcome(row, request_of(row, USER, exactly), NOTHING_SET) is None
    for missing in actions:
        rest = actions - {missing} or {"NoSuchAction"}
        some = Permissions(policies=(("some", policy(*rest)),))
        request = request_of(row, USER, some)
        if row.name == _EACH_KEY:
            ask(row.name, request, OneBucket({"bucket": OWNER.account_id}))
            assert request.refusal("k", None) is not None
        else:
            assert outcome(row, request, NOTHING_SET) is Reason.NO_IDENTITY_POLICY


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (ROOT.account_id, None),
        (OTHERS, Reason.EXPECTED_OWNER_DIFFERS),
        ("me", Reason.EXPECTED_OWNER_MALFORMED),
    ],
)
def test_owner_of_the_source_is_expected_by_what_has_one(
    expected: str, reason: Reason | None
) -> None:
    headers = {"x-amz-source-expected-bucket-owner": expected}
    refused = {
        row.name
        for row in ROWS
        if outcome(row, request_of(row, ROOT, NO_PERMISSIONS, headers), NOTHING_SET) is not None
    }
    assert refused == (
        set[str]() if reason is None else {"CopyObject", "RenameObject", "UploadPartCopy"}
    )


def test_every_operation_is_asked_about() -> None:
    # What browsers ask before the request itself, nobody signs: CORS rules answer it.
    # Sessions of directory buckets, which are not here, no action of S3's buckets is about.
    assert {*BY_NAME} - {row.name for row in ROWS} == {"PreflightRequest", "CreateSession"}
