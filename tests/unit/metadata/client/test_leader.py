import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.errors import (
    DeadlineExceeded,
    NoSuchBucket,
    NotLeader,
    Overloaded,
    TrioxygenError,
)
from trioxygen.common.network import Service
from trioxygen.common.network_local import LocalNetwork
from trioxygen.metadata.client.leader import LeaderClient
from trioxygen.proto.v1 import scm_pb2 as scm

ADDRESSES = ["scm1", "scm2", "scm3"]
_DESCRIPTOR = scm.DESCRIPTOR.services_by_name["StorageContainerManager"]


class Replica:
    """Answers deletions; refuses with what it is told to, for a while or for ever."""

    def __init__(self) -> None:
        self.refusals: list[TrioxygenError] = []
        self.leads = False
        self.seen: list[tuple[int, int]] = []

    async def answer(self, request: scm.DeleteBlocksRequest) -> scm.DeleteBlocksReply:
        self.seen.append((request.client_id, request.request_id))
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.pop(0)
        if not self.leads:
            raise NotLeader()
        return scm.DeleteBlocksReply()

    def service(self) -> Service:
        calls = {method.name: self.answer for method in _DESCRIPTOR.methods}
        return Service(_DESCRIPTOR, calls, {}, {})


class Group:
    def __init__(self, network: LocalNetwork, replicas: list[Replica], client: LeaderClient):
        self.network, self.replicas, self.client = network, replicas, client

    async def call(self) -> scm.DeleteBlocksReply:
        return await self.client.call(scm.DeleteBlocksRequest(), scm.DeleteBlocksReply)


def scenario(test: Callable[[Group], Awaitable[None]]) -> Callable[[], None]:
    async def with_group() -> None:
        network = LocalNetwork(encode=True)
        replicas = [Replica() for _ in ADDRESSES]
        for address, replica in zip(ADDRESSES, replicas, strict=True):
            await network.serve(address, [replica.service()])
        runtime = inline_runtime(SkippingClock(), network=network)
        client = LeaderClient(runtime, "StorageContainerManager", ADDRESSES, timeout_ms=10_000)
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
    await group.call()
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
