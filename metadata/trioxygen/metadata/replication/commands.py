"""A group's commands, as .proto files state them: what each is answered with, and whether it only
takes space."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from trioxygen.common.rpc.options import methods_of
from trioxygen.proto.v1 import options_pb2


@dataclass(frozen=True, slots=True)
class CommandKind:
    """Attributes:
    number: stands for the command in the row of a kept answer.
    """

    reply: type[Message]
    grows: bool
    number: int


class Commands:
    """Those that run in this group: the methods that mutate and the service's own commands, where
    a handler runs them.

    Args:
        protos: the files that state them.
        handlers: by command type. A command that no file states has no kind: no answers of it can
            be kept.
    """

    def __init__(
        self, protos: Iterable[FileDescriptor], handlers: Mapping[type[Message], Any]
    ) -> None:
        stated = {command: kind for proto in protos for command, kind in _stated(proto)}
        self._kinds = {command: stated[command] for command in handlers if command in stated}

    def kind(self, command: type[Message]) -> CommandKind:
        return self._kinds[command]

    def grows(self, command: type[Message]) -> bool:
        kind = self._kinds.get(command)
        return kind is not None and kind.grows


def _stated(proto: FileDescriptor) -> Iterator[tuple[type[Message], CommandKind]]:
    for service in proto.services_by_name.values():
        for method in methods_of(service):
            if method.mutates:
                yield method.request, _kind(method.request, method.reply, method.grows)
    for descriptor in proto.message_types_by_name.values():
        options: Any = descriptor.GetOptions()
        if options.HasExtension(options_pb2.own_command):
            own = options.Extensions[options_pb2.own_command]
            reply = proto.pool.FindMessageTypeByName(f"{proto.package}.{own.reply}")
            command = GetMessageClass(descriptor)
            yield command, _kind(command, GetMessageClass(reply), own.grows)


def _kind(command: type[Message], reply: type[Message], grows: bool) -> CommandKind:
    return CommandKind(reply, grows, crc32(command.DESCRIPTOR.full_name.encode()) or 1)
