from trioxygen.proto.v1 import namespaces_pb2 as _namespaces_pb2
from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ContainerState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CONTAINER_STATE_UNSPECIFIED: _ClassVar[ContainerState]
    OPEN: _ClassVar[ContainerState]
    CLOSING: _ClassVar[ContainerState]
    CLOSED: _ClassVar[ContainerState]
    QUASI_CLOSED: _ClassVar[ContainerState]
    DELETING: _ClassVar[ContainerState]
    DELETED: _ClassVar[ContainerState]
    UNHEALTHY: _ClassVar[ContainerState]
    RECOVERING: _ClassVar[ContainerState]

class NodeHealth(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NODE_HEALTH_UNSPECIFIED: _ClassVar[NodeHealth]
    HEALTHY: _ClassVar[NodeHealth]
    STALE: _ClassVar[NodeHealth]
    DEAD: _ClassVar[NodeHealth]

class NodeOperation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IN_SERVICE: _ClassVar[NodeOperation]
    DECOMMISSIONING: _ClassVar[NodeOperation]
    DECOMMISSIONED: _ClassVar[NodeOperation]
    IN_MAINTENANCE: _ClassVar[NodeOperation]
    ENTERING_MAINTENANCE: _ClassVar[NodeOperation]

class PipelineState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PIPELINE_STATE_UNSPECIFIED: _ClassVar[PipelineState]
    PIPELINE_ALLOCATED: _ClassVar[PipelineState]
    PIPELINE_OPEN: _ClassVar[PipelineState]
    PIPELINE_CLOSING: _ClassVar[PipelineState]
    PIPELINE_CLOSED: _ClassVar[PipelineState]
CONTAINER_STATE_UNSPECIFIED: ContainerState
OPEN: ContainerState
CLOSING: ContainerState
CLOSED: ContainerState
QUASI_CLOSED: ContainerState
DELETING: ContainerState
DELETED: ContainerState
UNHEALTHY: ContainerState
RECOVERING: ContainerState
NODE_HEALTH_UNSPECIFIED: NodeHealth
HEALTHY: NodeHealth
STALE: NodeHealth
DEAD: NodeHealth
IN_SERVICE: NodeOperation
DECOMMISSIONING: NodeOperation
DECOMMISSIONED: NodeOperation
IN_MAINTENANCE: NodeOperation
ENTERING_MAINTENANCE: NodeOperation
PIPELINE_STATE_UNSPECIFIED: PipelineState
PIPELINE_ALLOCATED: PipelineState
PIPELINE_OPEN: PipelineState
PIPELINE_CLOSING: PipelineState
PIPELINE_CLOSED: PipelineState

class NodeRow(_message.Message):
    __slots__ = ("node_id", "address", "operation", "registered_ms", "rack", "maintenance_until_ms", "operation_since_ms")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_MS_FIELD_NUMBER: _ClassVar[int]
    RACK_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    OPERATION_SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    address: str
    operation: NodeOperation
    registered_ms: int
    rack: str
    maintenance_until_ms: int
    operation_since_ms: int
    def __init__(self, node_id: _Optional[str] = ..., address: _Optional[str] = ..., operation: _Optional[_Union[NodeOperation, str]] = ..., registered_ms: _Optional[int] = ..., rack: _Optional[str] = ..., maintenance_until_ms: _Optional[int] = ..., operation_since_ms: _Optional[int] = ...) -> None: ...

class PipelineRow(_message.Message):
    __slots__ = ("former_id", "node_ids", "open", "pipeline_id", "replica_indexes", "volume_ids", "state", "replication", "created_ms", "open_container_ids", "containers_opened")
    FORMER_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEXES_FIELD_NUMBER: _ClassVar[int]
    VOLUME_IDS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    OPEN_CONTAINER_IDS_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_OPENED_FIELD_NUMBER: _ClassVar[int]
    former_id: str
    node_ids: _containers.RepeatedScalarFieldContainer[str]
    open: bool
    pipeline_id: int
    replica_indexes: _containers.RepeatedScalarFieldContainer[int]
    volume_ids: _containers.RepeatedScalarFieldContainer[str]
    state: PipelineState
    replication: _types_pb2.Replication
    created_ms: int
    open_container_ids: _containers.RepeatedScalarFieldContainer[int]
    containers_opened: int
    def __init__(self, former_id: _Optional[str] = ..., node_ids: _Optional[_Iterable[str]] = ..., open: _Optional[bool] = ..., pipeline_id: _Optional[int] = ..., replica_indexes: _Optional[_Iterable[int]] = ..., volume_ids: _Optional[_Iterable[str]] = ..., state: _Optional[_Union[PipelineState, str]] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., created_ms: _Optional[int] = ..., open_container_ids: _Optional[_Iterable[int]] = ..., containers_opened: _Optional[int] = ...) -> None: ...

class ContainerRow(_message.Message):
    __slots__ = ("container_id", "state", "former_pipeline_id", "created_ms", "used_bytes", "block_count", "pipeline_id", "replication", "commit_sequence", "namespace_id")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FORMER_PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    BLOCK_COUNT_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    state: ContainerState
    former_pipeline_id: str
    created_ms: int
    used_bytes: int
    block_count: int
    pipeline_id: int
    replication: _types_pb2.Replication
    commit_sequence: int
    namespace_id: int
    def __init__(self, container_id: _Optional[int] = ..., state: _Optional[_Union[ContainerState, str]] = ..., former_pipeline_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., used_bytes: _Optional[int] = ..., block_count: _Optional[int] = ..., pipeline_id: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., commit_sequence: _Optional[int] = ..., namespace_id: _Optional[int] = ...) -> None: ...

class DeletedBlocksRow(_message.Message):
    __slots__ = ("transaction_id", "blocks", "waiting_node_ids", "om_lineage", "taken_ms", "of_namespace")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    WAITING_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    OM_LINEAGE_FIELD_NUMBER: _ClassVar[int]
    TAKEN_MS_FIELD_NUMBER: _ClassVar[int]
    OF_NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockRange]
    waiting_node_ids: _containers.RepeatedScalarFieldContainer[str]
    om_lineage: int
    taken_ms: int
    of_namespace: bool
    def __init__(self, transaction_id: _Optional[int] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockRange, _Mapping]]] = ..., waiting_node_ids: _Optional[_Iterable[str]] = ..., om_lineage: _Optional[int] = ..., taken_ms: _Optional[int] = ..., of_namespace: _Optional[bool] = ...) -> None: ...

