"""A store of one bucket with a user and a role, for questions without a request."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from tests.unit.gateway.s3.one_bucket import OWNER, STRANGER, OneBucket
from trioxygen.common.clock import SystemClock
from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import system_runtime
from trioxygen.gateway.can.asking import AccessQuestions
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.store.iam_port import Iam
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.buckets import NOTHING_SET, SettingKind
from trioxygen.gateway.store.values.iam import (
    AccountDetails,
    ManagedPolicy,
    PolicyVersion,
    Principal,
    PrincipalKind,
)

MANAGED: Final = f"arn:aws:iam::{OWNER.account_id}:policy/no-deletions"


def policy(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str, resource: str = "*", **more: object) -> dict[str, object]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


PRINCIPALS: Final = {
    (PrincipalKind.USER, "ann"): Principal(
        kind=PrincipalKind.USER,
        account_id=OWNER.account_id,
        name="ann",
        path="/staff/",
        unique_id="AIDAANN",
        inline={
            "reads": policy(
                allow(
                    "s3:GetObject", Sid="Reads", Condition={"Bool": {"aws:SecureTransport": "true"}}
                )
            )
        },
        attached=(MANAGED,),
        groups=("writers",),
    ),
    (PrincipalKind.GROUP, "writers"): Principal(
        kind=PrincipalKind.GROUP,
        account_id=OWNER.account_id,
        name="writers",
        inline={
            "writes": policy(
                allow("s3:PutObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
                allow("s3:DeleteObject"),
            )
        },
    ),
    (PrincipalKind.ROLE, "reader"): Principal(
        kind=PrincipalKind.ROLE,
        account_id=OWNER.account_id,
        name="reader",
        unique_id="AROAREADER",
        attached=(MANAGED,),
        boundary=MANAGED,
    ),
}
NO_DELETIONS: Final = ManagedPolicy(
    account_id=OWNER.account_id,
    name="no-deletions",
    versions=(
        PolicyVersion(1, policy(allow("s3:*")), 0),
        PolicyVersion(2, policy(deny("s3:DeleteObject", Sid="Never")), 0),
    ),
    default_version=2,
)


class _Principals:
    async def lookup(self, account_id: str, kind: PrincipalKind, name: str) -> Principal:
        if account_id != OWNER.account_id or (kind, name) not in PRINCIPALS:
            raise NoSuchEntity(kind=kind.value, name=name)
        return PRINCIPALS[kind, name]


class _Policies:
    async def lookup(self, account_id: str, arn: str) -> ManagedPolicy:
        assert (account_id, arn) == (OWNER.account_id, MANAGED)
        return NO_DELETIONS


class _Directory:
    async def find(self, *, account_id: str = "", **_: str) -> AccountDetails | None:
        known = {account.account_id: account for account in (OWNER, STRANGER)}
        account: Account | None = known.get(account_id)
        if account is None:
            return None
        return AccountDetails(
            account_id=account_id,
            canonical_id=account.canonical_id,
            display_name=account.display_name,
        )

    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        return None


class _Iam:
    principals: Any = _Principals()
    policies: Any = _Policies()
    directory: Any = _Directory()


def questions(settings: Mapping[SettingKind, bytes] = NOTHING_SET) -> AccessQuestions:
    """Of a gateway in whose store OWNER has the bucket `bucket`."""
    store = OneBucket({"bucket": OWNER.account_id}, settings=settings).port
    blocking = system_runtime(LocalNetwork()).blocking
    services = Services(store, blocking, SystemClock(), S3Config(volume="s3v"))
    return AccessQuestions(services, cast(Iam, _Iam()))


def no_questions() -> AccessQuestions:
    """Of a port of which nobody asks them."""
    return cast(AccessQuestions, None)
