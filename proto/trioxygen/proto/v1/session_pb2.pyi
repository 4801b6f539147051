from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Batch(_message.Message):
    __slots__ = ("hello", "calls", "cancelled_ids", "answers")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    CANCELLED_IDS_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    calls: _containers.RepeatedCompositeFieldContainer[CallFrame]
    cancelled_ids: _containers.RepeatedScalarFieldContainer[int]
    answers: _containers.RepeatedCompositeFieldContainer[AnswerFrame]
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., calls: _Optional[_Iterable[_Union[CallFrame, _Mapping]]] = ..., cancelled_ids: _Optional[_Iterable[int]] = ..., answers: _Optional[_Iterable[_Union[AnswerFrame, _Mapping]]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("protocol_version", "cluster_id", "peer", "role")
    PROTOCOL_VERSION_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    protocol_version: int
    cluster_id: str
    peer: str
    role: _options_pb2.Role
    def __init__(self, protocol_version: _Optional[int] = ..., cluster_id: _Optional[str] = ..., peer: _Optional[str] = ..., role: _Optional[_Union[_options_pb2.Role, str]] = ...) -> None: ...

class CallFrame(_message.Message):
    __slots__ = ("id", "deadline_ms", "method", "body", "request_id", "trace")
    ID_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    TRACE_FIELD_NUMBER: _ClassVar[int]
    id: int
    deadline_ms: int
    method: str
    body: bytes
    request_id: str
    trace: str
    def __init__(self, id: _Optional[int] = ..., deadline_ms: _Optional[int] = ..., method: _Optional[str] = ..., body: _Optional[bytes] = ..., request_id: _Optional[str] = ..., trace: _Optional[str] = ...) -> None: ...

class AnswerFrame(_message.Message):
    __slots__ = ("id", "status", "body")
    ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    id: int
    status: _types_pb2.ErrorDetail
    body: bytes
    def __init__(self, id: _Optional[int] = ..., status: _Optional[_Union[_types_pb2.ErrorDetail, _Mapping]] = ..., body: _Optional[bytes] = ...) -> None: ...