class BalancerRow(_message.Message):
    __slots__ = ("run", "running", "threshold_percent", "containers_moving_max", "moving_bytes_max", "node_moving_bytes_max", "started_ms", "ended_ms", "ended_why", "iterations", "moved", "moved_bytes", "failed")
    RUN_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_MOVING_MAX_FIELD_NUMBER: _ClassVar[int]
    MOVING_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    NODE_MOVING_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    STARTED_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_WHY_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    MOVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    run: int
    running: bool
    threshold_percent: float
    containers_moving_max: int
    moving_bytes_max: int
    node_moving_bytes_max: int
    started_ms: int
    ended_ms: int
    ended_why: str
    iterations: int
    moved: int
    moved_bytes: int
    failed: int
    def __init__(self, run: _Optional[int] = ..., running: _Optional[bool] = ..., threshold_percent: _Optional[float] = ..., containers_moving_max: _Optional[int] = ..., moving_bytes_max: _Optional[int] = ..., node_moving_bytes_max: _Optional[int] = ..., started_ms: _Optional[int] = ..., ended_ms: _Optional[int] = ..., ended_why: _Optional[str] = ..., iterations: _Optional[int] = ..., moved: _Optional[int] = ..., moved_bytes: _Optional[int] = ..., failed: _Optional[int] = ...) -> None: ...

class TokenKeyRow(_message.Message):
    __slots__ = ("key_id", "secret", "made_ms")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    MADE_MS_FIELD_NUMBER: _ClassVar[int]
    key_id: int
    secret: bytes
    made_ms: int
    def __init__(self, key_id: _Optional[int] = ..., secret: _Optional[bytes] = ..., made_ms: _Optional[int] = ...) -> None: ...

class OrphanRow(_message.Message):
    __slots__ = ("container_id", "node_id", "since_ms", "to_go")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    TO_GO_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    node_id: str
    since_ms: int
    to_go: bool
    def __init__(self, container_id: _Optional[int] = ..., node_id: _Optional[str] = ..., since_ms: _Optional[int] = ..., to_go: _Optional[bool] = ...) -> None: ...

class ForeignIds(_message.Message):
    __slots__ = ("spans",)
    SPANS_FIELD_NUMBER: _ClassVar[int]
    spans: _containers.RepeatedCompositeFieldContainer[IdSpan]
    def __init__(self, spans: _Optional[_Iterable[_Union[IdSpan, _Mapping]]] = ...) -> None: ...

