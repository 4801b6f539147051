from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import replication_pb2 as _replication_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RaftMessageKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RAFT_MESSAGE_UNKNOWN: _ClassVar[RaftMessageKind]
    APPEND_ENTRIES: _ClassVar[RaftMessageKind]
    APPEND_REPLY: _ClassVar[RaftMessageKind]
    RAFT_HEARTBEAT: _ClassVar[RaftMessageKind]
    RAFT_HEARTBEAT_REPLY: _ClassVar[RaftMessageKind]
    COMMIT_NOTICE: _ClassVar[RaftMessageKind]
    REQUEST_VOTE: _ClassVar[RaftMessageKind]
    VOTE_REPLY: _ClassVar[RaftMessageKind]
    TIMEOUT_NOW: _ClassVar[RaftMessageKind]
    READ_INDEX_REQUEST: _ClassVar[RaftMessageKind]
    READ_INDEX_REPLY: _ClassVar[RaftMessageKind]
RAFT_MESSAGE_UNKNOWN: RaftMessageKind
APPEND_ENTRIES: RaftMessageKind
APPEND_REPLY: RaftMessageKind
RAFT_HEARTBEAT: RaftMessageKind
RAFT_HEARTBEAT_REPLY: RaftMessageKind
COMMIT_NOTICE: RaftMessageKind
REQUEST_VOTE: RaftMessageKind
VOTE_REPLY: RaftMessageKind
TIMEOUT_NOW: RaftMessageKind
READ_INDEX_REQUEST: RaftMessageKind
READ_INDEX_REPLY: RaftMessageKind

class HardState(_message.Message):
    __slots__ = ("term", "voted_for", "commit", "installing_index", "installing_term")
    TERM_FIELD_NUMBER: _ClassVar[int]
    VOTED_FOR_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    INSTALLING_INDEX_FIELD_NUMBER: _ClassVar[int]
    INSTALLING_TERM_FIELD_NUMBER: _ClassVar[int]
    term: int
    voted_for: int
    commit: int
    installing_index: int
    installing_term: int
    def __init__(self, term: _Optional[int] = ..., voted_for: _Optional[int] = ..., commit: _Optional[int] = ..., installing_index: _Optional[int] = ..., installing_term: _Optional[int] = ...) -> None: ...

class RaftBatch(_message.Message):
    __slots__ = ("sender_address", "groups", "quiet_groups")
    SENDER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    QUIET_GROUPS_FIELD_NUMBER: _ClassVar[int]
    sender_address: str
    groups: _containers.RepeatedCompositeFieldContainer[RaftGroupMessages]
    quiet_groups: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, sender_address: _Optional[str] = ..., groups: _Optional[_Iterable[_Union[RaftGroupMessages, _Mapping]]] = ..., quiet_groups: _Optional[_Iterable[int]] = ...) -> None: ...

class RaftGroupMessages(_message.Message):
    __slots__ = ("group", "group_digest", "messages")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    GROUP_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    group: int
    group_digest: int
    messages: _containers.RepeatedCompositeFieldContainer[RaftMessage]
    def __init__(self, group: _Optional[int] = ..., group_digest: _Optional[int] = ..., messages: _Optional[_Iterable[_Union[RaftMessage, _Mapping]]] = ...) -> None: ...

class RaftMessage(_message.Message):
    __slots__ = ("kind", "sender", "to", "term", "index", "index_term", "commit", "hint_index", "hint_term", "number", "flag", "pre", "transfer", "payloads", "terms", "kinds")
    KIND_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    INDEX_TERM_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    HINT_INDEX_FIELD_NUMBER: _ClassVar[int]
    HINT_TERM_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    PRE_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    kind: RaftMessageKind
    sender: int
    to: int
    term: int
    index: int
    index_term: int
    commit: int
    hint_index: int
    hint_term: int
    number: int
    flag: bool
    pre: bool
    transfer: bool
    payloads: _containers.RepeatedScalarFieldContainer[bytes]
    terms: _containers.RepeatedScalarFieldContainer[int]
    kinds: bytes
    def __init__(self, kind: _Optional[_Union[RaftMessageKind, str]] = ..., sender: _Optional[int] = ..., to: _Optional[int] = ..., term: _Optional[int] = ..., index: _Optional[int] = ..., index_term: _Optional[int] = ..., commit: _Optional[int] = ..., hint_index: _Optional[int] = ..., hint_term: _Optional[int] = ..., number: _Optional[int] = ..., flag: _Optional[bool] = ..., pre: _Optional[bool] = ..., transfer: _Optional[bool] = ..., payloads: _Optional[_Iterable[bytes]] = ..., terms: _Optional[_Iterable[int]] = ..., kinds: _Optional[bytes] = ...) -> None: ...

