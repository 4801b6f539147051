"""A DataNode's service behind a gate, and requests to each method that needs a token."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.block_token import Access, BlockToken, Operation, signed
from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Unavailable
from trioxygen.common.rpc.call import Call, Role
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.rpc.network import Channel, Service
from trioxygen.common.rpc.options import methods_of
from trioxygen.common.token_keys import KeyRing, TokenKey
from trioxygen.hdds.tokens.doors import DOORS, SERVICE
from trioxygen.hdds.tokens.gate import TokenGate
from trioxygen.proto.v1 import datanode_pb2 as dn
from trioxygen.proto.v1.scm_pb2 import CLOSED
from trioxygen.proto.v1.types_pb2 import BlockId

BLOCK = BlockId(container=3, local=12)
REQUESTS: dict[str, Any] = {
    "WriteSmallBlock": dn.WriteSmallBlockRequest(block=BLOCK, data=b"x"),
    "PutBlock": dn.PutBlockRequest(block=BLOCK),
    "WriteStream": dn.WriteStreamHeader(block=BLOCK),
    "ReadSmallBlock": dn.ReadSmallBlockRequest(block=BLOCK, length_bytes=1),
    "ReadStream": dn.ReadStreamHeader(block=BLOCK, length_bytes=1),
    "DescribeImport": dn.DescribeImportRequest(container_id=3, transfer_id="t"),
    "ImportContainer": dn.ImportContainerHeader(transfer_id="t", container_id=3, state=CLOSED),
    "ListReplica": dn.ListReplicaRequest(container_id=3, count_max=1),
}
COPIES = {"DescribeImport", "ImportContainer", "ListReplica"}
KEY, OTHER_KEY, NEW_KEY = (TokenKey(number, bytes([number]) * 32, 0.0) for number in range(1, 4))


class Guarded:
    """A DataNode's service whose handlers only note that they were reached.

    Attributes: reached: methods. asked: how often the SCM was asked for keys."""

    def __init__(self) -> None:
        self.ring = KeyRing(ManualClock())
        self.ring.replace([KEY])
        self.reached: list[str] = []
        self.asked = 0
        self.at_scm = [KEY]
        self.scm_is_away = False
        self.gate = TokenGate(self.ring, self._refresh)
        self._network = LocalNetwork(encode=True)

    async def _refresh(self) -> bool:
        if self.scm_is_away:
            raise Unavailable("no SCM")
        self.asked += 1
        self.ring.replace(self.at_scm)
        return True

    async def serve(self) -> None:
        uploads, downloads = {"WriteStream", "ImportContainer"}, {"ReadStream"}
        names = {method.name.partition("/")[2]: method.reply for method in methods_of(SERVICE)}

        def call(name: str) -> Any:
            async def handle(request: Any, call: Call) -> Any:
                self.reached.append(name)
                return names[name]()

            return handle

        def upload(name: str) -> Any:
            async def receive(header: Any, pieces: AsyncIterator[Buffer], call: Call) -> Any:
                self.reached.append(name)
                async for _ in pieces:
                    continue
                return names[name]()

            return receive

        def download(name: str) -> Any:
            async def send(header: Any, call: Call) -> AsyncIterator[Buffer]:
                self.reached.append(name)
                yield b"bytes"

            return send

        service = Service(
            SERVICE,
            {name: call(name) for name in names.keys() - uploads - downloads},
            {name: upload(name) for name in uploads},
            {name: download(name) for name in downloads},
        )
        await self._network.serve("dn1", [self.gate.guarding(service)])

    async def ask(self, name: str, token: bytes, *, role: Role = Role.DATANODE) -> None:
        channel: Channel = self._network.as_role(role, "dn7").channel("dn1")
        request = type(REQUESTS[name])()
        request.CopyFrom(REQUESTS[name])
        request.token = token
        method = f"DataNode/{name}"
        if name in ("WriteStream", "ImportContainer"):
            await (await channel.upload(method, request)).finish(1_000)
        elif name == "ReadStream":
            pieces = channel.download(method, request, timeout_ms=1_000)
            assert [piece async for piece in pieces] == [b"bytes"]
        else:
            reply = next(each.reply for each in methods_of(SERVICE) if each.name == method)
            await channel.call(method, request, reply, timeout_ms=1_000)


def token_for(name: str, **changed: Any) -> bytes:
    operation = Operation.COPY
    if name not in COPIES:
        operation = Operation.READ if name.startswith("Read") else Operation.WRITE
    local, blocks = (0, 0) if name in COPIES else (12, 1)
    token = BlockToken(KEY.key_id, 3, local, blocks, operation, "datanode/dn7")
    return signed(token._replace(**changed), KEY.secret)


def operation_of(name: str) -> Operation:
    door = DOORS[name]
    assert door is not None
    access: Access = door.access(REQUESTS[name])
    return access.operation


def with_gate(guarded: "Guarded", scenario: Callable[["Guarded"], Awaitable[None]]) -> None:
    async def run() -> None:
        await guarded.serve()
        await scenario(guarded)

    asyncio.run(run())
