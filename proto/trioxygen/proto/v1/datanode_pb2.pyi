from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import scm_pb2 as _scm_pb2
from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RingPhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RING_MEMBER: _ClassVar[RingPhase]
    RING_LEAVING: _ClassVar[RingPhase]
    RING_LEFT: _ClassVar[RingPhase]
RING_MEMBER: RingPhase
RING_LEAVING: RingPhase
RING_LEFT: RingPhase

class BlockGroup(_message.Message):
    __slots__ = ("tag", "size_bytes", "data_cells")
    TAG_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    DATA_CELLS_FIELD_NUMBER: _ClassVar[int]
    tag: int
    size_bytes: int
    data_cells: int
    def __init__(self, tag: _Optional[int] = ..., size_bytes: _Optional[int] = ..., data_cells: _Optional[int] = ...) -> None: ...

class WriteSmallBlockRequest(_message.Message):
    __slots__ = ("block", "data", "pipeline_id", "replica_index", "group", "token")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    data: bytes
    pipeline_id: int
    replica_index: int
    group: BlockGroup
    token: bytes
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., data: _Optional[bytes] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., group: _Optional[_Union[BlockGroup, _Mapping]] = ..., token: _Optional[bytes] = ...) -> None: ...

class WriteSmallBlockReply(_message.Message):
    __slots__ = ("commit_sequence",)
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    commit_sequence: int
    def __init__(self, commit_sequence: _Optional[int] = ...) -> None: ...

class WriteStreamHeader(_message.Message):
    __slots__ = ("block", "size_bytes_max", "pipeline_id", "replica_index", "token")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    size_bytes_max: int
    pipeline_id: int
    replica_index: int
    token: bytes
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., size_bytes_max: _Optional[int] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., token: _Optional[bytes] = ...) -> None: ...

class WriteStreamReply(_message.Message):
    __slots__ = ("size_bytes", "checksums")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    checksums: bytes
    def __init__(self, size_bytes: _Optional[int] = ..., checksums: _Optional[bytes] = ...) -> None: ...

class PutBlockRequest(_message.Message):
    __slots__ = ("block", "size_bytes", "checksums", "pipeline_id", "replica_index", "holders", "group", "token")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    HOLDERS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    size_bytes: int
    checksums: bytes
    pipeline_id: int
    replica_index: int
    holders: _containers.RepeatedScalarFieldContainer[str]
    group: BlockGroup
    token: bytes
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., size_bytes: _Optional[int] = ..., checksums: _Optional[bytes] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., holders: _Optional[_Iterable[str]] = ..., group: _Optional[_Union[BlockGroup, _Mapping]] = ..., token: _Optional[bytes] = ...) -> None: ...

class PutBlockReply(_message.Message):
    __slots__ = ("commit_sequence",)
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    commit_sequence: int
    def __init__(self, commit_sequence: _Optional[int] = ...) -> None: ...

class ReadSmallBlockRequest(_message.Message):
    __slots__ = ("block", "offset_bytes", "length_bytes", "tag", "replica_index", "token")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    offset_bytes: int
    length_bytes: int
    tag: int
    replica_index: int
    token: bytes
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., offset_bytes: _Optional[int] = ..., length_bytes: _Optional[int] = ..., tag: _Optional[int] = ..., replica_index: _Optional[int] = ..., token: _Optional[bytes] = ...) -> None: ...

class ReadSmallBlockReply(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class ReadStreamHeader(_message.Message):
    __slots__ = ("block", "offset_bytes", "length_bytes", "tag", "replica_index", "piece_bytes_max", "token")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    PIECE_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    offset_bytes: int
    length_bytes: int
    tag: int
    replica_index: int
    piece_bytes_max: int
    token: bytes
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., offset_bytes: _Optional[int] = ..., length_bytes: _Optional[int] = ..., tag: _Optional[int] = ..., replica_index: _Optional[int] = ..., piece_bytes_max: _Optional[int] = ..., token: _Optional[bytes] = ...) -> None: ...

class ReadStreamReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeDataNodeRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: bytes
    def __init__(self, after: _Optional[bytes] = ...) -> None: ...

