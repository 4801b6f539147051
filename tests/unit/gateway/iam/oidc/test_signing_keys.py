"""When an issuer's keys are asked for again."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.oidc.signing_keys import SigningKeys
from trioxygen.gateway.iam.oidc.tokens import Jwk

ISSUER = "https://idp.example.com"


class Provider:
    """Attributes: kids: of its keys. fails: it does not answer. asked: how often it was."""

    def __init__(self) -> None:
        self.clock, self.kids = ManualClock(), ["a"]
        self.fails, self.asked = False, 0

    def fetch(self, url: str) -> Sequence[Jwk]:
        self.asked += 1
        if self.fails:
            raise IamError("IDPCommunicationError", "it does not answer")
        return [{"kid": kid} for kid in self.kids]

    def find(self, *steps: tuple[float, str]) -> list[list[str] | str]:
        """Args: steps: (how long after the one before, the key that is wanted).

        Returns: which keys there are, or the error."""

        async def run() -> list[list[str] | str]:
            blocking = ThreadBlocking()
            keys = SigningKeys(self.fetch, blocking, self.clock)
            answers: list[list[str] | str] = []
            for after_ms, kid in steps:
                self.clock.advance(after_ms)
                try:
                    answers.append([key["kid"] for key in await keys.find(ISSUER, kid)])
                except IamError as error:
                    answers.append(error.code)
                self.later()
            blocking.close()
            return answers

        return asyncio.run(run())

    def later(self) -> None:
        """What changes after each step."""


def test_keys_are_kept_for_an_hour() -> None:
    provider = Provider()
    provider.find((0, "a"), (1, "a"), (3_500_000, "a"))
    assert provider.asked == 1
    provider.find((0, "a"), (3_600_000, "a"))
    assert provider.asked == 3


def test_key_that_is_not_there_is_asked_for_after_a_while() -> None:
    class Rotates(Provider):
        def later(self) -> None:
            self.kids = ["a", "b"]

    provider = Rotates()
    answers = provider.find((0, "a"), (29_999, "b"), (1, "b"), (1, "c"))
    assert answers == [["a"], ["a"], ["a", "b"], ["a", "b"]]
    assert provider.asked == 2


def test_issuer_that_failed_is_left_alone_for_a_while() -> None:
    provider = Provider()
    provider.fails = True
    answers = provider.find((0, "a"), (4_999, "a"), (1, "a"))
    assert answers == ["IDPCommunicationError"] * 3
    assert provider.asked == 2


def test_old_keys_go_though_their_issuer_does_not_answer() -> None:
    class FailsLater(Provider):
        def later(self) -> None:
            self.fails = True

    provider = FailsLater()
    answers = provider.find((0, "a"), (40_000, "b"), (3_550_000, "a"), (10_000, "a"))
    assert answers == [["a"], ["a"], ["a"], "IDPCommunicationError"]


@pytest.mark.parametrize("fails", [True, False])
def test_many_that_ask_at_once_are_served_by_one_answer(fails: bool) -> None:
    provider = Provider()
    provider.fails = fails

    async def run() -> None:
        blocking = ThreadBlocking()
        keys = SigningKeys(provider.fetch, blocking, provider.clock)
        await asyncio.gather(*(keys.find(ISSUER, "a") for _ in range(20)), return_exceptions=True)
        blocking.close()

    asyncio.run(run())
    assert provider.asked == 1


def test_no_more_wait_than_may() -> None:
    provider = Provider()

    async def run() -> list[Sequence[Jwk] | BaseException]:
        blocking = ThreadBlocking()
        keys = SigningKeys(provider.fetch, blocking, provider.clock)
        asked = (keys.find(f"{ISSUER}/{number}", "a") for number in range(110))
        found = await asyncio.gather(*asked, return_exceptions=True)
        found.append(await keys.find(ISSUER, "a"))
        blocking.close()
        return found

    found = asyncio.run(run())
    refused = [answer for answer in found if isinstance(answer, IamError)]
    assert len(refused) == 10
    assert "Too many" in str(refused[0])
    assert found[-1] == [{"kid": "a"}]
