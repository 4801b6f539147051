"""Whom a writer asks: the member that leads, once somebody has named it."""

import asyncio

import pytest

from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import NotEnoughDataNodes, NotLeader, Unreachable
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.leaders import Leaders
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.proto.v1.scm_pb2 import ContainerLocation
from trioxygen.proto.v1.types_pb2 import DataNodeAddress, Pipeline

NAMES = ("a", "b", "c")


def pipeline(number: int = 1) -> Pipeline:
    return Pipeline(
        pipeline_id=number,
        datanodes=[DataNodeAddress(node_id=each, address=each) for each in NAMES],
    )


async def nowhere(container_ids: list[int]) -> list[ContainerLocation]:
    return []


class Ring:
    """Members that answer as a ring does. `leader`: None while there is none."""

    def __init__(self, leader: str | None, *, away: str = "", silent: bool = False) -> None:
        self.leader, self.away, self.silent = leader, away, silent
        self.asked: list[str] = []
        self.pool = DataNodePool(
            LocalNetwork(), SystemClock(), nowhere, ClientConfig(patience_ms=500)
        )

    async def attempt(self, member: DataNodeAddress, timeout_ms: float) -> str:
        self.asked.append(member.address)
        if member.address == self.away:
            raise Unreachable(address=member.address)
        if member.address == self.leader:
            return member.address
        if self.leader is None or self.silent:
            raise NotLeader()
        raise NotLeader(leader=self.leader)

    def ask(self, number: int = 1) -> str:
        return asyncio.run(self.pool.ask_leader(pipeline(number), self.attempt))


def test_leader_that_was_named_is_asked_at_once_and_remembered() -> None:
    ring = Ring("c")
    assert ring.ask() == "c" and ring.asked == ["a", "c"]
    assert ring.ask() == "c" and ring.asked == ["a", "c", "c"]
    # Of each pipeline by itself.
    ring.asked.clear()
    assert ring.ask(2) == "c" and ring.asked == ["a", "c"]


def test_members_are_asked_in_turn_where_nobody_names_the_leader() -> None:
    ring = Ring("c", away="a", silent=True)
    assert ring.ask() == "c" and ring.asked == ["a", "b", "c"]
    ring.leader, ring.away = "a", "c"
    ring.asked.clear()
    # Who could not be reached a moment ago is not asked again before those who could.
    assert ring.ask() == "a" and ring.asked[:2] == ["c", "b"] and ring.asked[-1] == "a"


def test_writer_gives_up_where_nobody_leads_for_long() -> None:
    ring = Ring(None)
    with pytest.raises(NotLeader):
        ring.ask()
    assert set(ring.asked) == set(NAMES) and len(ring.asked) < 50


def test_leaders_that_name_each_other_are_not_followed_for_ever() -> None:
    async def attempt(member: DataNodeAddress, timeout_ms: float) -> str:
        asked.append(member.address)
        raise NotLeader(leader="b" if member.address == "a" else "a")

    asked: list[str] = []
    with pytest.raises(NotLeader):
        asyncio.run(Ring(None).pool.ask_leader(pipeline(), attempt))
    assert len(asked) < 50


def test_pipeline_of_nobody_is_refused() -> None:
    with pytest.raises(NotEnoughDataNodes):
        asyncio.run(Ring("a").pool.ask_leader(Pipeline(pipeline_id=1), Ring("a").attempt))


def test_as_many_leaders_as_the_bound_says_are_remembered() -> None:
    leaders = Leaders(SystemClock(), ClientConfig(), pipelines_max=2)
    members = pipeline().datanodes
    for number in (1, 2, 3):
        leaders.leads(pipeline(number), members[2])
    assert [leaders.of(pipeline(number)).address for number in (1, 2, 3)] == ["a", "c", "c"]
    # The first of them is who is asked first anyway.
    leaders.leads(pipeline(9), members[0])
    assert [leaders.of(pipeline(number)).address for number in (9, 2, 3)] == ["a", "c", "c"]
