"""What a session's server says to a client that breaks its rules."""

from typing import Any

import grpc
import grpc.aio
import pytest
import uvloop

from tests.contract.network_harness import opened
from trioxygen.proto.v1.session_pb2 import Batch, CallFrame, Hello

_CONNECTIONS = 30


def test_id_that_is_used_twice_ends_the_session_with_a_status() -> None:
    """The server may be writing its hello just then."""

    async def test() -> None:
        frame = CallFrame(id=1, method="DataNode/DescribeDataNode", deadline_ms=10_000)
        batch = Batch(hello=Hello(protocol_version=1, cluster_id="cluster-1"), calls=[frame, frame])
        async with opened("grpc") as setting:
            for _connection in range(_CONNECTIONS):
                async with grpc.aio.insecure_channel(setting.server.address) as channel:
                    call: Any = channel.stream_stream("/trioxygen.proto.v1.Session/Exchange")()
                    await call.write(batch.SerializeToString())
                    with pytest.raises(grpc.aio.AioRpcError):
                        async for _ in call:
                            pass
                    assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT
                    assert "id is in use" in (await call.details() or "")

    uvloop.run(test())
