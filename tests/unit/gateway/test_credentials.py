"""Who signed is asked of the store, and remembered for as long as it may be."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER
from tests.unit.gateway.s3.test_context import CLAIM
from trioxygen.common.errors import Corrupt, ExpiredToken, InvalidToken, NoSuchAccessKey
from trioxygen.common.units import MINUTE_MS
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.access.permissions import NO_PERMISSIONS
from trioxygen.gateway.access.policy.cache import PolicyCache
from trioxygen.gateway.credentials import Credentials
from trioxygen.gateway.key_uses import KeyUses, Use
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.store.port import Accounts
from trioxygen.gateway.store.values.accounts import (
    Identity,
    IdentityKind,
    PolicyText,
    SigningKey,
)

POLICY: Final = PolicyText(
    "user/ann inline p",
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
)
ANN: Final = Identity(
    kind=IdentityKind.USER,
    arn=f"arn:aws:iam::{OWNER.account_id}:user/ann",
    user_id="AIDAANN",
    name="ann",
    tags=(("team", "red"),),
    policies=(POLICY,),
    revision=3,
)


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def monotonic_ms(self) -> float:
        return self.ms

    def wall_ms(self) -> int:
        return self.ms


class Signers:
    """Knows every key as the identity's; notes what was asked for."""

    def __init__(self, identity: Identity = ANN) -> None:
        self.identity, self.asked = identity, list[Any]()
        self.refuses: Exception | None = None

    async def derive_signing_key(self, **asked: Any) -> SigningKey:
        self.asked.append((asked["access_key"], asked["session_token"], asked["service"]))
        if self.refuses is not None:
            raise self.refuses
        return SigningKey(b"k", OWNER, self.identity)


class Noted:
    def __init__(self) -> None:
        self.batches: list[Sequence[Use]] = []

    async def __call__(self, uses: Sequence[Use]) -> None:
        self.batches.append(uses)


def made(signers: Signers, clock: Clock, noted: Noted | None = None) -> Credentials:
    uses = KeyUses(cast(Any, clock), noted or Noted())
    return Credentials(
        cast(Accounts, signers),
        cast(Any, clock),
        PolicyCache(1 << 20).identity_policy,
        uses,
        kept_ms=5_000,
    )


def test_caller_and_policies_come_with_the_key() -> None:
    signers, clock = Signers(), Clock()
    credentials = made(signers, clock)
    known = asyncio.run(credentials.find(CLAIM))
    assert (known.caller.kind, known.caller.name) == (CallerKind.USER, "ann")
    assert known.caller.canonical_id == OWNER.canonical_id
    assert known.caller.tags == {"team": "red"}
    [(source, _)] = known.permissions.policies
    assert source == POLICY.source
    clock.ms += 4_999
    assert asyncio.run(credentials.find(CLAIM)) is known
    clock.ms += 1
    assert asyncio.run(credentials.find(CLAIM)) is not known
    assert len(signers.asked) == 2


def test_root_has_an_arn_and_no_policies() -> None:
    known = asyncio.run(made(Signers(Identity()), Clock()).find(CLAIM))
    assert known.caller.arn == f"arn:aws:iam::{OWNER.account_id}:root"
    assert known.caller.user_id == OWNER.account_id
    assert known.permissions is NO_PERMISSIONS


def test_session_without_policies_left_is_not_one_without_limits() -> None:
    identity = replace(ANN, policies=(), session_policies=())
    known = asyncio.run(made(Signers(identity), Clock()).find(CLAIM))
    assert known.permissions.session == ()


def test_each_token_region_and_service_is_asked_for_by_itself() -> None:
    signers = Signers()
    credentials = made(signers, Clock())
    claims = [
        CLAIM,
        replace(CLAIM, session_token="t"),
        replace(CLAIM, session_token="u"),
        replace(CLAIM, service="sts"),
        replace(CLAIM, region="x"),
    ]
    for claim in claims * 2:
        asyncio.run(credentials.find(claim))
    assert [token for _, token, _ in signers.asked] == [None, "t", "u", None, None]


