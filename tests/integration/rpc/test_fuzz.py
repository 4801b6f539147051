"""Every method of every service gets what nobody should send; the store goes on, and starts again.

`O3_FUZZ_SEED` repeats a run."""

import asyncio
import os
import random
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

from tests.cluster.cluster import Cluster
from tests.integration.endpoint import Endpoint, read, refused
from tests.integration.rpc.messages import Messages
from trioxygen.common.rpc.grpc_metadata import HEADER_KEY
from trioxygen.common.rpc.rules.table import PACKAGE
from trioxygen.proto.v1 import datanode_pb2, group_admin_pb2, om_pb2, raft_pb2, scm_pb2
from trioxygen.proto.v1.session_pb2 import Batch, CallFrame, Hello
from trioxygen.proto.v1.types_pb2 import BlockRange

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_ROUNDS = 2
_CALLS_OF_A_METHOD = 12
_CALL_SECONDS_MAX = 1.0
_ALIVE_SECONDS_MAX = 60.0
# Events of a defect, or of a part that no longer works.
_DEFECTS = (
    *("worker_failed", "task_failed", "call_failed", "command_failed", "replica_failed"),
    *("request_failed", "log_failed", "flush_failed", "lease_failed", "damaged_", "log_damaged"),
)

_GROUP: list[ServiceDescriptor] = [
    raft_pb2.DESCRIPTOR.services_by_name["Raft"],
    group_admin_pb2.DESCRIPTOR.services_by_name["GroupAdmin"],
]
SERVICES: dict[str, list[ServiceDescriptor]] = {
    "om": [om_pb2.DESCRIPTOR.services_by_name["OzoneManager"], *_GROUP],
    "scm": [scm_pb2.DESCRIPTOR.services_by_name["StorageContainerManager"], *_GROUP],
    "datanode": [datanode_pb2.DESCRIPTOR.services_by_name["DataNode"]],
}
_STREAMED = {"DataNode/WriteStream", "Raft/InstallSnapshot"}
_DOWNLOADED = {"DataNode/ReadStream"}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    counts = {"oms": 1, "scms": 1, "datanodes": 2, "gateways": 1}
    made = Cluster(tmp_path, {"storage.reserved_bytes": 16 << 20}, counts)
    yield made
    made.discard()


class Attack:
    """On one server."""

    def __init__(self, channel: Any, messages: Messages, rng: random.Random) -> None:
        self._channel, self._messages, self._rng = channel, messages, rng

    async def service(self, service: ServiceDescriptor) -> None:
        for method in service.methods:
            name = f"{service.name}/{method.name}"
            for _ in range(_CALLS_OF_A_METHOD):
                message = self._messages.message(method.input_type)
                body = self._messages.mangled(message)
                with suppress(grpc.aio.AioRpcError):
                    await self._call(name, body)
        await self._sessions(list(service.methods), service.name)

    async def _call(self, name: str, body: bytes) -> None:
        path = f"/{PACKAGE}.{name}"
        if name in _STREAMED:
            call = self._channel.stream_unary(path)(
                metadata=((HEADER_KEY, body[:30_000]),), timeout=_CALL_SECONDS_MAX
            )
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                for piece in (b"piece", self._rng.randbytes(1_000), b""):
                    await call.write(piece)
                await call.done_writing()
            await call
        elif name in _DOWNLOADED:
            call = self._channel.unary_stream(path)(body, timeout=_CALL_SECONDS_MAX)
            while await call.read() is not grpc.aio.EOF:
                pass
        else:
            await self._channel.unary_unary(path)(body, timeout=_CALL_SECONDS_MAX)

    async def _sessions(self, methods: list[MethodDescriptor], service: str) -> None:
        """Good frames of bad bodies, bad frames, and batches that are none."""
        hello = Hello(protocol_version=1)
        batch = Batch(hello=hello)
        for number in range(60):
            method = self._rng.choice(methods)
            batch.calls.append(
                CallFrame(
                    id=number,
                    deadline_ms=self._rng.choice((0, 1, 500, 1_000, 2**64 - 1)),
                    method=f"{service}/{method.name}",
                    body=self._messages.mangled(self._messages.message(method.input_type)),
                )
            )
        twice = Batch(hello=hello, calls=[CallFrame(id=1), CallFrame(id=1)])
        for first in (
            batch.SerializeToString(),
            twice.SerializeToString(),
            Batch(calls=[CallFrame(id=1)]).SerializeToString(),
            Batch(hello=Hello(protocol_version=77)).SerializeToString(),
            self._messages.mangled(self._messages.message(Batch.DESCRIPTOR)),
            b"\xff" * 100,
        ):
            call = self._channel.stream_stream(f"/{PACKAGE}.Session/Exchange")()
            with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError, TimeoutError):
                async with asyncio.timeout(_CALL_SECONDS_MAX):
                    await call.write(first)
                    answered = 0
                    while answered < len(batch.calls):
                        message = await call.read()
                        if message is grpc.aio.EOF:
                            break
                        answered += len(Batch.FromString(message).answers)
            call.cancel()