class IdSpan(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    last: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class AddTokenKey(_message.Message):
    __slots__ = ("key_id", "secret", "kept", "after_key_id")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    AFTER_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    key_id: int
    secret: bytes
    kept: int
    after_key_id: int
    def __init__(self, key_id: _Optional[int] = ..., secret: _Optional[bytes] = ..., kept: _Optional[int] = ..., after_key_id: _Optional[int] = ...) -> None: ...

class ReserveIds(_message.Message):
    __slots__ = ("sequence", "count")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    sequence: str
    count: int
    def __init__(self, sequence: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class ReserveIdsReply(_message.Message):
    __slots__ = ("first",)
    FIRST_FIELD_NUMBER: _ClassVar[int]
    first: int
    def __init__(self, first: _Optional[int] = ...) -> None: ...

class SkipIds(_message.Message):
    __slots__ = ("container_id", "local", "always")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    ALWAYS_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    local: int
    always: bool
    def __init__(self, container_id: _Optional[int] = ..., local: _Optional[int] = ..., always: _Optional[bool] = ...) -> None: ...

class NoteOmIds(_message.Message):
    __slots__ = ("last_id",)
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    last_id: int
    def __init__(self, last_id: _Optional[int] = ...) -> None: ...

class AdoptContainers(_message.Message):
    __slots__ = ("node_id", "containers")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    containers: _containers.RepeatedCompositeFieldContainer[ContainerRow]
    def __init__(self, node_id: _Optional[str] = ..., containers: _Optional[_Iterable[_Union[ContainerRow, _Mapping]]] = ...) -> None: ...

class PutNode(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: NodeRow
    def __init__(self, node: _Optional[_Union[NodeRow, _Mapping]] = ...) -> None: ...

class MoveNodeOperation(_message.Message):
    __slots__ = ("node_id", "before", "to")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    BEFORE_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    before: NodeOperation
    to: NodeOperation
    def __init__(self, node_id: _Optional[str] = ..., before: _Optional[_Union[NodeOperation, str]] = ..., to: _Optional[_Union[NodeOperation, str]] = ...) -> None: ...

class RemoveNode(_message.Message):
    __slots__ = ("node_id", "rows_max")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    rows_max: int
    def __init__(self, node_id: _Optional[str] = ..., rows_max: _Optional[int] = ...) -> None: ...

class PutPipeline(_message.Message):
    __slots__ = ("pipeline",)
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    pipeline: PipelineRow
    def __init__(self, pipeline: _Optional[_Union[PipelineRow, _Mapping]] = ...) -> None: ...

class ClosePipeline(_message.Message):
    __slots__ = ("pipeline_id", "former_id")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    FORMER_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    former_id: str
    def __init__(self, pipeline_id: _Optional[int] = ..., former_id: _Optional[str] = ...) -> None: ...

class MovePipeline(_message.Message):
    __slots__ = ("pipeline_id", "to")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    to: PipelineState
    def __init__(self, pipeline_id: _Optional[int] = ..., to: _Optional[_Union[PipelineState, str]] = ...) -> None: ...

class RemovePipeline(_message.Message):
    __slots__ = ("pipeline_id",)
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    def __init__(self, pipeline_id: _Optional[int] = ...) -> None: ...

class OpenContainer(_message.Message):
    __slots__ = ("pipeline_id", "namespace_id")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    namespace_id: int
    def __init__(self, pipeline_id: _Optional[int] = ..., namespace_id: _Optional[int] = ...) -> None: ...

class UpdateContainers(_message.Message):
    __slots__ = ("containers",)
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerRow]
    def __init__(self, containers: _Optional[_Iterable[_Union[ContainerRow, _Mapping]]] = ...) -> None: ...

class MoveContainers(_message.Message):
    __slots__ = ("container_ids", "to")
    CONTAINER_IDS_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    container_ids: _containers.RepeatedScalarFieldContainer[int]
    to: ContainerState
    def __init__(self, container_ids: _Optional[_Iterable[int]] = ..., to: _Optional[_Union[ContainerState, str]] = ...) -> None: ...

class DropContainer(_message.Message):
    __slots__ = ("container_id",)
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    def __init__(self, container_id: _Optional[int] = ...) -> None: ...

class AwaitDeletions(_message.Message):
    __slots__ = ("node_id", "transaction_ids")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_IDS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    transaction_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, node_id: _Optional[str] = ..., transaction_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class BeginBalancing(_message.Message):
    __slots__ = ("numbers",)
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    numbers: BalancerRow
    def __init__(self, numbers: _Optional[_Union[BalancerRow, _Mapping]] = ...) -> None: ...

class NoteBalancing(_message.Message):
    __slots__ = ("run", "iterations", "moved", "moved_bytes", "failed", "ended_why")
    RUN_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    MOVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    ENDED_WHY_FIELD_NUMBER: _ClassVar[int]
    run: int
    iterations: int
    moved: int
    moved_bytes: int
    failed: int
    ended_why: str
    def __init__(self, run: _Optional[int] = ..., iterations: _Optional[int] = ..., moved: _Optional[int] = ..., moved_bytes: _Optional[int] = ..., failed: _Optional[int] = ..., ended_why: _Optional[str] = ...) -> None: ...

class BeginForeignIds(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NoteOrphans(_message.Message):
    __slots__ = ("orphans",)
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    orphans: _containers.RepeatedCompositeFieldContainer[OrphanRow]
    def __init__(self, orphans: _Optional[_Iterable[_Union[OrphanRow, _Mapping]]] = ...) -> None: ...

class ForgetOrphans(_message.Message):
    __slots__ = ("orphans",)
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    orphans: _containers.RepeatedCompositeFieldContainer[OrphanRow]
    def __init__(self, orphans: _Optional[_Iterable[_Union[OrphanRow, _Mapping]]] = ...) -> None: ...

class AckDeletedBlocks(_message.Message):
    __slots__ = ("node_id", "transaction_ids")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_IDS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    transaction_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, node_id: _Optional[str] = ..., transaction_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class CollectNamespaceGarbage(_message.Message):
    __slots__ = ("row_keys", "holders")
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    HOLDERS_FIELD_NUMBER: _ClassVar[int]
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    holders: _containers.RepeatedCompositeFieldContainer[ContainerHolders]
    def __init__(self, row_keys: _Optional[_Iterable[bytes]] = ..., holders: _Optional[_Iterable[_Union[ContainerHolders, _Mapping]]] = ...) -> None: ...

class ScmReply(_message.Message):
    __slots__ = ("container_id", "pipeline_id")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    pipeline_id: int
    def __init__(self, container_id: _Optional[int] = ..., pipeline_id: _Optional[int] = ...) -> None: ...

class AllocateBlocksRequest(_message.Message):
    __slots__ = ("count", "block_bytes_max", "given_container_id", "given_local", "om_last_id", "replication", "excluded_node_ids")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    GIVEN_CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    GIVEN_LOCAL_FIELD_NUMBER: _ClassVar[int]
    OM_LAST_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    count: int
    block_bytes_max: int
    given_container_id: int
    given_local: int
    om_last_id: int
    replication: _types_pb2.Replication
    excluded_node_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, count: _Optional[int] = ..., block_bytes_max: _Optional[int] = ..., given_container_id: _Optional[int] = ..., given_local: _Optional[int] = ..., om_last_id: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., excluded_node_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class AllocateBlocksReply(_message.Message):
    __slots__ = ("blocks", "pipeline", "om_last_id", "other_pipelines")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    OM_LAST_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    blocks: _types_pb2.BlockRange
    pipeline: _types_pb2.Pipeline
    om_last_id: int
    other_pipelines: int
    def __init__(self, blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., om_last_id: _Optional[int] = ..., other_pipelines: _Optional[int] = ...) -> None: ...

class DeleteBlocksRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "blocks", "om_lineage", "holders")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    OM_LINEAGE_FIELD_NUMBER: _ClassVar[int]
    HOLDERS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockRange]
    om_lineage: int
    holders: _containers.RepeatedCompositeFieldContainer[ContainerHolders]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockRange, _Mapping]]] = ..., om_lineage: _Optional[int] = ..., holders: _Optional[_Iterable[_Union[ContainerHolders, _Mapping]]] = ...) -> None: ...

class ContainerHolders(_message.Message):
    __slots__ = ("container_id", "node_ids")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    node_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, container_id: _Optional[int] = ..., node_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class DeleteBlocksReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class LocateContainersRequest(_message.Message):
    __slots__ = ("container_ids",)
    CONTAINER_IDS_FIELD_NUMBER: _ClassVar[int]
    container_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, container_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class ContainerReplica(_message.Message):
    __slots__ = ("datanode", "replica_index", "state", "rack")
    DATANODE_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    RACK_FIELD_NUMBER: _ClassVar[int]
    datanode: _types_pb2.DataNodeAddress
    replica_index: int
    state: ContainerState
    rack: str
    def __init__(self, datanode: _Optional[_Union[_types_pb2.DataNodeAddress, _Mapping]] = ..., replica_index: _Optional[int] = ..., state: _Optional[_Union[ContainerState, str]] = ..., rack: _Optional[str] = ...) -> None: ...

class ContainerLocation(_message.Message):
    __slots__ = ("container_id", "state", "replicas", "replication")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    state: ContainerState
    replicas: _containers.RepeatedCompositeFieldContainer[ContainerReplica]
    replication: _types_pb2.Replication
    def __init__(self, container_id: _Optional[int] = ..., state: _Optional[_Union[ContainerState, str]] = ..., replicas: _Optional[_Iterable[_Union[ContainerReplica, _Mapping]]] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ...) -> None: ...