def test_identity_is_read_again_when_another_revision_is_heard_of() -> None:
    signers = Signers()
    credentials = made(signers, Clock())
    known = asyncio.run(credentials.find(CLAIM))
    assert asyncio.run(credentials.renewed(CLAIM, revision=3)) is known
    signers.identity = replace(ANN, policies=(), revision=5)
    renewed = asyncio.run(credentials.renewed(CLAIM, revision=4))
    assert renewed.permissions is NO_PERMISSIONS
    assert asyncio.run(credentials.find(CLAIM)) is renewed
    # Of a store that was loaded from a dump, whose identities are older ones.
    signers.identity = replace(ANN, revision=2)
    assert asyncio.run(credentials.renewed(CLAIM, revision=2)).permissions is not NO_PERMISSIONS
    # As they are now, whatever is remembered.
    assert asyncio.run(credentials.renewed(CLAIM, revision=None)) is not renewed
    assert len(signers.asked) == 4


def test_session_is_over_when_its_time_is_even_if_it_is_remembered() -> None:
    clock = Clock()
    credentials = made(Signers(replace(ANN, expires_ms=clock.ms + 1_000)), clock)
    claim = replace(CLAIM, session_token="t")
    asyncio.run(credentials.find(claim))
    clock.ms += 1_000
    with pytest.raises(S3Error) as refused:
        asyncio.run(credentials.find(claim))
    assert (refused.value.code, refused.value.details) == ("ExpiredToken", {"Token-0": "t"})


@pytest.mark.parametrize(
    ("refuses", "code"),
    [
        (NoSuchAccessKey(), "InvalidAccessKeyId"),
        (InvalidToken(), "InvalidToken"),
        (ExpiredToken(), "ExpiredToken"),
    ],
)
def test_what_the_store_refuses_is_said_as_s3_says_it(refuses: Exception, code: str) -> None:
    signers = Signers()
    signers.refuses = refuses
    with pytest.raises(S3Error) as refused:
        asyncio.run(made(signers, Clock()).find(replace(CLAIM, session_token="t")))
    assert refused.value.code == code


def test_policy_that_cannot_be_read_lets_nobody_in() -> None:
    unreadable = replace(ANN, policies=(PolicyText("p", "{"),))
    with pytest.raises(Corrupt):
        asyncio.run(made(Signers(unreadable), Clock()).find(CLAIM))


def test_uses_of_keys_are_noted_once_a_minute_and_told_together() -> None:
    clock, noted = Clock(), Noted()
    uses = KeyUses(cast(Any, clock), noted)
    assert asyncio.run(uses.work()) is False and not noted.batches
    first_ms = clock.ms
    for access_key in ("a", "b", "a"):
        uses.note(access_key, "s3", "us-east-1")
    asyncio.run(uses.work())
    assert noted.batches == [
        [("a", first_ms, "s3", "us-east-1"), ("b", first_ms, "s3", "us-east-1")]
    ]
    uses.note("a", "s3", "us-east-1")
    asyncio.run(uses.work())
    assert len(noted.batches) == 1
    clock.ms += MINUTE_MS
    uses.note("a", "sts", "us-east-1")
    asyncio.run(uses.work())
    assert noted.batches[1:] == [[("a", clock.ms, "sts", "us-east-1")]]


def test_uses_that_could_not_be_told_are_told_later() -> None:
    batches: list[Sequence[Use]] = []

    async def note(told: Sequence[Use]) -> None:
        batches.append(told)
        if len(batches) == 1:
            raise NoSuchAccessKey

    uses = KeyUses(cast(Any, Clock()), note)
    uses.note("a", "s3", "")
    with pytest.raises(NoSuchAccessKey):
        asyncio.run(uses.work())
    asyncio.run(uses.work())
    assert batches[0] == batches[1]
