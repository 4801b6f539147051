"""What a DataNode asks of the SCM."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from trioxygen.proto.v1.scm_pb2 import (
    ContainerLocation,
    HeartbeatReply,
    HeartbeatRequest,
    RegisterDataNodeReply,
    RegisterDataNodeRequest,
)

# Where some containers' replicas are; unknown ones are left out.
Locate = Callable[[list[int]], Awaitable[list[ContainerLocation]]]


class ScmClient(Protocol):
    """Of one SCM."""

    async def register(self, request: RegisterDataNodeRequest) -> RegisterDataNodeReply: ...

    async def heartbeat(self, request: HeartbeatRequest) -> HeartbeatReply: ...