class LocateContainersReply(_message.Message):
    __slots__ = ("locations", "looked_up")
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    LOOKED_UP_FIELD_NUMBER: _ClassVar[int]
    locations: _containers.RepeatedCompositeFieldContainer[ContainerLocation]
    looked_up: int
    def __init__(self, locations: _Optional[_Iterable[_Union[ContainerLocation, _Mapping]]] = ..., looked_up: _Optional[int] = ...) -> None: ...

class RegisterDataNodeRequest(_message.Message):
    __slots__ = ("node_id", "address", "cluster_id", "instance")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    address: str
    cluster_id: str
    instance: int
    def __init__(self, node_id: _Optional[str] = ..., address: _Optional[str] = ..., cluster_id: _Optional[str] = ..., instance: _Optional[int] = ...) -> None: ...

class RegisterDataNodeReply(_message.Message):
    __slots__ = ("cluster_id", "heartbeat_interval_ms", "term", "leader", "report_interval_ms")
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    REPORT_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    cluster_id: str
    heartbeat_interval_ms: int
    term: int
    leader: bool
    report_interval_ms: int
    def __init__(self, cluster_id: _Optional[str] = ..., heartbeat_interval_ms: _Optional[int] = ..., term: _Optional[int] = ..., leader: _Optional[bool] = ..., report_interval_ms: _Optional[int] = ...) -> None: ...

class GetTokenKeysRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TokenKey(_message.Message):
    __slots__ = ("key_id", "secret", "signs_after_ms")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    SIGNS_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    key_id: int
    secret: bytes
    signs_after_ms: int
    def __init__(self, key_id: _Optional[int] = ..., secret: _Optional[bytes] = ..., signs_after_ms: _Optional[int] = ...) -> None: ...

class GetTokenKeysReply(_message.Message):
    __slots__ = ("keys", "ask_again_ms")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ASK_AGAIN_MS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[TokenKey]
    ask_again_ms: int
    def __init__(self, keys: _Optional[_Iterable[_Union[TokenKey, _Mapping]]] = ..., ask_again_ms: _Optional[int] = ...) -> None: ...

class VolumeReport(_message.Message):
    __slots__ = ("volume_id", "capacity_bytes", "used_bytes", "free_bytes", "failed", "reserved_bytes", "full", "refused_entries", "path")
    VOLUME_ID_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FREE_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    RESERVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    REFUSED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    volume_id: str
    capacity_bytes: int
    used_bytes: int
    free_bytes: int
    failed: bool
    reserved_bytes: int
    full: bool
    refused_entries: int
    path: str
    def __init__(self, volume_id: _Optional[str] = ..., capacity_bytes: _Optional[int] = ..., used_bytes: _Optional[int] = ..., free_bytes: _Optional[int] = ..., failed: _Optional[bool] = ..., reserved_bytes: _Optional[int] = ..., full: _Optional[bool] = ..., refused_entries: _Optional[int] = ..., path: _Optional[str] = ...) -> None: ...

class ContainerReport(_message.Message):
    __slots__ = ("container_id", "state", "used_bytes", "block_count", "garbage_bytes", "highest_local", "pipeline_id", "replica_index", "commit_sequence", "origin_node_id", "coded")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    BLOCK_COUNT_FIELD_NUMBER: _ClassVar[int]
    GARBAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    HIGHEST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    COMMIT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    CODED_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    state: ContainerState
    used_bytes: int
    block_count: int
    garbage_bytes: int
    highest_local: int
    pipeline_id: int
    replica_index: int
    commit_sequence: int
    origin_node_id: str
    coded: _containers.RepeatedCompositeFieldContainer[_types_pb2.CodedBlocks]
    def __init__(self, container_id: _Optional[int] = ..., state: _Optional[_Union[ContainerState, str]] = ..., used_bytes: _Optional[int] = ..., block_count: _Optional[int] = ..., garbage_bytes: _Optional[int] = ..., highest_local: _Optional[int] = ..., pipeline_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., commit_sequence: _Optional[int] = ..., origin_node_id: _Optional[str] = ..., coded: _Optional[_Iterable[_Union[_types_pb2.CodedBlocks, _Mapping]]] = ...) -> None: ...

class PipelineReport(_message.Message):
    __slots__ = ("pipeline_id", "leader", "term", "failed")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    leader: bool
    term: int
    failed: bool
    def __init__(self, pipeline_id: _Optional[int] = ..., leader: _Optional[bool] = ..., term: _Optional[int] = ..., failed: _Optional[bool] = ...) -> None: ...

class CorruptBlock(_message.Message):
    __slots__ = ("block", "reason")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    reason: str
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class FailedRepair(_message.Message):
    __slots__ = ("container_id", "target_node_id", "reason")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    target_node_id: str
    reason: str
    def __init__(self, container_id: _Optional[int] = ..., target_node_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("node_id", "full_report", "volumes", "containers", "deleted_transaction_ids", "corrupt_blocks", "more", "pipelines", "instance", "mended_blocks", "failed_repairs")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    FULL_REPORT_FIELD_NUMBER: _ClassVar[int]
    VOLUMES_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    DELETED_TRANSACTION_IDS_FIELD_NUMBER: _ClassVar[int]
    CORRUPT_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    MENDED_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    FAILED_REPAIRS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    full_report: bool
    volumes: _containers.RepeatedCompositeFieldContainer[VolumeReport]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerReport]
    deleted_transaction_ids: _containers.RepeatedScalarFieldContainer[int]
    corrupt_blocks: _containers.RepeatedCompositeFieldContainer[CorruptBlock]
    more: bool
    pipelines: _containers.RepeatedCompositeFieldContainer[PipelineReport]
    instance: int
    mended_blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    failed_repairs: _containers.RepeatedCompositeFieldContainer[FailedRepair]
    def __init__(self, node_id: _Optional[str] = ..., full_report: _Optional[bool] = ..., volumes: _Optional[_Iterable[_Union[VolumeReport, _Mapping]]] = ..., containers: _Optional[_Iterable[_Union[ContainerReport, _Mapping]]] = ..., deleted_transaction_ids: _Optional[_Iterable[int]] = ..., corrupt_blocks: _Optional[_Iterable[_Union[CorruptBlock, _Mapping]]] = ..., more: _Optional[bool] = ..., pipelines: _Optional[_Iterable[_Union[PipelineReport, _Mapping]]] = ..., instance: _Optional[int] = ..., mended_blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ..., failed_repairs: _Optional[_Iterable[_Union[FailedRepair, _Mapping]]] = ...) -> None: ...

