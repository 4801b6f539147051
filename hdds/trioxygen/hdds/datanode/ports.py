"""What a DataNode asks of the SCM."""

from typing import Protocol

from trioxygen.proto.v1.scm_pb2 import (
    HeartbeatReply,
    HeartbeatRequest,
    RegisterDataNodeReply,
    RegisterDataNodeRequest,
)


class ScmClient(Protocol):
    """Of one SCM."""

    async def register(self, request: RegisterDataNodeRequest) -> RegisterDataNodeReply: ...

    async def heartbeat(self, request: HeartbeatRequest) -> HeartbeatReply: ...
