"""No method of a DataNode that gives or takes bytes is reached without a token that covers it."""

from typing import Any

import pytest

from tests.unit.hdds.tokens.guarded import (
    COPIES,
    KEY,
    NEW_KEY,
    OTHER_KEY,
    REQUESTS,
    Guarded,
    operation_of,
    token_for,
    with_gate,
)
from trioxygen.common.block_token import BlockToken, Refusal, signed
from trioxygen.common.errors import TokenRefused, Unavailable
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Service
from trioxygen.hdds.tokens.doors import DOORS, SERVICE
from trioxygen.proto.v1 import scm_pb2


def test_every_method_of_the_protocol_says_what_it_needs() -> None:
    assert DOORS.keys() == {method.name for method in SERVICE.methods}
    assert {name for name, door in DOORS.items() if door is not None} == REQUESTS.keys()


def test_service_with_a_method_that_does_not_say_it_is_not_served() -> None:
    other = scm_pb2.DESCRIPTOR.services_by_name["StorageContainerManager"]

    async def handle(request: Any, call: Call) -> Any:
        return request

    service = Service(other, {method.name: handle for method in other.methods}, {}, {})
    with pytest.raises(AssertionError, match="methods without a door"):
        Guarded().gate.guarding(service)


@pytest.mark.parametrize("name", REQUESTS)
def test_method_is_reached_with_a_token_of_its_own_alone(name: str) -> None:
    async def scenario(guarded: Guarded) -> None:
        others = [
            b"",
            b"no token",
            token_for(name, client="datanode/dn8"),
            token_for(name, container=4),
            token_for(name, operations=7 & ~operation_of(name)),
            token_for(name)[:-1] + b"?",
            signed(BlockToken(KEY.key_id, 3, 0, 0, 7, "datanode/dn7"), OTHER_KEY.secret),
        ]
        if name not in COPIES:
            others.append(token_for(name, first_local=13))
        for token in others:
            with pytest.raises(TokenRefused):
                await guarded.ask(name, token)
        assert guarded.reached == [] and guarded.asked == 0
        await guarded.ask(name, token_for(name))
        assert guarded.reached == [name]
        assert (guarded.gate.passed, sum(guarded.gate.refused.values())) == (1, len(others))

    with_gate(Guarded(), scenario)


def test_key_that_is_not_known_is_asked_for_before_its_token_is_refused() -> None:
    async def scenario(guarded: Guarded) -> None:
        guarded.at_scm = [KEY, NEW_KEY]
        token = signed(BlockToken(NEW_KEY.key_id, 3, 12, 1, 1, "datanode/dn7"), NEW_KEY.secret)
        await guarded.ask("ReadStream", token)
        await guarded.ask("ReadSmallBlock", token)
        assert guarded.reached == ["ReadStream", "ReadSmallBlock"] and guarded.asked == 1

    with_gate(Guarded(), scenario)


def test_key_that_the_scm_does_not_know_either_does_not_count() -> None:
    async def scenario(guarded: Guarded) -> None:
        guarded.at_scm = [NEW_KEY]
        token = token_for("ReadSmallBlock", key_id=9)
        with pytest.raises(TokenRefused) as refused:
            await guarded.ask("ReadSmallBlock", token)
        assert refused.value.facts["reason"] == Refusal.KEY.value
        assert guarded.asked == 1
        # Retired meanwhile.
        with pytest.raises(TokenRefused):
            await guarded.ask("ReadSmallBlock", token_for("ReadSmallBlock"))

    with_gate(Guarded(), scenario)


def test_node_that_cannot_ask_for_a_key_is_no_judge_of_its_tokens() -> None:
    async def scenario(guarded: Guarded) -> None:
        guarded.scm_is_away = True
        with pytest.raises(Unavailable):
            await guarded.ask("ReadSmallBlock", token_for("ReadSmallBlock", key_id=9))
        await guarded.ask("ReadSmallBlock", token_for("ReadSmallBlock"))

    with_gate(Guarded(), scenario)
