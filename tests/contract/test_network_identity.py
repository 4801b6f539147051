"""With TLS a certificate says who calls, and a method is for the callers that its .proto names."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import uvloop

from tests.contract.certificates import Authority
from tests.contract.network_harness import BLOCK, TIMEOUT_MS, DataNodeDouble, refusal
from trioxygen.common.errors import CallerNotAllowed, WrongIdentity
from trioxygen.common.rpc.call import Peer, Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Channel
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.rpc.tls import Tls
from trioxygen.proto.v1.datanode_pb2 import (
    ReadStreamHeader,
    WriteSmallBlockReply,
    WriteSmallBlockRequest,
    WriteStreamHeader,
)

CALL = WriteSmallBlockRequest(block=BLOCK, data=b"12345")


async def write_small(channel: Channel) -> None:
    await channel.call(
        "DataNode/WriteSmallBlock", CALL, WriteSmallBlockReply, timeout_ms=TIMEOUT_MS
    )


async def write_stream(channel: Channel) -> None:
    upload = await channel.upload("DataNode/WriteStream", WriteStreamHeader(block=BLOCK))
    await upload.finish(TIMEOUT_MS)


async def read_stream(channel: Channel) -> None:
    header = ReadStreamHeader(block=BLOCK, length_bytes=5)
    async for _ in channel.download("DataNode/ReadStream", header, timeout_ms=TIMEOUT_MS):
        pass


WAYS = (write_small, write_stream, read_stream)


class Place:
    """A DataNode behind TLS, and whoever calls it."""

    def __init__(self, path: Path, authority: Authority) -> None:
        self._path, self._authority = path, authority
        self.node = DataNodeDouble()
        self.address = ""
        self.networks: list[GrpcNetwork] = []

    def tls(self, *identities: str) -> Tls:
        return self._authority.write(self._path, f"caller{len(self.networks)}", *identities)

    def channel(self, role: Role, node_id: str, *identities: str) -> Channel:
        network = GrpcNetwork(peer=node_id, role=role, tls=self.tls(*identities))
        self.networks.append(network)
        return network.channel(self.address)


@asynccontextmanager
async def placed(path: Path) -> AsyncIterator[Place]:
    authority = Authority("ours")
    place = Place(path, authority)
    network = GrpcNetwork(tls=authority.write(path, "server", "datanode/dn-1"))
    server = await network.serve("127.0.0.1:0", [place.node.service()])
    place.address = server.address
    try:
        yield place
    finally:
        for caller in place.networks:
            await caller.close()
        await server.stop()


def run(path: Path, test: Callable[[Place], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with placed(path) as place:
            await test(place)

    uvloop.run(main())


def test_handler_is_told_who_calls_as_the_certificate_says(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        channel = place.channel(Role.GATEWAY, "gw-1", "gateway/gw-1")
        for way in WAYS:
            await way(channel)
        # One certificate for the roles of a machine, one for all nodes of a role.
        await write_small(place.channel(Role.GATEWAY, "gw-2", "om/om-1", "gateway/"))
        await write_small(place.channel(Role.GATEWAY, "", "gateway/gw-3"))
        output = [call.peer for call in place.node.calls]
        names = ["gw-1"] * 3 + ["gw-2", "gw-3"]
        assert output == [Peer(Role.GATEWAY, name, is_verified=True) for name in names]

    run(tmp_path, test)


def test_methods_are_refused_to_roles_that_they_are_not_for(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        om = place.channel(Role.OM, "om-1", "om/om-1")
        gateway = place.channel(Role.GATEWAY, "gw-1", "gateway/gw-1")
        for way in WAYS:
            error = await refusal(way(om))
            assert type(error) is CallerNotAllowed
            assert error.facts["caller"] == "om/om-1"
            await way(gateway)
        # No handler has run for the one that was refused.
        assert {call.peer.role for call in place.node.calls} == {Role.GATEWAY}

    run(tmp_path, test)


def test_who_says_to_be_another_than_its_certificate_says_is_refused(tmp_path: Path) -> None:
    async def test(place: Place) -> None:
        for channel in (
            place.channel(Role.GATEWAY, "gw-1", "om/om-1"),
            place.channel(Role.GATEWAY, "gw-1", "gateway/gw-2"),
            place.channel(Role.GATEWAY, "gw-1"),
            place.channel(Role.GATEWAY, "gw-1", "emperor/gw-1"),
        ):
            for way in WAYS:
                assert type(await refusal(way(channel))) is WrongIdentity
        assert place.node.calls == []

    run(tmp_path, test)


def test_unary_call_that_says_nothing_of_its_caller_is_the_certificates(tmp_path: Path) -> None:
    async def call(place: Place, identity: str) -> grpc.StatusCode:
        tls = place.tls(identity)
        credentials = grpc.ssl_channel_credentials(tls.authority, tls.private_key, tls.certificate)
        async with grpc.aio.secure_channel(place.address, credentials) as plain:
            write: Any = plain.unary_unary("/trioxygen.proto.v1.DataNode/WriteSmallBlock")
            try:
                await write(CALL.SerializeToString())
            except grpc.aio.AioRpcError as error:
                return error.code()
            return grpc.StatusCode.OK

    async def test(place: Place) -> None:
        assert await call(place, "gateway/gw-1") is grpc.StatusCode.OK
        assert place.node.calls[0].peer == Peer(Role.GATEWAY, "gw-1", is_verified=True)
        assert await call(place, "scm/scm-1") is grpc.StatusCode.PERMISSION_DENIED
        assert await call(place, "nobody") is grpc.StatusCode.UNAUTHENTICATED
        assert len(place.node.calls) == 1

    run(tmp_path, test)


@pytest.mark.parametrize("asks_no_certificates", [False, True])
def test_roles_are_not_enforced_where_nothing_verifies_them(
    tmp_path: Path, asks_no_certificates: bool
) -> None:
    async def main() -> None:
        node, own, others = DataNodeDouble(), None, None
        if asks_no_certificates:
            tls = Authority("ours").write(tmp_path, "server")
            own = Tls(
                certificate=tls.certificate,
                private_key=tls.private_key,
                authority=tls.authority,
                client_certificates=False,
            )
            others = Tls(
                certificate=b"", private_key=b"", authority=own.authority, client_certificates=False
            )
        server = await GrpcNetwork(tls=own).serve("127.0.0.1:0", [node.service()])
        network = GrpcNetwork(peer="om-1", role=Role.OM, tls=others)
        for way in WAYS:
            await way(network.channel(server.address))
        assert [call.peer for call in node.calls] == [Peer(Role.OM, "om-1")] * 3
        await network.close()
        await server.stop()

    uvloop.run(main())


@pytest.mark.parametrize("encode", [False, True])
def test_roles_of_one_process_are_known_and_held_to_the_same(encode: bool) -> None:
    async def main() -> None:
        node, network = DataNodeDouble(), LocalNetwork(encode=encode)
        await network.serve("datanode", [node.service()])
        om = network.as_role(Role.OM, "om-1").channel("datanode")
        gateway = network.as_role(Role.GATEWAY).channel("datanode")
        for way in WAYS:
            assert type(await refusal(way(om))) is CallerNotAllowed
            await way(gateway)
        assert [call.peer for call in node.calls] == [Peer(Role.GATEWAY, "", True)] * 3

    uvloop.run(main())
