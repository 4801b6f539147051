from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNSPECIFIED: _ClassVar[Role]
    ROLE_GATEWAY: _ClassVar[Role]
    ROLE_OM: _ClassVar[Role]
    ROLE_SCM: _ClassVar[Role]
    ROLE_DATANODE: _ClassVar[Role]
    ROLE_OPERATOR: _ClassVar[Role]
    ROLE_RECON: _ClassVar[Role]
    ROLE_CLIENT: _ClassVar[Role]
ROLE_UNSPECIFIED: Role
ROLE_GATEWAY: Role
ROLE_OM: Role
ROLE_SCM: Role
ROLE_DATANODE: Role
ROLE_OPERATOR: Role
ROLE_RECON: Role
ROLE_CLIENT: Role
CALLERS_FIELD_NUMBER: _ClassVar[int]
callers: _descriptor.FieldDescriptor
MUTATES_FIELD_NUMBER: _ClassVar[int]
mutates: _descriptor.FieldDescriptor
GROWS_FIELD_NUMBER: _ClassVar[int]
grows: _descriptor.FieldDescriptor
ANY_MEMBER_FIELD_NUMBER: _ClassVar[int]
any_member: _descriptor.FieldDescriptor
BULKY_FIELD_NUMBER: _ClassVar[int]
bulky: _descriptor.FieldDescriptor
OWN_COMMAND_FIELD_NUMBER: _ClassVar[int]
own_command: _descriptor.FieldDescriptor

class OwnCommand(_message.Message):
    __slots__ = ("reply", "grows")
    REPLY_FIELD_NUMBER: _ClassVar[int]
    GROWS_FIELD_NUMBER: _ClassVar[int]
    reply: str
    grows: bool
    def __init__(self, reply: _Optional[str] = ..., grows: _Optional[bool] = ...) -> None: ...
