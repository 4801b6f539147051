"""A store of identities behind its port, over an OM, with an account; for tests of the port."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.unit.metadata.om.om_harness import CONFIG, OmHarness, with_om
from trioxygen.gateway.store.iam_port import Iam
from trioxygen.gateway.store.ozone.accounts import OzoneAccounts
from trioxygen.gateway.store.ozone.iam import OzoneIam
from trioxygen.gateway.store.port import Accounts
from trioxygen.gateway.store.values.accounts import Identity
from trioxygen.gateway.store.values.iam import (
    ManagedPolicy,
    PolicyVersion,
    Principal,
    PrincipalKind,
)
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.types_pb2 import Account

ACCOUNT: Final = "111111111111"
OTHER: Final = "222222222222"
DOCUMENT: Final = '{"Version": "2012-10-17", "Statement": []}'
READ_ONLY: Final = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
USER, GROUP, ROLE = PrincipalKind.USER, PrincipalKind.GROUP, PrincipalKind.ROLE


@dataclass(frozen=True, slots=True)
class IamStore:
    iam: Iam
    accounts: Accounts
    harness: OmHarness

    async def principal(self, kind: PrincipalKind, name: str, **more: object) -> Principal:
        wanted = Principal(kind=kind, account_id=ACCOUNT, name=name, **more)  # type: ignore[arg-type]
        return await self.iam.principals.create(wanted)

    async def policy(self, name: str, document: str = DOCUMENT, path: str = "/") -> ManagedPolicy:
        versions = [PolicyVersion(0, document, 0)]
        wanted = ManagedPolicy(account_id=ACCOUNT, name=name, path=path, versions=versions)
        return await self.iam.policies.create(wanted)

    async def identity(self, access_key: str, session_token: str | None = None) -> Identity:
        signing_key = await self.accounts.derive_signing_key(
            access_key=access_key,
            date="20261121",
            region="eu-north-1",
            service="s3",
            session_token=session_token,
        )
        return signing_key.identity


Scenario = Callable[[IamStore], Awaitable[None]]


def iam_test(scenario: Scenario) -> Callable[[Path], None]:
    """Makes a test of a scenario with a store that has two accounts."""

    async def run(harness: OmHarness) -> None:
        for account_id in (ACCOUNT, OTHER):
            account = Account(account_id=account_id, email=f"{account_id}@example.org")
            await harness.client.create_account(om.CreateAccountRequest(account=account))
        store = IamStore(OzoneIam(harness.client), OzoneAccounts(harness.client), harness)
        await scenario(store)

    def test(tmp_path: Path) -> None:
        asyncio.run(with_om(tmp_path, CONFIG, run))

    test.__name__ = test.__qualname__ = getattr(scenario, "__name__", "scenario")
    test.__module__, test.__doc__ = scenario.__module__, scenario.__doc__
    return test
