"""What the .proto files state of methods (`options.proto`), and by which message each is called."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from trioxygen.common.rpc.call import Role, role_of
from trioxygen.proto.v1 import options_pb2


@dataclass(frozen=True, slots=True)
class Method:
    """Attributes:
    name: Service/Method, as calls say it.
    callers: who may call it.
    mutates: it changes what is stored.
    grows: it only takes space.
    any_member: every member of the group answers it, linearizably.
    bulky: its requests may take milliseconds to be read.
    is_numbered: its answer is kept under the client's id and the request's, so that a retry gets
        the same.
    """

    name: str
    request: type[Message]
    reply: type[Message]
    callers: frozenset[Role]
    mutates: bool
    grows: bool
    any_member: bool
    bulky: bool
    is_numbered: bool


def methods_of(service: ServiceDescriptor) -> Iterator[Method]:
    for method in service.methods:
        stated: Any = method.GetOptions().Extensions
        yield Method(
            name=f"{service.name}/{method.name}",
            request=GetMessageClass(method.input_type),
            reply=GetMessageClass(method.output_type),
            callers=callers_of(method),
            mutates=stated[options_pb2.mutates],
            grows=stated[options_pb2.grows],
            any_member=stated[options_pb2.any_member],
            bulky=stated[options_pb2.bulky],
            is_numbered="request_id" in method.input_type.fields_by_name,
        )


def callers_of(method: MethodDescriptor) -> frozenset[Role]:
    """Roles that this version does not know call nothing."""
    stated: Any = method.GetOptions().Extensions
    return frozenset([role_of(role) for role in stated[options_pb2.callers]]) - {Role.UNKNOWN}
