import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSpace,
    NoSuchBucket,
    NotEnoughDataNodes,
    NotLeader,
    Overloaded,
    PipelineNotReady,
    SafeMode,
    Stopping,
    TrioxygenError,
)
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Handler, Service
from trioxygen.metadata.client.leader import LeaderClient
from trioxygen.proto.v1 import scm_pb2 as scm

ADDRESSES = ["scm1", "scm2", "scm3"]
_DESCRIPTOR = scm.DESCRIPTOR.services_by_name["StorageContainerManager"]


class Replica:
    """Answers deletions; refuses with what it is told to, for a while or for ever."""

    def __init__(self) -> None:
        self.refusals: list[TrioxygenError] = []
        self.leads = False
        # Who leads, as it believes.
        self.hint = ""
        self.is_silent = False
        # It leads once it was asked more often.
        self.is_elected_after: int | None = None
        self.seen: list[tuple[int, int]] = []
        # Of each of them, whether it said that it was not the first.
        self.retries: list[bool] = []
        # What was left of each command's time when it came.
        self.left_ms: list[float] = []
        self.queries = 0

    async def answer(self, request: scm.DeleteBlocksRequest, call: Call) -> scm.DeleteBlocksReply:
        self.seen.append((request.client_id, request.request_id))
        self.retries.append(request.is_retry)
        self.left_ms.append(call.left_ms(asyncio.get_running_loop().time() * 1_000))
        await self._begin()
        if self.is_elected_after is not None and len(self.seen) > self.is_elected_after:
            self.leads = True
        if not self.leads:
            raise NotLeader(group="scm", leader=self.hint)
        return scm.DeleteBlocksReply()

    async def locate(
        self, request: scm.LocateContainersRequest, call: Call
    ) -> scm.LocateContainersReply:
        self.queries += 1
        await self._begin()
        return scm.LocateContainersReply()

    async def _begin(self) -> None:
        await asyncio.sleep(3_600 if self.is_silent else 0)
        if self.refusals:
            raise self.refusals.pop(0)

    def service(self) -> Service:
        calls: dict[str, Handler] = {method.name: self.answer for method in _DESCRIPTOR.methods}
        return Service(_DESCRIPTOR, calls | {"LocateContainers": self.locate}, {}, {})


class Group:
    def __init__(self, network: LocalNetwork, replicas: list[Replica], client: LeaderClient):
        self.network, self.replicas, self.client = network, replicas, client

    async def call(self) -> scm.DeleteBlocksReply:
        return await self.client.call(scm.DeleteBlocksRequest(), scm.DeleteBlocksReply)

    async def query(self) -> scm.LocateContainersReply:
        return await self.client.call(scm.LocateContainersRequest(), scm.LocateContainersReply)


def scenario(test: Callable[[Group], Awaitable[None]]) -> Callable[[], None]:
    async def with_group() -> None:
        network = LocalNetwork(encode=True)
        replicas = [Replica() for _ in ADDRESSES]
        for address, replica in zip(ADDRESSES, replicas, strict=True):
            await network.serve(address, [replica.service()])
        runtime = inline_runtime(SkippingClock(), network=network)
        client = LeaderClient(
            runtime,
            _DESCRIPTOR,
            ADDRESSES,
            timeout_ms=10_000,
            try_ms=50,
        )
        await test(Group(network, replicas, client))

    def run() -> None:
        asyncio.run(with_group())

    run.__name__ = run.__qualname__ = getattr(test, "__name__", "test")
    return run


@scenario
async def test_leader_is_found_and_remembered(group: Group) -> None:
    group.replicas[2].leads = True
    await group.call()
    await group.call()
    assert [len(replica.seen) for replica in group.replicas] == [1, 1, 2]


@scenario
async def test_calls_at_once_do_not_chase_each_other_past_the_leader(group: Group) -> None:
    group.replicas[1].leads = True
    await asyncio.gather(*(group.call() for _ in range(20)))
    assert [len(replica.seen) for replica in group.replicas] == [20, 20, 0]


