"""What each method of a DataNode needs a block token for: the one table, which who asks and who
checks go by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.block_token import Access, Operation
from trioxygen.proto.v1 import datanode_pb2

SERVICE: Final = datanode_pb2.DESCRIPTOR.services_by_name["DataNode"]


@dataclass(frozen=True, slots=True)
class Door:
    """Attributes: access: that a request (or a stream's header) asks for."""

    access: Callable[[Any], Access]


def _block(operation: Operation) -> Door:
    return Door(lambda request: Access.to(operation, request.block))


def _container(operation: Operation) -> Door:
    return Door(lambda request: Access(operation, request.container_id, None))


# None: it neither takes nor gives bytes of blocks. Whoever may call it at all needs no token.
DOORS: Final[Mapping[str, Door | None]] = {
    "WriteSmallBlock": _block(Operation.WRITE),
    "PutBlock": _block(Operation.WRITE),
    "WriteStream": _block(Operation.WRITE),
    "ReadSmallBlock": _block(Operation.READ),
    "ReadStream": _block(Operation.READ),
    "DescribeImport": _container(Operation.COPY),
    "ImportContainer": _container(Operation.COPY),
    "ListReplica": _container(Operation.COPY),
    "DescribeDataNode": None,
    "ListBlocks": None,
}


def access_to(method: str, request: Message) -> Access | None:
    """None: no token is needed. Args: method: `Service/Method`."""
    service, _, name = method.partition("/")
    door = DOORS[name] if service == SERVICE.name else None
    return None if door is None else door.access(request)