class CloseContainerCommand(_message.Message):
    __slots__ = ("container_id", "force")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    force: bool
    def __init__(self, container_id: _Optional[int] = ..., force: _Optional[bool] = ...) -> None: ...

class ReplicateContainerCommand(_message.Message):
    __slots__ = ("container_id", "target", "is_low_priority")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    IS_LOW_PRIORITY_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    target: _types_pb2.DataNodeAddress
    is_low_priority: bool
    def __init__(self, container_id: _Optional[int] = ..., target: _Optional[_Union[_types_pb2.DataNodeAddress, _Mapping]] = ..., is_low_priority: _Optional[bool] = ...) -> None: ...

class DeleteContainerCommand(_message.Message):
    __slots__ = ("container_id", "replica_index", "force")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    replica_index: int
    force: bool
    def __init__(self, container_id: _Optional[int] = ..., replica_index: _Optional[int] = ..., force: _Optional[bool] = ...) -> None: ...

class ReconstructContainerCommand(_message.Message):
    __slots__ = ("container_id", "replication", "sources", "targets", "pipeline_id", "completes")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    COMPLETES_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    replication: _types_pb2.Replication
    sources: _containers.RepeatedCompositeFieldContainer[_types_pb2.DataNodeAddress]
    targets: _containers.RepeatedCompositeFieldContainer[_types_pb2.DataNodeAddress]
    pipeline_id: int
    completes: bool
    def __init__(self, container_id: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., sources: _Optional[_Iterable[_Union[_types_pb2.DataNodeAddress, _Mapping]]] = ..., targets: _Optional[_Iterable[_Union[_types_pb2.DataNodeAddress, _Mapping]]] = ..., pipeline_id: _Optional[int] = ..., completes: _Optional[bool] = ...) -> None: ...

class ClosePipelineCommand(_message.Message):
    __slots__ = ("pipeline_id", "force")
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    force: bool
    def __init__(self, pipeline_id: _Optional[int] = ..., force: _Optional[bool] = ...) -> None: ...

class DeleteBlocksCommand(_message.Message):
    __slots__ = ("transaction_id", "blocks")
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    transaction_id: int
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockRange]
    def __init__(self, transaction_id: _Optional[int] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockRange, _Mapping]]] = ...) -> None: ...

class PipelineCommand(_message.Message):
    __slots__ = ("pipeline", "volume_id")
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline: _types_pb2.Pipeline
    volume_id: str
    def __init__(self, pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., volume_id: _Optional[str] = ...) -> None: ...

class DataNodeCommand(_message.Message):
    __slots__ = ("term", "valid_ms", "close_container", "delete_blocks", "create_pipeline", "close_pipeline", "replicate_container", "delete_container", "reconstruct_container")
    TERM_FIELD_NUMBER: _ClassVar[int]
    VALID_MS_FIELD_NUMBER: _ClassVar[int]
    CLOSE_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    DELETE_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    CREATE_PIPELINE_FIELD_NUMBER: _ClassVar[int]
    CLOSE_PIPELINE_FIELD_NUMBER: _ClassVar[int]
    REPLICATE_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    DELETE_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    RECONSTRUCT_CONTAINER_FIELD_NUMBER: _ClassVar[int]
    term: int
    valid_ms: int
    close_container: CloseContainerCommand
    delete_blocks: DeleteBlocksCommand
    create_pipeline: PipelineCommand
    close_pipeline: ClosePipelineCommand
    replicate_container: ReplicateContainerCommand
    delete_container: DeleteContainerCommand
    reconstruct_container: ReconstructContainerCommand
    def __init__(self, term: _Optional[int] = ..., valid_ms: _Optional[int] = ..., close_container: _Optional[_Union[CloseContainerCommand, _Mapping]] = ..., delete_blocks: _Optional[_Union[DeleteBlocksCommand, _Mapping]] = ..., create_pipeline: _Optional[_Union[PipelineCommand, _Mapping]] = ..., close_pipeline: _Optional[_Union[ClosePipelineCommand, _Mapping]] = ..., replicate_container: _Optional[_Union[ReplicateContainerCommand, _Mapping]] = ..., delete_container: _Optional[_Union[DeleteContainerCommand, _Mapping]] = ..., reconstruct_container: _Optional[_Union[ReconstructContainerCommand, _Mapping]] = ...) -> None: ...

class HeartbeatReply(_message.Message):
    __slots__ = ("commands", "register_again", "leader", "again_after_ms")
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    REGISTER_AGAIN_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    AGAIN_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    commands: _containers.RepeatedCompositeFieldContainer[DataNodeCommand]
    register_again: bool
    leader: bool
    again_after_ms: int
    def __init__(self, commands: _Optional[_Iterable[_Union[DataNodeCommand, _Mapping]]] = ..., register_again: _Optional[bool] = ..., leader: _Optional[bool] = ..., again_after_ms: _Optional[int] = ...) -> None: ...

class DescribeScmRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: bytes
    def __init__(self, after: _Optional[bytes] = ...) -> None: ...

class NodeDescription(_message.Message):
    __slots__ = ("node", "health", "last_heartbeat_age_ms", "volumes", "takes_new_data", "containers", "pipelines", "pipelines_led", "fully_reported", "maintenance_left_ms", "operation_age_ms")
    NODE_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    LAST_HEARTBEAT_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    VOLUMES_FIELD_NUMBER: _ClassVar[int]
    TAKES_NEW_DATA_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_LED_FIELD_NUMBER: _ClassVar[int]
    FULLY_REPORTED_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    OPERATION_AGE_MS_FIELD_NUMBER: _ClassVar[int]
    node: NodeRow
    health: NodeHealth
    last_heartbeat_age_ms: int
    volumes: _containers.RepeatedCompositeFieldContainer[VolumeReport]
    takes_new_data: bool
    containers: int
    pipelines: int
    pipelines_led: int
    fully_reported: bool
    maintenance_left_ms: int
    operation_age_ms: int
    def __init__(self, node: _Optional[_Union[NodeRow, _Mapping]] = ..., health: _Optional[_Union[NodeHealth, str]] = ..., last_heartbeat_age_ms: _Optional[int] = ..., volumes: _Optional[_Iterable[_Union[VolumeReport, _Mapping]]] = ..., takes_new_data: _Optional[bool] = ..., containers: _Optional[int] = ..., pipelines: _Optional[int] = ..., pipelines_led: _Optional[int] = ..., fully_reported: _Optional[bool] = ..., maintenance_left_ms: _Optional[int] = ..., operation_age_ms: _Optional[int] = ...) -> None: ...