class DiscoverRequest(_message.Message):
    __slots__ = ("group", "node_id", "incarnation")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    group: int
    node_id: str
    incarnation: int
    def __init__(self, group: _Optional[int] = ..., node_id: _Optional[str] = ..., incarnation: _Optional[int] = ...) -> None: ...

class DiscoverReply(_message.Message):
    __slots__ = ("node_id", "incarnation", "group_digest", "members", "leader_address", "first_members", "configured", "format")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    GROUP_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    LEADER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    FIRST_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    incarnation: int
    group_digest: int
    members: _containers.RepeatedCompositeFieldContainer[_replication_pb2.MemberRow]
    leader_address: str
    first_members: _containers.RepeatedCompositeFieldContainer[_replication_pb2.MemberRow]
    configured: _containers.RepeatedScalarFieldContainer[str]
    format: int
    def __init__(self, node_id: _Optional[str] = ..., incarnation: _Optional[int] = ..., group_digest: _Optional[int] = ..., members: _Optional[_Iterable[_Union[_replication_pb2.MemberRow, _Mapping]]] = ..., leader_address: _Optional[str] = ..., first_members: _Optional[_Iterable[_Union[_replication_pb2.MemberRow, _Mapping]]] = ..., configured: _Optional[_Iterable[str]] = ..., format: _Optional[int] = ...) -> None: ...

class JoinRequest(_message.Message):
    __slots__ = ("group", "group_digest", "node_id", "address", "incarnation", "format")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    GROUP_DIGEST_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    INCARNATION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    group: int
    group_digest: int
    node_id: str
    address: str
    incarnation: int
    format: int
    def __init__(self, group: _Optional[int] = ..., group_digest: _Optional[int] = ..., node_id: _Optional[str] = ..., address: _Optional[str] = ..., incarnation: _Optional[int] = ..., format: _Optional[int] = ...) -> None: ...

class JoinReply(_message.Message):
    __slots__ = ("replica_id", "group_digest", "members")
    REPLICA_ID_FIELD_NUMBER: _ClassVar[int]
    GROUP_DIGEST_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    replica_id: int
    group_digest: int
    members: _containers.RepeatedCompositeFieldContainer[_replication_pb2.MemberRow]
    def __init__(self, replica_id: _Optional[int] = ..., group_digest: _Optional[int] = ..., members: _Optional[_Iterable[_Union[_replication_pb2.MemberRow, _Mapping]]] = ...) -> None: ...

class InstallSnapshotHeader(_message.Message):
    __slots__ = ("group", "group_digest", "sender_address", "sender", "to", "term", "index", "index_term", "configuration", "format")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    GROUP_DIGEST_FIELD_NUMBER: _ClassVar[int]
    SENDER_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    INDEX_TERM_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    group: int
    group_digest: int
    sender_address: str
    sender: int
    to: int
    term: int
    index: int
    index_term: int
    configuration: bytes
    format: str
    def __init__(self, group: _Optional[int] = ..., group_digest: _Optional[int] = ..., sender_address: _Optional[str] = ..., sender: _Optional[int] = ..., to: _Optional[int] = ..., term: _Optional[int] = ..., index: _Optional[int] = ..., index_term: _Optional[int] = ..., configuration: _Optional[bytes] = ..., format: _Optional[str] = ...) -> None: ...

class InstallSnapshotReply(_message.Message):
    __slots__ = ("installed",)
    INSTALLED_FIELD_NUMBER: _ClassVar[int]
    installed: bool
    def __init__(self, installed: _Optional[bool] = ...) -> None: ...
