"""A reader asks the replica first that stands nearest, and all that stand as near in turn."""

import asyncio

import pytest

from trioxygen.common.clock import SystemClock
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.hedges import ReadKind
from trioxygen.hdds.client.locations import Place
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.replica_search import ReplicaSearch
from trioxygen.proto.v1.scm_pb2 import ContainerLocation, ContainerReplica
from trioxygen.proto.v1.types_pb2 import DataNodeAddress

RACKS = {"a:1": "/hall-1/rack-1", "b:1": "/hall-1/rack-2", "c:1": "/hall-2/rack-1", "d:1": ""}


@pytest.mark.parametrize(
    ("address", "rack", "distance"),
    [
        ("here:1", "/hall-1/rack-1", 0),
        ("here:2", "", 0),
        ("there:1", "/hall-1/rack-1", 1),
        ("there:1", "/hall-1/rack-2", 2),
        ("there:1", "/hall-2/rack-1", 3),
        ("there:1", "", 100),
    ],
)
def test_own_machine_is_nearest_then_the_own_rack_then_its_hall(
    address: str, rack: str, distance: int
) -> None:
    assert Place("here", "/hall-1/rack-1").distance(address, rack) == distance
    assert Place("", "").distance(address, rack) == 100


def asked(config: ClientConfig, *, container: int = 7, dead: str = "") -> list[str]:
    """Whom ten reads asked first."""

    async def locate(container_ids: list[int]) -> list[ContainerLocation]:
        replicas = [
            ContainerReplica(datanode=DataNodeAddress(node_id=address, address=address), rack=rack)
            for address, rack in RACKS.items()
        ]
        return [
            ContainerLocation(container_id=container_id, replicas=replicas)
            for container_id in container_ids
        ]

    async def read() -> list[str]:
        pool = DataNodePool(LocalNetwork(), SystemClock(), locate, config)
        first: list[str] = []
        for local in range(10):

            async def ask(node: DataNodeAddress, _: float) -> str:
                return node.address

            search = ReplicaSearch(pool, container, local, 0, ask)
            first.append((await search.first(ReadKind.SMALL))[1])
            if dead:
                pool.unreadable.note(DataNodeAddress(node_id=dead, address=dead))
        await pool.stop()
        return first

    return asyncio.run(read())


def test_reads_go_to_the_own_rack_as_the_scm_tells_it() -> None:
    assert set(asked(ClientConfig(own_rack="/hall-1/rack-2"))) == {"b:1"}
    assert set(asked(ClientConfig(own_rack="/hall-1/rack-9"))) == {"a:1", "b:1"}
    assert set(asked(ClientConfig(own_host="d", own_rack="/hall-1/rack-2"))) == {"d:1"}
    assert set(asked(ClientConfig())) == set(RACKS)


def test_nearest_that_is_away_is_not_asked_first() -> None:
    config = ClientConfig(own_rack="/hall-1/rack-2")
    assert asked(config, dead="b:1") == ["b:1", *["a:1"] * 9]