class DescribeScmReply(_message.Message):
    __slots__ = ("node_id", "leader", "applied_index", "safe_mode", "nodes", "pipelines", "containers", "waiting_delete_transactions", "corrupt_blocks", "full", "refused_entries", "replication", "missing_replicas_max", "next")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INDEX_FIELD_NUMBER: _ClassVar[int]
    SAFE_MODE_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    WAITING_DELETE_TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    CORRUPT_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    REFUSED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    MISSING_REPLICAS_MAX_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    leader: bool
    applied_index: int
    safe_mode: bool
    nodes: _containers.RepeatedCompositeFieldContainer[NodeDescription]
    pipelines: _containers.RepeatedCompositeFieldContainer[PipelineRow]
    containers: _containers.RepeatedCompositeFieldContainer[ContainerRow]
    waiting_delete_transactions: int
    corrupt_blocks: _containers.RepeatedCompositeFieldContainer[CorruptBlock]
    full: bool
    refused_entries: int
    replication: _types_pb2.Replication
    missing_replicas_max: int
    next: bytes
    def __init__(self, node_id: _Optional[str] = ..., leader: _Optional[bool] = ..., applied_index: _Optional[int] = ..., safe_mode: _Optional[bool] = ..., nodes: _Optional[_Iterable[_Union[NodeDescription, _Mapping]]] = ..., pipelines: _Optional[_Iterable[_Union[PipelineRow, _Mapping]]] = ..., containers: _Optional[_Iterable[_Union[ContainerRow, _Mapping]]] = ..., waiting_delete_transactions: _Optional[int] = ..., corrupt_blocks: _Optional[_Iterable[_Union[CorruptBlock, _Mapping]]] = ..., full: _Optional[bool] = ..., refused_entries: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., missing_replicas_max: _Optional[int] = ..., next: _Optional[bytes] = ...) -> None: ...

class SetNodeOperationRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "node_id", "operation", "maintenance_ms", "force")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    MAINTENANCE_MS_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    node_id: str
    operation: NodeOperation
    maintenance_ms: int
    force: bool
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., node_id: _Optional[str] = ..., operation: _Optional[_Union[NodeOperation, str]] = ..., maintenance_ms: _Optional[int] = ..., force: _Optional[bool] = ...) -> None: ...

class SetNodeOperationReply(_message.Message):
    __slots__ = ("node",)
    NODE_FIELD_NUMBER: _ClassVar[int]
    node: NodeRow
    def __init__(self, node: _Optional[_Union[NodeRow, _Mapping]] = ...) -> None: ...