class DescribeDataNodeReply(_message.Message):
    __slots__ = ("node_id", "volumes", "containers", "pending_blocks", "corrupt_blocks", "next")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    VOLUMES_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    PENDING_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    CORRUPT_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    volumes: _containers.RepeatedCompositeFieldContainer[_scm_pb2.VolumeReport]
    containers: _containers.RepeatedCompositeFieldContainer[_scm_pb2.ContainerReport]
    pending_blocks: int
    corrupt_blocks: _containers.RepeatedCompositeFieldContainer[_scm_pb2.CorruptBlock]
    next: bytes
    def __init__(self, node_id: _Optional[str] = ..., volumes: _Optional[_Iterable[_Union[_scm_pb2.VolumeReport, _Mapping]]] = ..., containers: _Optional[_Iterable[_Union[_scm_pb2.ContainerReport, _Mapping]]] = ..., pending_blocks: _Optional[int] = ..., corrupt_blocks: _Optional[_Iterable[_Union[_scm_pb2.CorruptBlock, _Mapping]]] = ..., next: _Optional[bytes] = ...) -> None: ...

class ListBlocksRequest(_message.Message):
    __slots__ = ("after", "count_max")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    after: bytes
    count_max: int
    def __init__(self, after: _Optional[bytes] = ..., count_max: _Optional[int] = ...) -> None: ...

class StoredBlock(_message.Message):
    __slots__ = ("block", "size_bytes", "checksums", "group")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    size_bytes: int
    checksums: bytes
    group: BlockGroup
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., size_bytes: _Optional[int] = ..., checksums: _Optional[bytes] = ..., group: _Optional[_Union[BlockGroup, _Mapping]] = ...) -> None: ...

class ListBlocksReply(_message.Message):
    __slots__ = ("blocks", "next")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[StoredBlock]
    next: bytes
    def __init__(self, blocks: _Optional[_Iterable[_Union[StoredBlock, _Mapping]]] = ..., next: _Optional[bytes] = ...) -> None: ...

class ListReplicaRequest(_message.Message):
    __slots__ = ("container_id", "replica_index", "next_local", "count_max", "token")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    NEXT_LOCAL_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    replica_index: int
    next_local: int
    count_max: int
    token: bytes
    def __init__(self, container_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., next_local: _Optional[int] = ..., count_max: _Optional[int] = ..., token: _Optional[bytes] = ...) -> None: ...

class ListReplicaReply(_message.Message):
    __slots__ = ("blocks", "next_local", "state", "used_bytes", "highest_local", "commit_sequence")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_LOCAL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[StoredBlock]
    next_local: int
    state: _scm_pb2.ContainerState
    used_bytes: int
    highest_local: int
    commit_sequence: int
    def __init__(self, blocks: _Optional[_Iterable[_Union[StoredBlock, _Mapping]]] = ..., next_local: _Optional[int] = ..., state: _Optional[_Union[_scm_pb2.ContainerState, str]] = ..., used_bytes: _Optional[int] = ..., highest_local: _Optional[int] = ..., commit_sequence: _Optional[int] = ...) -> None: ...

class DescribeImportRequest(_message.Message):
    __slots__ = ("container_id", "transfer_id", "token")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    transfer_id: str
    token: bytes
    def __init__(self, container_id: _Optional[int] = ..., transfer_id: _Optional[str] = ..., token: _Optional[bytes] = ...) -> None: ...

class DescribeImportReply(_message.Message):
    __slots__ = ("state", "next_local")
    STATE_FIELD_NUMBER: _ClassVar[int]
    NEXT_LOCAL_FIELD_NUMBER: _ClassVar[int]
    state: _scm_pb2.ContainerState
    next_local: int
    def __init__(self, state: _Optional[_Union[_scm_pb2.ContainerState, str]] = ..., next_local: _Optional[int] = ...) -> None: ...

class ImportContainerHeader(_message.Message):
    __slots__ = ("transfer_id", "container_id", "state", "pipeline_id", "replica_index", "commit_sequence", "origin_node_id", "highest_local", "used_bytes", "next_local", "completes", "token")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    NEXT_LOCAL_FIELD_NUMBER: _ClassVar[int]
    COMPLETES_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    container_id: int
    state: _scm_pb2.ContainerState
    pipeline_id: int
    replica_index: int
    commit_sequence: int
    origin_node_id: str
    highest_local: int
    used_bytes: int
    next_local: int
    completes: bool
    token: bytes
    def __init__(self, transfer_id: _Optional[str] = ..., container_id: _Optional[int] = ..., state: _Optional[_Union[_scm_pb2.ContainerState, str]] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., origin_node_id: _Optional[str] = ..., highest_local: _Optional[int] = ..., used_bytes: _Optional[int] = ..., next_local: _Optional[int] = ..., completes: _Optional[bool] = ..., token: _Optional[bytes] = ...) -> None: ...

