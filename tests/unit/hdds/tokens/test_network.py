"""Channels that bring tokens: whoever calls knows nothing of them."""

import asyncio

import pytest

from tests.unit.hdds.tokens.guarded import COPIES, KEY, NEW_KEY, REQUESTS, Guarded, with_gate
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.errors import TokenRefused
from trioxygen.common.token_keys import KeyRing
from trioxygen.hdds.tokens.minting import OwnTokens
from trioxygen.hdds.tokens.network import TokenNetwork


class Asking(Guarded):
    """Who asks is a DataNode with keys of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.own = KeyRing(ManualClock())
        self.own.replace([KEY])
        self.renewals = 0
        self._network = TokenNetwork(  # type: ignore[assignment]
            self._network, OwnTokens(self.own, "dn7", self._renew)
        )

    async def _renew(self) -> bool:
        self.renewals += 1
        self.own.replace(self.at_scm)
        return True


@pytest.mark.parametrize("name", REQUESTS)
def test_every_method_is_reached_through_a_channel_that_brings_tokens(name: str) -> None:
    async def scenario(guarded: Guarded) -> None:
        assert isinstance(guarded, Asking)
        asking = guarded
        await asking.ask(name, b"")
        assert asking.reached == [name] and asking.renewals == 0

    with_gate(Asking(), scenario)


@pytest.mark.parametrize("name", REQUESTS)
def test_token_whose_key_was_retired_is_replaced_and_nothing_is_done_twice(name: str) -> None:
    async def scenario(guarded: Guarded) -> None:
        assert isinstance(guarded, Asking)
        asking = guarded
        asking.at_scm = [NEW_KEY]
        asking.ring.replace([NEW_KEY])
        await asking.ask(name, b"")
        assert asking.reached == [name] and asking.renewals == 1

    with_gate(Asking(), scenario)


def test_token_that_is_refused_for_another_reason_is_not_asked_for_again() -> None:
    async def scenario(guarded: Guarded) -> None:
        assert isinstance(guarded, Asking)
        asking = guarded
        asking.own.replace([KEY, NEW_KEY])
        asking.ring.replace([KEY, type(NEW_KEY)(NEW_KEY.key_id, bytes(32), 0.0)])
        for name in REQUESTS:
            with pytest.raises(TokenRefused):
                await asking.ask(name, b"")
        assert asking.renewals == 0 and asking.reached == []

    with_gate(Asking(), scenario)


def test_new_token_that_is_refused_as_well_is_the_end() -> None:
    async def scenario(guarded: Guarded) -> None:
        assert isinstance(guarded, Asking)
        asking = guarded
        asking.ring.replace([])
        asking.at_scm = []
        for name in REQUESTS:
            asking.own.replace([KEY])
            with pytest.raises(TokenRefused):
                await asking.ask(name, b"")
        assert asking.renewals >= len(COPIES)

    with_gate(Asking(), scenario)


def test_node_without_keys_asks_for_them_first() -> None:
    async def scenario(guarded: Guarded) -> None:
        assert isinstance(guarded, Asking)
        asking = guarded
        asking.own.replace([])
        await asyncio.gather(asking.ask("ReadStream", b""), asking.ask("PutBlock", b""))
        assert sorted(asking.reached) == ["PutBlock", "ReadStream"]

    with_gate(Asking(), scenario)
