from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NamespaceRow(_message.Message):
    __slots__ = ("namespace_id", "name", "owner", "replication", "created_ms", "blocks_max", "bytes_max", "blocks", "bytes")
    NAMESPACE_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_MAX_FIELD_NUMBER: _ClassVar[int]
    BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    namespace_id: int
    name: str
    owner: str
    replication: _types_pb2.Replication
    created_ms: int
    blocks_max: int
    bytes_max: int
    blocks: int
    bytes: int
    def __init__(self, namespace_id: _Optional[int] = ..., name: _Optional[str] = ..., owner: _Optional[str] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., created_ms: _Optional[int] = ..., blocks_max: _Optional[int] = ..., bytes_max: _Optional[int] = ..., blocks: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class NamespaceLeaseRow(_message.Message):
    __slots__ = ("container", "first_local", "count", "expires_ms", "client_id", "collected")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    FIRST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    COLLECTED_FIELD_NUMBER: _ClassVar[int]
    container: int
    first_local: int
    count: int
    expires_ms: int
    client_id: int
    collected: bytes
    def __init__(self, container: _Optional[int] = ..., first_local: _Optional[int] = ..., count: _Optional[int] = ..., expires_ms: _Optional[int] = ..., client_id: _Optional[int] = ..., collected: _Optional[bytes] = ...) -> None: ...

class NamespaceBlockRow(_message.Message):
    __slots__ = ("length_bytes", "tag", "erasure_coded", "label", "committed_ms", "place")
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ERASURE_CODED_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_MS_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    length_bytes: int
    tag: int
    erasure_coded: bool
    label: bytes
    committed_ms: int
    place: int
    def __init__(self, length_bytes: _Optional[int] = ..., tag: _Optional[int] = ..., erasure_coded: _Optional[bool] = ..., label: _Optional[bytes] = ..., committed_ms: _Optional[int] = ..., place: _Optional[int] = ...) -> None: ...

class NamespaceGarbageRow(_message.Message):
    __slots__ = ("namespace_id", "blocks", "not_before_ms", "since_ms")
    NAMESPACE_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    namespace_id: int
    blocks: _types_pb2.BlockRange
    not_before_ms: int
    since_ms: int
    def __init__(self, namespace_id: _Optional[int] = ..., blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., not_before_ms: _Optional[int] = ..., since_ms: _Optional[int] = ...) -> None: ...

class DeletedNamespaceRow(_message.Message):
    __slots__ = ("name", "bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    bytes: int
    def __init__(self, name: _Optional[str] = ..., bytes: _Optional[int] = ...) -> None: ...

class GrantNamespaceLease(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "namespace", "namespace_id", "blocks", "pipeline", "other_pipelines")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    OTHER_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    namespace: str
    namespace_id: int
    blocks: _types_pb2.BlockRange
    pipeline: _types_pb2.Pipeline
    other_pipelines: int
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., namespace: _Optional[str] = ..., namespace_id: _Optional[int] = ..., blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., other_pipelines: _Optional[int] = ...) -> None: ...

class ExpireNamespaceLeases(_message.Message):
    __slots__ = ("row_keys",)
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PurgeNamespace(_message.Message):
    __slots__ = ("namespace_id", "rows_max")
    NAMESPACE_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    namespace_id: int
    rows_max: int
    def __init__(self, namespace_id: _Optional[int] = ..., rows_max: _Optional[int] = ...) -> None: ...

class CreateNamespaceRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "name", "replication", "blocks_max", "bytes_max", "owner")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_MAX_FIELD_NUMBER: _ClassVar[int]
    BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    name: str
    replication: _types_pb2.Replication
    blocks_max: int
    bytes_max: int
    owner: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., name: _Optional[str] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., blocks_max: _Optional[int] = ..., bytes_max: _Optional[int] = ..., owner: _Optional[str] = ...) -> None: ...

class CreateNamespaceReply(_message.Message):
    __slots__ = ("namespace",)
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    namespace: NamespaceRow
    def __init__(self, namespace: _Optional[_Union[NamespaceRow, _Mapping]] = ...) -> None: ...

class DeleteNamespaceRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "name", "force")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    name: str
    force: bool
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., name: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class DeleteNamespaceReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeNamespaceRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class DescribeNamespaceReply(_message.Message):
    __slots__ = ("namespace", "leased_blocks", "leases", "block_bytes_max")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    LEASED_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    LEASES_FIELD_NUMBER: _ClassVar[int]
    BLOCK_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    namespace: NamespaceRow
    leased_blocks: int
    leases: int
    block_bytes_max: int
    def __init__(self, namespace: _Optional[_Union[NamespaceRow, _Mapping]] = ..., leased_blocks: _Optional[int] = ..., leases: _Optional[int] = ..., block_bytes_max: _Optional[int] = ...) -> None: ...