class RemoveDataNodeRequest(_message.Message):
    __slots__ = ("node_id", "force")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    force: bool
    def __init__(self, node_id: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class RemoveDataNodeReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeSafeModeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SafeModeRule(_message.Message):
    __slots__ = ("name", "passed", "waits_for")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    name: str
    passed: bool
    waits_for: str
    def __init__(self, name: _Optional[str] = ..., passed: _Optional[bool] = ..., waits_for: _Optional[str] = ...) -> None: ...

class DescribeSafeModeReply(_message.Message):
    __slots__ = ("on", "gives_blocks", "rules", "forced", "node_id")
    ON_FIELD_NUMBER: _ClassVar[int]
    GIVES_BLOCKS_FIELD_NUMBER: _ClassVar[int]
    RULES_FIELD_NUMBER: _ClassVar[int]
    FORCED_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    on: bool
    gives_blocks: bool
    rules: _containers.RepeatedCompositeFieldContainer[SafeModeRule]
    forced: bool
    node_id: str
    def __init__(self, on: _Optional[bool] = ..., gives_blocks: _Optional[bool] = ..., rules: _Optional[_Iterable[_Union[SafeModeRule, _Mapping]]] = ..., forced: _Optional[bool] = ..., node_id: _Optional[str] = ...) -> None: ...

class ExitSafeModeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeReplicationRequest(_message.Message):
    __slots__ = ("samples_max",)
    SAMPLES_MAX_FIELD_NUMBER: _ClassVar[int]
    samples_max: int
    def __init__(self, samples_max: _Optional[int] = ...) -> None: ...

class ContainersInHealth(_message.Message):
    __slots__ = ("health", "count", "sample_ids")
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_IDS_FIELD_NUMBER: _ClassVar[int]
    health: str
    count: int
    sample_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, health: _Optional[str] = ..., count: _Optional[int] = ..., sample_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RepairInFlight(_message.Message):
    __slots__ = ("kind", "container_id", "node_id", "target_node_ids", "age_ms", "left_ms", "size_bytes")
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    TARGET_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    kind: str
    container_id: int
    node_id: str
    target_node_ids: _containers.RepeatedScalarFieldContainer[str]
    age_ms: int
    left_ms: int
    size_bytes: int
    def __init__(self, kind: _Optional[str] = ..., container_id: _Optional[int] = ..., node_id: _Optional[str] = ..., target_node_ids: _Optional[_Iterable[str]] = ..., age_ms: _Optional[int] = ..., left_ms: _Optional[int] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class WaitingContainer(_message.Message):
    __slots__ = ("container_id", "reason")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    reason: str
    def __init__(self, container_id: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class DepartureProgress(_message.Message):
    __slots__ = ("node_id", "operation", "containers", "containers_left", "bytes_left", "pipelines_left", "waiting", "estimated_ms", "counted", "unplaced", "waits_for")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_LEFT_FIELD_NUMBER: _ClassVar[int]
    BYTES_LEFT_FIELD_NUMBER: _ClassVar[int]
    PIPELINES_LEFT_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_MS_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    UNPLACED_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    operation: NodeOperation
    containers: int
    containers_left: int
    bytes_left: int
    pipelines_left: int
    waiting: _containers.RepeatedCompositeFieldContainer[WaitingContainer]
    estimated_ms: int
    counted: bool
    unplaced: int
    waits_for: str
    def __init__(self, node_id: _Optional[str] = ..., operation: _Optional[_Union[NodeOperation, str]] = ..., containers: _Optional[int] = ..., containers_left: _Optional[int] = ..., bytes_left: _Optional[int] = ..., pipelines_left: _Optional[int] = ..., waiting: _Optional[_Iterable[_Union[WaitingContainer, _Mapping]]] = ..., estimated_ms: _Optional[int] = ..., counted: _Optional[bool] = ..., unplaced: _Optional[int] = ..., waits_for: _Optional[str] = ...) -> None: ...

class DescribeReplicationReply(_message.Message):
    __slots__ = ("node_id", "waiting", "health", "queued", "copies", "rebuilds", "removals", "weight", "weight_max", "in_flight", "made", "made_bytes", "made_bytes_per_s", "looked_at_all_ms", "departures", "unplaced")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    COPIES_FIELD_NUMBER: _ClassVar[int]
    REBUILDS_FIELD_NUMBER: _ClassVar[int]
    REMOVALS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_MAX_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MADE_FIELD_NUMBER: _ClassVar[int]
    MADE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MADE_BYTES_PER_S_FIELD_NUMBER: _ClassVar[int]
    LOOKED_AT_ALL_MS_FIELD_NUMBER: _ClassVar[int]
    DEPARTURES_FIELD_NUMBER: _ClassVar[int]
    UNPLACED_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    waiting: bool
    health: _containers.RepeatedCompositeFieldContainer[ContainersInHealth]
    queued: int
    copies: int
    rebuilds: int
    removals: int
    weight: int
    weight_max: int
    in_flight: _containers.RepeatedCompositeFieldContainer[RepairInFlight]
    made: int
    made_bytes: int
    made_bytes_per_s: int
    looked_at_all_ms: int
    departures: _containers.RepeatedCompositeFieldContainer[DepartureProgress]
    unplaced: int
    def __init__(self, node_id: _Optional[str] = ..., waiting: _Optional[bool] = ..., health: _Optional[_Iterable[_Union[ContainersInHealth, _Mapping]]] = ..., queued: _Optional[int] = ..., copies: _Optional[int] = ..., rebuilds: _Optional[int] = ..., removals: _Optional[int] = ..., weight: _Optional[int] = ..., weight_max: _Optional[int] = ..., in_flight: _Optional[_Iterable[_Union[RepairInFlight, _Mapping]]] = ..., made: _Optional[int] = ..., made_bytes: _Optional[int] = ..., made_bytes_per_s: _Optional[int] = ..., looked_at_all_ms: _Optional[int] = ..., departures: _Optional[_Iterable[_Union[DepartureProgress, _Mapping]]] = ..., unplaced: _Optional[int] = ...) -> None: ...

class DescribeDeletionRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeDeletionReply(_message.Message):
    __slots__ = ("transactions", "blocks", "estimated_bytes", "oldest_ms", "oldest_waits_for", "blocks_per_s", "garbage_bytes", "counted", "kept", "bytes_per_s")
    TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_BYTES_FIELD_NUMBER: _ClassVar[int]
    OLDEST_MS_FIELD_NUMBER: _ClassVar[int]
    OLDEST_WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_PER_S_FIELD_NUMBER: _ClassVar[int]
    GARBAGE_BYTES_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    BYTES_PER_S_FIELD_NUMBER: _ClassVar[int]
    transactions: int
    blocks: int
    estimated_bytes: int
    oldest_ms: int
    oldest_waits_for: _containers.RepeatedScalarFieldContainer[str]
    blocks_per_s: int
    garbage_bytes: int
    counted: bool
    kept: _types_pb2.KeptBlocks
    bytes_per_s: int
    def __init__(self, transactions: _Optional[int] = ..., blocks: _Optional[int] = ..., estimated_bytes: _Optional[int] = ..., oldest_ms: _Optional[int] = ..., oldest_waits_for: _Optional[_Iterable[str]] = ..., blocks_per_s: _Optional[int] = ..., garbage_bytes: _Optional[int] = ..., counted: _Optional[bool] = ..., kept: _Optional[_Union[_types_pb2.KeptBlocks, _Mapping]] = ..., bytes_per_s: _Optional[int] = ...) -> None: ...

class DescribeContainerRequest(_message.Message):
    __slots__ = ("container_id",)
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    def __init__(self, container_id: _Optional[int] = ...) -> None: ...

class DescribedReplica(_message.Message):
    __slots__ = ("node_id", "report", "health", "operation", "rack")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    OPERATION_FIELD_NUMBER: _ClassVar[int]
    RACK_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    report: ContainerReport
    health: NodeHealth
    operation: NodeOperation
    rack: str
    def __init__(self, node_id: _Optional[str] = ..., report: _Optional[_Union[ContainerReport, _Mapping]] = ..., health: _Optional[_Union[NodeHealth, str]] = ..., operation: _Optional[_Union[NodeOperation, str]] = ..., rack: _Optional[str] = ...) -> None: ...

class DescribeContainerReply(_message.Message):
    __slots__ = ("container", "health", "replicas", "in_flight")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    HEALTH_FIELD_NUMBER: _ClassVar[int]
    REPLICAS_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    container: ContainerRow
    health: str
    replicas: _containers.RepeatedCompositeFieldContainer[DescribedReplica]
    in_flight: _containers.RepeatedCompositeFieldContainer[RepairInFlight]
    def __init__(self, container: _Optional[_Union[ContainerRow, _Mapping]] = ..., health: _Optional[str] = ..., replicas: _Optional[_Iterable[_Union[DescribedReplica, _Mapping]]] = ..., in_flight: _Optional[_Iterable[_Union[RepairInFlight, _Mapping]]] = ...) -> None: ...

class CloseOpenContainerRequest(_message.Message):
    __slots__ = ("container_id",)
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    def __init__(self, container_id: _Optional[int] = ...) -> None: ...

class CloseOpenContainerReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ForgetContainerRequest(_message.Message):
    __slots__ = ("container_id", "force")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    force: bool
    def __init__(self, container_id: _Optional[int] = ..., force: _Optional[bool] = ...) -> None: ...

class ForgetContainerReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CloseOpenPipelineRequest(_message.Message):
    __slots__ = ("pipeline_id",)
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    pipeline_id: int
    def __init__(self, pipeline_id: _Optional[int] = ...) -> None: ...

class CloseOpenPipelineReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StartBalancerRequest(_message.Message):
    __slots__ = ("threshold_percent", "containers_moving_max", "moving_bytes_max", "node_moving_bytes_max")
    THRESHOLD_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_MOVING_MAX_FIELD_NUMBER: _ClassVar[int]
    MOVING_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    NODE_MOVING_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    threshold_percent: float
    containers_moving_max: int
    moving_bytes_max: int
    node_moving_bytes_max: int
    def __init__(self, threshold_percent: _Optional[float] = ..., containers_moving_max: _Optional[int] = ..., moving_bytes_max: _Optional[int] = ..., node_moving_bytes_max: _Optional[int] = ...) -> None: ...

class StopBalancerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class DescribeBalancerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class BalancedNode(_message.Message):
    __slots__ = ("node_id", "capacity_bytes", "used_bytes", "used_percent", "above_bytes", "below_bytes")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_BYTES_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    USED_PERCENT_FIELD_NUMBER: _ClassVar[int]
    ABOVE_BYTES_FIELD_NUMBER: _ClassVar[int]
    BELOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    capacity_bytes: int
    used_bytes: int
    used_percent: float
    above_bytes: int
    below_bytes: int
    def __init__(self, node_id: _Optional[str] = ..., capacity_bytes: _Optional[int] = ..., used_bytes: _Optional[int] = ..., used_percent: _Optional[float] = ..., above_bytes: _Optional[int] = ..., below_bytes: _Optional[int] = ...) -> None: ...

class ContainerMove(_message.Message):
    __slots__ = ("container_id", "from_node_id", "to_node_id", "size_bytes", "age_ms", "copied")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    TO_NODE_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    COPIED_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    from_node_id: str
    to_node_id: str
    size_bytes: int
    age_ms: int
    copied: bool
    def __init__(self, container_id: _Optional[int] = ..., from_node_id: _Optional[str] = ..., to_node_id: _Optional[str] = ..., size_bytes: _Optional[int] = ..., age_ms: _Optional[int] = ..., copied: _Optional[bool] = ...) -> None: ...

class DescribeBalancerReply(_message.Message):
    __slots__ = ("node_id", "balancer", "waits_for", "mean_percent", "low_percent", "high_percent", "nodes", "nodes_out", "nodes_counted", "bytes_left", "queued", "moves", "moved", "moved_bytes", "failed", "moved_bytes_per_s", "estimated_ms")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    BALANCER_FIELD_NUMBER: _ClassVar[int]
    WAITS_FOR_FIELD_NUMBER: _ClassVar[int]
    MEAN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    LOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    HIGH_PERCENT_FIELD_NUMBER: _ClassVar[int]
    NODES_FIELD_NUMBER: _ClassVar[int]
    NODES_OUT_FIELD_NUMBER: _ClassVar[int]
    NODES_COUNTED_FIELD_NUMBER: _ClassVar[int]
    BYTES_LEFT_FIELD_NUMBER: _ClassVar[int]
    QUEUED_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    MOVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    MOVED_BYTES_PER_S_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_MS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    balancer: BalancerRow
    waits_for: str
    mean_percent: float
    low_percent: float
    high_percent: float
    nodes: _containers.RepeatedCompositeFieldContainer[BalancedNode]
    nodes_out: int
    nodes_counted: int
    bytes_left: int
    queued: int
    moves: _containers.RepeatedCompositeFieldContainer[ContainerMove]
    moved: int
    moved_bytes: int
    failed: int
    moved_bytes_per_s: int
    estimated_ms: int
    def __init__(self, node_id: _Optional[str] = ..., balancer: _Optional[_Union[BalancerRow, _Mapping]] = ..., waits_for: _Optional[str] = ..., mean_percent: _Optional[float] = ..., low_percent: _Optional[float] = ..., high_percent: _Optional[float] = ..., nodes: _Optional[_Iterable[_Union[BalancedNode, _Mapping]]] = ..., nodes_out: _Optional[int] = ..., nodes_counted: _Optional[int] = ..., bytes_left: _Optional[int] = ..., queued: _Optional[int] = ..., moves: _Optional[_Iterable[_Union[ContainerMove, _Mapping]]] = ..., moved: _Optional[int] = ..., moved_bytes: _Optional[int] = ..., failed: _Optional[int] = ..., moved_bytes_per_s: _Optional[int] = ..., estimated_ms: _Optional[int] = ...) -> None: ...

class ListOrphanReplicasRequest(_message.Message):
    __slots__ = ("after",)
    AFTER_FIELD_NUMBER: _ClassVar[int]
    after: bytes
    def __init__(self, after: _Optional[bytes] = ...) -> None: ...

class OrphanReplica(_message.Message):
    __slots__ = ("node_id", "report", "reason", "age_ms", "goes", "left_ms")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    GOES_FIELD_NUMBER: _ClassVar[int]
    LEFT_MS_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    report: ContainerReport
    reason: str
    age_ms: int
    goes: bool
    left_ms: int
    def __init__(self, node_id: _Optional[str] = ..., report: _Optional[_Union[ContainerReport, _Mapping]] = ..., reason: _Optional[str] = ..., age_ms: _Optional[int] = ..., goes: _Optional[bool] = ..., left_ms: _Optional[int] = ...) -> None: ...

class ListOrphanReplicasReply(_message.Message):
    __slots__ = ("orphans", "count", "keep_ms", "next")
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    KEEP_MS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    orphans: _containers.RepeatedCompositeFieldContainer[OrphanReplica]
    count: int
    keep_ms: int
    next: bytes
    def __init__(self, orphans: _Optional[_Iterable[_Union[OrphanReplica, _Mapping]]] = ..., count: _Optional[int] = ..., keep_ms: _Optional[int] = ..., next: _Optional[bytes] = ...) -> None: ...

class RemoveOrphanReplicasRequest(_message.Message):
    __slots__ = ("container_id", "node_id")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    node_id: str
    def __init__(self, container_id: _Optional[int] = ..., node_id: _Optional[str] = ...) -> None: ...

class RemoveOrphanReplicasReply(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...