@scenario
async def test_request_keeps_its_ids_over_all_tries_and_the_next_one_gets_others(
    group: Group,
) -> None:
    first, second, _ = group.replicas
    second.leads = True
    first.refusals.extend((Overloaded(), Overloaded()))
    await group.call()
    assert len(first.seen) == 3
    assert len({*first.seen, *second.seen}) == 1
    assert (first.retries, second.retries) == ([False, True, True], [True])
    await group.call()
    assert second.retries == [True, False]
    [(client_id, before), (same_client, after)] = second.seen
    assert same_client == client_id == group.client.client_id != 0
    assert after > before


@scenario
async def test_unreachable_replica_is_passed(group: Group) -> None:
    group.replicas[1].leads = True
    group.network.forget(group.network.server("scm1"))
    await group.call()
    assert len(group.replicas[1].seen) == 1


@scenario
async def test_refusal_is_not_tried_again(group: Group) -> None:
    group.replicas[0].leads = True
    group.replicas[0].refusals.append(NoSuchBucket(bucket="b"))
    with pytest.raises(NoSuchBucket):
        await group.call()
    assert len(group.replicas[0].seen) == 1


@scenario
async def test_client_gives_up_at_its_deadline(group: Group) -> None:
    with pytest.raises(DeadlineExceeded) as late:
        await group.call()
    assert isinstance(late.value.__cause__, NotLeader)
    assert all(len(replica.seen) > 3 for replica in group.replicas)
    output = str(late.value)
    assert all(f"{address}: NotLeader" in output for address in ADDRESSES)
    assert "StorageContainerManager/DeleteBlocks" in output and "after 10 s" in output


@scenario
async def test_call_made_for_another_has_no_more_time_than_is_left_of_that_one(
    group: Group,
) -> None:
    request = scm.DeleteBlocksRequest()
    with pytest.raises(DeadlineExceeded, match="after 3 s"):
        await group.client.call(request, scm.DeleteBlocksReply, most_ms=3_000)
    leader = group.replicas[0]
    leader.leads = True
    runtime = inline_runtime(SkippingClock(), network=group.network)
    client = LeaderClient(runtime, _DESCRIPTOR, ADDRESSES, timeout_ms=60_000, try_ms=40_000)
    await client.call(request, scm.DeleteBlocksReply, most_ms=20_000)
    assert 0 < leader.left_ms[-1] <= 20_000
    # Nor does it get more.
    await client.call(request, scm.DeleteBlocksReply, most_ms=3_600_000)
    assert 20_000 < leader.left_ms[-1] <= 40_000


@scenario
async def test_hint_leads_straight_to_the_leader(group: Group) -> None:
    first, second, third = group.replicas
    first.hint, third.leads = "scm3", True
    await group.call()
    assert [len(replica.seen) for replica in group.replicas] == [1, 0, 1]
    assert group.client.leader_address == "scm3"
    assert second.seen == []


@scenario
async def test_hint_may_name_a_server_that_joined_since(group: Group) -> None:
    joined = Replica()
    joined.leads = True
    await group.network.serve("scm4", [joined.service()])
    for replica in group.replicas:
        replica.hint = "scm4"
    await group.call()
    await group.call()
    assert len(joined.seen) == 2


@scenario
async def test_hints_that_go_round_in_a_circle_do_not_spin(group: Group) -> None:
    for replica, hint in zip(group.replicas, ("scm2", "scm3", "scm1"), strict=True):
        replica.hint = hint
    with pytest.raises(DeadlineExceeded):
        await group.call()
    # At most one try for each wait, beside the few hints that are followed at once.
    assert sum(len(replica.seen) for replica in group.replicas) < 500


@scenario
async def test_silent_leader_is_left_for_the_next_with_the_same_request(group: Group) -> None:
    first, second, _ = group.replicas
    first.leads = True
    await group.call()
    first.is_silent, second.leads = True, True
    second.hint = "scm1"
    await group.call()
    assert second.seen == first.seen[1:]
    assert group.client.leader_address == "scm2"


@scenario
async def test_hint_to_a_server_that_was_just_silent_is_not_followed(group: Group) -> None:
    first, second, third = group.replicas
    first.is_silent = True
    second.hint = third.hint = "scm1"

    third.is_elected_after = 2
    await group.call()
    assert len(first.seen) == 1


