from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Delta(_message.Message):
    __slots__ = ("operations", "keys", "values")
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    operations: _containers.RepeatedScalarFieldContainer[int]
    keys: _containers.RepeatedScalarFieldContainer[bytes]
    values: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, operations: _Optional[_Iterable[int]] = ..., keys: _Optional[_Iterable[bytes]] = ..., values: _Optional[_Iterable[bytes]] = ...) -> None: ...

class MemberRow(_message.Message):
    __slots__ = ("replica_id", "node_id", "address", "incarnation")
    REPLICA_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    replica_id: int
    node_id: str
    address: str
    incarnation: int
    def __init__(self, replica_id: _Optional[int] = ..., node_id: _Optional[str] = ..., address: _Optional[str] = ..., incarnation: _Optional[int] = ...) -> None: ...

class RetryRow(_message.Message):
    __slots__ = ("answered_ms", "method", "reply", "refusal")
    ANSWERED_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    REFUSAL_FIELD_NUMBER: _ClassVar[int]
    answered_ms: int
    method: int
    reply: bytes
    refusal: _types_pb2.ErrorDetail
    def __init__(self, answered_ms: _Optional[int] = ..., method: _Optional[int] = ..., reply: _Optional[bytes] = ..., refusal: _Optional[_Union[_types_pb2.ErrorDetail, _Mapping]] = ...) -> None: ...

class PutMember(_message.Message):
    __slots__ = ("member",)
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    member: MemberRow
    def __init__(self, member: _Optional[_Union[MemberRow, _Mapping]] = ...) -> None: ...

class DeleteMember(_message.Message):
    __slots__ = ("replica_id",)
    REPLICA_ID_FIELD_NUMBER: _ClassVar[int]
    replica_id: int
    def __init__(self, replica_id: _Optional[int] = ...) -> None: ...

class MemberReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ExpireRetries(_message.Message):
    __slots__ = ("answered_before_ms", "rows_max")
    ANSWERED_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    answered_before_ms: int
    rows_max: int
    def __init__(self, answered_before_ms: _Optional[int] = ..., rows_max: _Optional[int] = ...) -> None: ...

class WorkReply(_message.Message):
    __slots__ = ("more",)
    MORE_FIELD_NUMBER: _ClassVar[int]
    more: bool
    def __init__(self, more: _Optional[bool] = ...) -> None: ...