async def known_values(addresses: dict[str, str]) -> dict[str, list[Any]]:
    """What the store itself would say in these fields."""
    known: dict[str, list[Any]] = {
        "bucket": ["fuzz", "none"],
        "container": [1, 2, 3, 4],
        "container_id": [1, 2, 3, 4],
        "local": [1, 2, 3, 500, 1_000_000],
        "pipeline_id": [1, 2, 3],
        "group": [1, 2, 3],
        "sender": [1, 2],
        "to": [1],
        "bucket_id": [1, 2, 3, 4, 5],
        "key": [b"key", b"key/2"],
        "term": [0, 1, 2, 3, 5],
        "index": [0, 1, 2, 5, 10],
        "client_id": [0, 1, 2**64 - 1],
    }
    for role in ("om", "scm"):
        async with grpc.aio.insecure_channel(addresses[role]) as channel:
            call: Any = channel.unary_unary(
                f"/{PACKAGE}.GroupAdmin/DescribeReplica",
                request_serializer=group_admin_pb2.DescribeReplicaRequest.SerializeToString,
                response_deserializer=group_admin_pb2.DescribeReplicaReply.FromString,
            )
            reply = await call(group_admin_pb2.DescribeReplicaRequest(), timeout=10)
            known.setdefault("group_digest", []).append(reply.group_digest)
            known.setdefault("to", []).append(reply.replica_id)
    return known


async def wrap_around(channel: Any) -> None:
    """Deletions of ranges that end beyond all ids, in containers that there are."""
    ranges = [
        BlockRange(container=container, first_local=2**64 - 1, count=2) for container in range(1, 5)
    ]
    request = scm_pb2.DeleteBlocksRequest(blocks=ranges)
    call = channel.unary_unary(f"/{PACKAGE}.StorageContainerManager/DeleteBlocks")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(request.SerializeToString(), timeout=10)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def attack(addresses: dict[str, str], rng: random.Random) -> None:
    messages = Messages(rng, await known_values(addresses))
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_metadata_size", 1 << 20)]
    for role, services in SERVICES.items():
        async with grpc.aio.insecure_channel(addresses[role], options=options) as channel:
            if role == "scm":
                await wrap_around(channel)
            for service in services:
                await Attack(channel, messages, rng).service(service)


def check_alive(endpoint: Endpoint, key: str) -> None:
    """PUT and GET, small and large, within a time; DELETE too."""
    deadline = time.monotonic() + _ALIVE_SECONDS_MAX
    small, large = key.encode(), key.encode() * 50_000
    with endpoint.client() as s3:
        while True:
            try:
                s3.put_object(Bucket="alive", Key=key, Body=small)
                s3.put_object(Bucket="alive", Key=f"{key}-large", Body=large)
                assert read(s3, "alive", key) == small
                assert read(s3, "alive", f"{key}-large") == large
                s3.put_object(Bucket="alive", Key="passing", Body=small)
                s3.delete_object(Bucket="alive", Key="passing")
                assert refused(s3.get_object, Bucket="alive", Key="passing") == (404, "NoSuchKey")
                return
            except (ClientError, BotoCoreError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


def check_ready(cluster: Cluster) -> None:
    """Every node says so itself, by the port that a balancer would ask."""
    for name, node in cluster.nodes().items():
        assert node["state"] == "ready", (name, node)
        with urllib.request.urlopen(f"{node['admin']}/_health/ready", timeout=10) as answer:
            assert answer.status == 200, name


def check_logs(cluster: Cluster, seed: int) -> None:
    """What strangers send is refused; it is never what somebody would have to look into."""
    for path in sorted(cluster.data.glob("logs/*.log")):
        for line in path.read_text(errors="replace").splitlines():
            # After a start the SCM waits for every node it knows, also for those that a stranger
            # registered: as long as a lease is tried for. Which of the two ends first is chance.
            if "lease_failed" in line and "SafeMode" in line:
                continue
            actual = next((event for event in _DEFECTS if event in line), None)
            assert actual is None, (seed, path.name, line)
    cluster.check_logs()


def test_nothing_that_a_stranger_sends_stops_the_store(cluster: Cluster) -> None:
    seed = int(os.environ.get("O3_FUZZ_SEED") or 20_261_128)
    print(f"O3_FUZZ_SEED={seed}")
    rng = random.Random(seed)
    cluster.start()
    written: list[str] = []
    with cluster.endpoints()[0].client() as s3:
        s3.create_bucket(Bucket="alive")
        s3.create_bucket(Bucket="fuzz")
    for number in range(_ROUNDS):
        nodes = cluster.nodes()
        addresses = {
            node["role"]: node["address"] for node in nodes.values() if node["role"] in SERVICES
        }
        asyncio.run(attack(addresses, rng))
        key = f"round-{number}"
        check_alive(cluster.endpoints()[0], key)
        written.append(key)
        check_ready(cluster)
        cluster.stop()
        check_logs(cluster, seed)
        cluster.start()
        check_alive(cluster.endpoints()[0], f"again-{number}")
        with cluster.endpoints()[0].client() as s3:
            for each in written:
                assert read(s3, "alive", each) == each.encode(), (seed, each)
                assert read(s3, "alive", f"{each}-large") == each.encode() * 50_000, (seed, each)
        check_ready(cluster)
        check_logs(cluster, seed)