@scenario
async def test_what_passes_at_the_leader_is_waited_for(group: Group) -> None:
    first = group.replicas[0]
    first.leads = True
    first.refusals.extend((SafeMode(), PipelineNotReady(), Overloaded()))
    await group.call()
    assert [len(replica.seen) for replica in group.replicas] == [4, 0, 0]


@scenario
async def test_what_does_not_pass_by_itself_is_told_at_once(group: Group) -> None:
    first = group.replicas[0]
    first.leads = True
    for refusal in (NotEnoughDataNodes(), NoSpace()):
        first.refusals.append(refusal)
        with pytest.raises(type(refusal)):
            await group.call()
    assert [len(replica.seen) for replica in group.replicas] == [2, 0, 0]


@scenario
async def test_server_that_stops_is_left_at_once(group: Group) -> None:
    first, second, _ = group.replicas
    first.leads = second.leads = True
    first.refusals.append(Stopping())
    await group.call()
    assert [len(replica.seen) for replica in group.replicas] == [1, 1, 0]


@scenario
async def test_few_queries_go_to_the_leader_whom_others_would_have_to_ask(group: Group) -> None:
    group.replicas[2].leads = True
    await group.call()
    await asyncio.gather(*(group.query() for _ in range(8)))
    assert [replica.queries for replica in group.replicas] == [0, 0, 8]


@scenario
async def test_many_queries_are_spread_over_all_replicas(group: Group) -> None:
    group.replicas[0].leads = True
    await group.call()
    await asyncio.gather(*(group.query() for _ in range(30)))
    assert [replica.queries for replica in group.replicas] == [10, 10, 10]
    assert [len(replica.seen) for replica in group.replicas] == [1, 0, 0]


@scenario
async def test_query_falls_back_to_others_and_leaves_the_leader_alone(group: Group) -> None:
    first, second, third = group.replicas
    for replica in (second, third):
        group.network.forget(group.network.server(f"scm{group.replicas.index(replica) + 1}"))
    for _ in range(10):
        await group.query()
    assert first.queries == 10
    assert group.client.leader_address == "scm1"


@scenario
async def test_command_avoids_a_leader_that_was_silent_to_a_query(group: Group) -> None:
    first, second, third = group.replicas
    first.leads = True
    await group.call()
    first.is_silent, third.leads = True, True
    second.hint = "scm3"
    for _ in range(3):
        await group.query()
    assert first.queries == 1
    await group.call()
    assert len(first.seen) == 1
    assert group.client.leader_address == "scm3"


@scenario
async def test_command_asks_others_when_a_follower_lost_the_leader(group: Group) -> None:
    runtime = inline_runtime(SkippingClock(), network=group.network)
    patient = LeaderClient(runtime, _DESCRIPTOR, ADDRESSES, timeout_ms=60_000, try_ms=30_000)
    busy = Group(group.network, group.replicas, patient)
    first, second, third = group.replicas
    first.leads = True
    await busy.call()
    first.is_silent = third.leads = True
    waiting = [asyncio.ensure_future(busy.query()) for _ in range(8)]
    await asyncio.sleep(0)
    second.hint = "scm3"
    second.refusals.append(NotLeader("no leader is known"))
    await busy.query()
    assert [replica.queries for replica in group.replicas] == [8, 1, 1]
    await busy.call()
    assert [len(replica.seen) for replica in group.replicas] == [1, 1, 1]
    for query in waiting:
        query.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


@scenario
async def test_query_leaves_a_silent_replica_and_remembers_it(group: Group) -> None:
    group.replicas[0].is_silent = True
    for _ in range(6):
        await group.query()
    assert group.replicas[0].queries == 1


@scenario
async def test_what_is_for_one_server_alone_is_told_to_no_other(group: Group) -> None:
    runtime = inline_runtime(SkippingClock(), network=group.network)
    client = LeaderClient(
        runtime, _DESCRIPTOR, ["scm1"], timeout_ms=10_000, try_ms=50, only_these=True
    )
    first, second, _ = group.replicas
    first.hint, second.leads, first.is_elected_after = "scm2", True, 2
    for _ in range(3):
        await client.call(scm.DeleteBlocksRequest(), scm.DeleteBlocksReply)
    assert second.seen == [] and len(first.seen) > 3