class ListNamespacesRequest(_message.Message):
    __slots__ = ("after", "count_max")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    after: str
    count_max: int
    def __init__(self, after: _Optional[str] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListNamespacesReply(_message.Message):
    __slots__ = ("namespaces", "next")
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    namespaces: _containers.RepeatedCompositeFieldContainer[NamespaceRow]
    next: str
    def __init__(self, namespaces: _Optional[_Iterable[_Union[NamespaceRow, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class LeaseNamespaceBlocksRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "namespace", "count", "block_bytes_max", "replication", "excluded_node_ids")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    namespace: str
    count: int
    block_bytes_max: int
    replication: _types_pb2.Replication
    excluded_node_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., namespace: _Optional[str] = ..., count: _Optional[int] = ..., block_bytes_max: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., excluded_node_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LeaseNamespaceBlocksReply(_message.Message):
    __slots__ = ("lease_id", "blocks", "pipeline", "duration_ms", "other_pipelines")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    OTHER_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    lease_id: int
    blocks: _types_pb2.BlockRange
    pipeline: _types_pb2.Pipeline
    duration_ms: int
    other_pipelines: int
    def __init__(self, lease_id: _Optional[int] = ..., blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., duration_ms: _Optional[int] = ..., other_pipelines: _Optional[int] = ...) -> None: ...

class RenewNamespaceLeasesRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "namespace", "lease_ids")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    namespace: str
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., namespace: _Optional[str] = ..., lease_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RenewNamespaceLeasesReply(_message.Message):
    __slots__ = ("lost",)
    LOST_FIELD_NUMBER: _ClassVar[int]
    lost: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lost: _Optional[_Iterable[int]] = ...) -> None: ...

class ReleaseNamespaceLeasesRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "namespace", "lease_ids", "blocks")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    namespace: str
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., namespace: _Optional[str] = ..., lease_ids: _Optional[_Iterable[int]] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

class ReleaseNamespaceLeasesReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NamespaceBlock(_message.Message):
    __slots__ = ("id", "block")
    ID_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    id: _types_pb2.BlockId
    block: NamespaceBlockRow
    def __init__(self, id: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., block: _Optional[_Union[NamespaceBlockRow, _Mapping]] = ...) -> None: ...

class BlockToCommit(_message.Message):
    __slots__ = ("id", "lease_id", "length_bytes", "tag", "erasure_coded", "label")
    ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    ERASURE_CODED_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    id: _types_pb2.BlockId
    lease_id: int
    length_bytes: int
    tag: int
    erasure_coded: bool
    label: bytes
    def __init__(self, id: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., lease_id: _Optional[int] = ..., length_bytes: _Optional[int] = ..., tag: _Optional[int] = ..., erasure_coded: _Optional[bool] = ..., label: _Optional[bytes] = ...) -> None: ...

class CommitNamespaceBlocksRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "namespace", "blocks")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    namespace: str
    blocks: _containers.RepeatedCompositeFieldContainer[BlockToCommit]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., namespace: _Optional[str] = ..., blocks: _Optional[_Iterable[_Union[BlockToCommit, _Mapping]]] = ...) -> None: ...

class CommitNamespaceBlocksReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DeleteNamespaceBlocksRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "caller", "namespace", "blocks")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    CALLER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    caller: str
    namespace: str
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., caller: _Optional[str] = ..., namespace: _Optional[str] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

class DeleteNamespaceBlocksReply(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: int
    def __init__(self, deleted: _Optional[int] = ...) -> None: ...

class ListNamespaceBlocksRequest(_message.Message):
    __slots__ = ("namespace", "after", "count_max")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    after: _types_pb2.BlockId
    count_max: int
    def __init__(self, namespace: _Optional[str] = ..., after: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListNamespaceBlocksReply(_message.Message):
    __slots__ = ("blocks", "more")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[NamespaceBlock]
    more: bool
    def __init__(self, blocks: _Optional[_Iterable[_Union[NamespaceBlock, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class GrantBlockTokensRequest(_message.Message):
    __slots__ = ("client_id", "blocks", "writes")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    writes: bool
    def __init__(self, client_id: _Optional[int] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ..., writes: _Optional[bool] = ...) -> None: ...

class GrantBlockTokensReply(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, tokens: _Optional[_Iterable[bytes]] = ...) -> None: ...
