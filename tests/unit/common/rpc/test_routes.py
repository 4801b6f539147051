import asyncio
import math

from google.protobuf.message import Message

from trioxygen.common.rpc.call import Call, Peer, Role
from trioxygen.common.rpc.network import Service
from trioxygen.common.rpc.routes import Routes
from trioxygen.proto.v1 import scm_pb2 as scm

DESCRIPTOR = scm.DESCRIPTOR.services_by_name["StorageContainerManager"]
HEARTBEAT = "StorageContainerManager/Heartbeat"
CALL = Call(Peer(Role.DATANODE), math.inf)


def heartbeat(node_id: str, containers: int) -> bytes:
    reports = [
        scm.ContainerReport(container_id=number, state=scm.CLOSED, pipeline_id=1)
        for number in range(1, containers + 1)
    ]
    return scm.HeartbeatRequest(node_id=node_id, containers=reports).SerializeToString()


async def answered(bodies: list[bytes]) -> list[tuple[str, int]]:
    """By node: in which turn of the loop each was read, when all come at once."""
    turn, read = 0, list[tuple[str, int]]()

    async def handle(request: Message, call: Call) -> Message:
        assert isinstance(request, scm.HeartbeatRequest)
        read.append((request.node_id, turn))
        return scm.HeartbeatReply()

    async def count_turns() -> None:
        nonlocal turn
        while True:
            await asyncio.sleep(0)
            turn += 1

    calls = {method.name: handle for method in DESCRIPTOR.methods}
    routes = Routes([Service(DESCRIPTOR, calls, {}, {})])
    counting = asyncio.create_task(count_turns())
    await asyncio.gather(*(routes.handle(HEARTBEAT, body, CALL) for body in bodies))
    counting.cancel()
    return read


def test_large_requests_that_come_at_once_are_read_in_turns_of_their_own() -> None:
    bodies = [heartbeat(f"dn{number}", 2_000) for number in range(20)]
    read = asyncio.run(answered([*bodies, heartbeat("small", 1)]))
    turns = dict(read)
    large = [turns[f"dn{number}"] for number in range(20)]
    assert len(set(large)) == len(large) and large == sorted(large)
    # It waits for none of them.
    assert read[0][0] == "small"


def test_small_requests_of_the_same_method_are_read_at_once() -> None:
    read = asyncio.run(answered([heartbeat(f"dn{number}", 1) for number in range(20)]))
    assert len({turn for _, turn in read}) == 1
