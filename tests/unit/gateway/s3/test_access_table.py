"""Each operation of the table, and each kind of caller: who reaches the handler, and why."""

from typing import Final, NamedTuple

import pytest

from tests.unit.gateway.access.said import ALLOW, NOTHING, ROOT, SESSION, STRANGE_USER, USER
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

HERE: Final = [row for row in OPERATIONS if row.handler is not None and row.accesses]
ALL: Final = Permissions(policies=(("all", ALLOW),))
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
DENIED: Final = everything('"*"', "Deny")


class Case(NamedTuple):
    """refused: the reason; None: the handler runs. own: the same of the caller's own account, which
    has nothing to do with the bucket."""

    name: str
    caller: Caller
    permissions: Permissions
    settings: dict[SettingKind, bytes]
    refused: Reason | None
    own: Reason | None = None


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
    Case("session of a role", SESSION, ALL, NOTHING_SET, None),
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
# Of each key it is decided when its name is known; see `test_asking`.
_EACH_KEY: Final = "DeleteObjects"
MINE: Final = (OWNER.account_id, ANONYMOUS.account_id)
_NEVER_LOCKED_OUT: Final = {"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"}


def request_of(row: Operation, caller: Caller, permissions: Permissions) -> S3Request:
    level = row.route.level
    bucket = None if level in NO_BUCKET else "bucket"
    account = None if caller is ANONYMOUS else OWNER
    headers = {"x-amz-copy-source": "bucket/s"}
    request = request_to(bucket, "k" if level is Level.OBJECT else None, account, headers)
    request.caller, request.permissions, request.peer = caller, permissions, "192.0.2.7"
    return request


def outcome(
    row: Operation, request: S3Request, settings: dict[SettingKind, bytes]
) -> Reason | None:
    try:
        ask(row.name, request, OneBucket({"bucket": OWNER.account_id}, settings=settings))
    except S3Error as error:
        assert error.code == "AccessDenied"
        assert request.decision is not None
        return request.decision.reason
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
def test_operation_by_caller(row: Operation, case: Case) -> None:
    request = request_of(row, case.caller, case.permissions)
    expected = case.own if row.name in OWN_ACCOUNT | NAMED_ACCOUNT else case.refused
    if row.name in NAMED_ACCOUNT and expected is None and case.caller.account_id not in MINE:
        expected = Reason.OTHER_ACCOUNT
    if case.name == "owner, denied" and row.name in _NEVER_LOCKED_OUT:
        expected = None
    if row.name == _EACH_KEY and case.settings and expected is not None:
        expected = None
    if row.name == _EACH_KEY and expected is Reason.NO_SESSION_POLICY:
        expected = None
    assert outcome(row, request, case.settings) is expected


@pytest.mark.parametrize("row", HERE, ids=lambda row: row.name)
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


def test_all_that_is_here_is_asked_about() -> None:
    here = {name for name, row in BY_NAME.items() if row.handler is not None}
    # What browsers ask before the request itself, nobody signs: CORS rules answer it.
    assert here - {row.name for row in HERE} == {"PreflightRequest"}
