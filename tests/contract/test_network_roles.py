"""Every method of every service, called by each role: over TLS only those reach a handler that the
.proto names."""

from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import uvloop
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from tests.contract.certificates import Authority
from tests.contract.network_harness import TIMEOUT_MS, refusal
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import CallerNotAllowed, NoSuchBlock, TrioxygenError
from trioxygen.common.rpc.call import GROUP_ROLES, Call, Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Channel, Network, Service
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.rpc.options import callers_of
from trioxygen.common.rpc.tls import Tls
from trioxygen.proto.v1 import datanode_pb2, group_admin_pb2, om_pb2, raft_pb2, scm_pb2

SERVICES: Final[list[ServiceDescriptor]] = [
    service
    for module in (datanode_pb2, group_admin_pb2, om_pb2, raft_pb2, scm_pb2)
    for service in module.DESCRIPTOR.services_by_name.values()
]
METHODS: Final = [method for service in SERVICES for method in service.methods]
ROLES: Final[list[Role]] = [role for role in Role if role is not Role.UNKNOWN]
MEMBERS: Final[list[Role]] = [role for role in ROLES if role in GROUP_ROLES]


class Reached:
    """Stands in for every handler: notes who came as far as that."""

    def __init__(self) -> None:
        self.roles: list[Role] = []

    def service(self, descriptor: ServiceDescriptor, group_of: Role | None = None) -> Service:
        uploads = [method.name for method in descriptor.methods if method.client_streaming]
        downloads = [method.name for method in descriptor.methods if method.server_streaming]
        calls = {method.name for method in descriptor.methods} - {*uploads, *downloads}
        return Service(
            descriptor,
            dict.fromkeys(calls, self.call),
            dict.fromkeys(uploads, self.upload),
            dict.fromkeys(downloads, self.download),
            group_of,
        )

    async def call(self, request: Message, call: Call) -> Message:
        self.roles.append(call.peer.role)
        raise NoSuchBlock(container=1, local=1)

    async def upload(self, header: Message, pieces: AsyncIterator[Buffer], call: Call) -> Message:
        return await self.call(header, call)

    async def download(self, header: Message, call: Call) -> AsyncIterator[Buffer]:
        await self.call(header, call)
        yield b""


async def failure(channel: Channel, method: MethodDescriptor) -> TrioxygenError:
    """Of a call of the method; an empty request does, where it is looked at after its caller."""
    name = f"{method.containing_service.name}/{method.name}"
    request = GetMessageClass(method.input_type)()

    async def download() -> None:
        async for _ in channel.download(name, request, timeout_ms=TIMEOUT_MS):
            pass

    way: Coroutine[Any, Any, object]
    if method.client_streaming:
        way = channel.upload(name, request)
    elif method.server_streaming:
        way = download()
    else:
        way = channel.call(name, request, Empty, timeout_ms=TIMEOUT_MS)
    return await refusal(way)


async def walk(server_tls: Tls | None, callers: dict[Role, Tls | None]) -> None:
    reached = Reached()
    server = await GrpcNetwork(tls=server_tls).serve(
        "127.0.0.1:0", [reached.service(descriptor) for descriptor in SERVICES]
    )
    networks = {role: GrpcNetwork(peer="n-1", role=role, tls=tls) for role, tls in callers.items()}
    wrong = []
    for role, network in networks.items():
        channel = network.channel(server.address)
        for method in METHODS:
            is_refused = type(await failure(channel, method)) is CallerNotAllowed
            if is_refused != (server_tls is not None and role not in callers_of(method)):
                wrong.append((role.name, method.full_name))
        await network.close()
    await server.stop()
    assert wrong == []
    # Some requests are whole when they are empty.
    assert set(reached.roles) == set(callers)


def test_services_of_the_walk_are_all_there_are() -> None:
    names = {service.name for service in SERVICES}
    files = Path(om_pb2.__file__).parent.glob("*.proto")
    stated = {
        line.split()[1]
        for file in files
        for line in file.read_text().splitlines()
        if line.startswith("service ")
    }
    assert names == stated - {"Session"}
    assert len(METHODS) > 45


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name.lower())
def test_role_reaches_over_tls_the_methods_that_name_it_and_no_others(
    role: Role, tmp_path: Path
) -> None:
    authority = Authority("ours")
    server = authority.write(tmp_path, "server", "om/om-1")
    caller = authority.write(tmp_path, "caller", f"{role.name.lower()}/n-1")
    uvloop.run(walk(server, {role: caller}))


async def heard_of(server: Network, others: Mapping[Role, Network], group_of: Role) -> set[Role]:
    """Who of the others reaches all methods of Raft; the rest reach none."""
    raft = raft_pb2.DESCRIPTOR.services_by_name["Raft"]
    served = await server.serve("127.0.0.1:0", [Reached().service(raft, group_of)])
    heard = set()
    for role, network in others.items():
        channel = network.channel(served.address)
        refused = {
            type(await failure(channel, method)) is CallerNotAllowed for method in raft.methods
        }
        assert len(refused) == 1, role
        if refused == {False}:
            heard.add(role)
    await served.stop()
    return heard


@pytest.mark.parametrize("member", MEMBERS, ids=lambda role: role.name.lower())
def test_members_of_other_groups_are_none_of_a_groups_members(member: Role, tmp_path: Path) -> None:
    authority = Authority("ours")

    def network(role: Role) -> GrpcNetwork:
        tls = authority.write(tmp_path, role.name, f"{role.name.lower()}/n-1")
        return GrpcNetwork(peer="n-1", role=role, tls=tls)

    async def main() -> None:
        others = {role: network(role) for role in MEMBERS}
        assert await heard_of(network(member), others, member) == {member}
        for other in others.values():
            await other.close()
        local = LocalNetwork(encode=True)
        others_here = {role: local.as_role(role) for role in MEMBERS}
        assert await heard_of(local, others_here, member) == {member}

    uvloop.run(main())


def test_service_of_a_group_that_nobody_could_call_is_none() -> None:
    admin = group_admin_pb2.DESCRIPTOR.services_by_name["GroupAdmin"]
    with pytest.raises(AssertionError, match=r"methods without callers: \['ReadRows'\]"):
        Reached().service(admin, group_of=Role.DATANODE)


def test_every_role_reaches_every_method_without_tls() -> None:
    uvloop.run(walk(None, dict.fromkeys(ROLES)))