class ImportFrame(_message.Message):
    __slots__ = ("block", "end", "checksums")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    block: ImportedBlock
    end: ImportEnd
    checksums: bytes
    def __init__(self, block: _Optional[_Union[ImportedBlock, _Mapping]] = ..., end: _Optional[_Union[ImportEnd, _Mapping]] = ..., checksums: _Optional[bytes] = ...) -> None: ...

class ImportedBlock(_message.Message):
    __slots__ = ("local", "size_bytes", "commit_sequence", "checksums", "group")
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    local: int
    size_bytes: int
    commit_sequence: int
    checksums: bytes
    group: BlockGroup
    def __init__(self, local: _Optional[int] = ..., size_bytes: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., checksums: _Optional[bytes] = ..., group: _Optional[_Union[BlockGroup, _Mapping]] = ...) -> None: ...

class ImportEnd(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockRange]
    def __init__(self, deleted: _Optional[_Iterable[_Union[_types_pb2.BlockRange, _Mapping]]] = ...) -> None: ...

class ImportContainerReply(_message.Message):
    __slots__ = ("block_count", "used_bytes")
    BLOCK_COUNT_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    block_count: int
    used_bytes: int
    def __init__(self, block_count: _Optional[int] = ..., used_bytes: _Optional[int] = ...) -> None: ...

class BlockRow(_message.Message):
    __slots__ = ("size_bytes", "commit_sequence", "checksums", "packed", "own_file", "group")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    PACKED_FIELD_NUMBER: _ClassVar[int]
    OWN_FILE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    commit_sequence: int
    checksums: bytes
    packed: PackedPlace
    own_file: bool
    group: BlockGroup
    def __init__(self, size_bytes: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., checksums: _Optional[bytes] = ..., packed: _Optional[_Union[PackedPlace, _Mapping]] = ..., own_file: _Optional[bool] = ..., group: _Optional[_Union[BlockGroup, _Mapping]] = ...) -> None: ...

class PackedPlace(_message.Message):
    __slots__ = ("segment", "offset_bytes")
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    segment: int
    offset_bytes: int
    def __init__(self, segment: _Optional[int] = ..., offset_bytes: _Optional[int] = ...) -> None: ...

class MissingBlockRow(_message.Message):
    __slots__ = ("size_bytes", "commit_sequence", "checksums", "container_sequence", "group")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    commit_sequence: int
    checksums: bytes
    container_sequence: int
    group: BlockGroup
    def __init__(self, size_bytes: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., checksums: _Optional[bytes] = ..., container_sequence: _Optional[int] = ..., group: _Optional[_Union[BlockGroup, _Mapping]] = ...) -> None: ...

class DataNodeContainerRow(_message.Message):
    __slots__ = ("container_id", "state", "used_bytes", "block_count", "current_segment", "recovery_segment", "recovery_offset_bytes", "highest_local", "logged_state", "pipeline_id", "replica_index", "commit_sequence", "origin_node_id", "coded")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    BLOCK_COUNT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_SEGMENT_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_SEGMENT_FIELD_NUMBER: _ClassVar[int]
    RECOVERY_OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    LOGGED_STATE_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    CODED_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    state: _scm_pb2.ContainerState
    used_bytes: int
    block_count: int
    current_segment: int
    recovery_segment: int
    recovery_offset_bytes: int
    highest_local: int
    logged_state: _scm_pb2.ContainerState
    pipeline_id: int
    replica_index: int
    commit_sequence: int
    origin_node_id: str
    coded: _containers.RepeatedCompositeFieldContainer[_types_pb2.CodedBlocks]
    def __init__(self, container_id: _Optional[int] = ..., state: _Optional[_Union[_scm_pb2.ContainerState, str]] = ..., used_bytes: _Optional[int] = ..., block_count: _Optional[int] = ..., current_segment: _Optional[int] = ..., recovery_segment: _Optional[int] = ..., recovery_offset_bytes: _Optional[int] = ..., highest_local: _Optional[int] = ..., logged_state: _Optional[_Union[_scm_pb2.ContainerState, str]] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., origin_node_id: _Optional[str] = ..., coded: _Optional[_Iterable[_Union[_types_pb2.CodedBlocks, _Mapping]]] = ...) -> None: ...

class RingRow(_message.Message):
    __slots__ = ("pipeline_id", "applied_index", "applied_term", "configuration", "members", "replica", "phase")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INDEX_FIELD_NUMBER: _ClassVar[int]
    APPLIED_TERM_FIELD_NUMBER: _ClassVar[int]
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    REPLICA_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    applied_index: int
    applied_term: int
    configuration: bytes
    members: _containers.RepeatedCompositeFieldContainer[_types_pb2.DataNodeAddress]
    replica: int
    phase: RingPhase
    def __init__(self, pipeline_id: _Optional[int] = ..., applied_index: _Optional[int] = ..., applied_term: _Optional[int] = ..., configuration: _Optional[bytes] = ..., members: _Optional[_Iterable[_Union[_types_pb2.DataNodeAddress, _Mapping]]] = ..., replica: _Optional[int] = ..., phase: _Optional[_Union[RingPhase, str]] = ...) -> None: ...

class SegmentRow(_message.Message):
    __slots__ = ("size_bytes", "live_bytes", "punched_bytes")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIVE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PUNCHED_BYTES_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    live_bytes: int
    punched_bytes: int
    def __init__(self, size_bytes: _Optional[int] = ..., live_bytes: _Optional[int] = ..., punched_bytes: _Optional[int] = ...) -> None: ...

class RefusedEntries(_message.Message):
    __slots__ = ("reason", "payloads")
    REASON_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    reason: str
    payloads: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, reason: _Optional[str] = ..., payloads: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CreateContainerCommand(_message.Message):
    __slots__ = ("container_id", "replica_index")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    replica_index: int
    def __init__(self, container_id: _Optional[int] = ..., replica_index: _Optional[int] = ...) -> None: ...

class BeginCloseCommand(_message.Message):
    __slots__ = ("container_id",)
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    def __init__(self, container_id: _Optional[int] = ...) -> None: ...

class ImportContainerCommand(_message.Message):
    __slots__ = ("container_id", "pipeline_id", "replica_index", "commit_sequence", "origin_node_id", "highest_local")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    pipeline_id: int
    replica_index: int
    commit_sequence: int
    origin_node_id: str
    highest_local: int
    def __init__(self, container_id: _Optional[int] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., origin_node_id: _Optional[str] = ..., highest_local: _Optional[int] = ...) -> None: ...

class MoveReplicaCommand(_message.Message):
    __slots__ = ("container_id", "state")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    state: _scm_pb2.ContainerState
    def __init__(self, container_id: _Optional[int] = ..., state: _Optional[_Union[_scm_pb2.ContainerState, str]] = ...) -> None: ...

class RingEntry(_message.Message):
    __slots__ = ("import_container", "move_replica", "create_container", "begin_close", "write_small_block", "put_block", "close_container", "delete_blocks")
    IMPORT_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    MOVE_REPLICA_FIELD_NUMBER: _ClassVar[int]
    CREATE_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    BEGIN_CLOSE_FIELD_NUMBER: _ClassVar[int]
    WRITE_SMALL_BLOCK_FIELD_NUMBER: _ClassVar[int]
    PUT_BLOCK_FIELD_NUMBER: _ClassVar[int]
    CLOSE_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    DELETE_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    import_container: ImportContainerCommand
    move_replica: MoveReplicaCommand
    create_container: CreateContainerCommand
    begin_close: BeginCloseCommand
    write_small_block: WriteSmallBlockRequest
    put_block: PutBlockRequest
    close_container: _scm_pb2.CloseContainerCommand
    delete_blocks: _scm_pb2.DeleteBlocksCommand
    def __init__(self, import_container: _Optional[_Union[ImportContainerCommand, _Mapping]] = ..., move_replica: _Optional[_Union[MoveReplicaCommand, _Mapping]] = ..., create_container: _Optional[_Union[CreateContainerCommand, _Mapping]] = ..., begin_close: _Optional[_Union[BeginCloseCommand, _Mapping]] = ..., write_small_block: _Optional[_Union[WriteSmallBlockRequest, _Mapping]] = ..., put_block: _Optional[_Union[PutBlockRequest, _Mapping]] = ..., close_container: _Optional[_Union[_scm_pb2.CloseContainerCommand, _Mapping]] = ..., delete_blocks: _Optional[_Union[_scm_pb2.DeleteBlocksCommand, _Mapping]] = ...) -> None: ...
