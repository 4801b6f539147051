from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_CODE_UNSPECIFIED: _ClassVar[ErrorCode]
    INVALID_REQUEST: _ClassVar[ErrorCode]
    NO_SUCH_VOLUME: _ClassVar[ErrorCode]
    NO_SUCH_BUCKET: _ClassVar[ErrorCode]
    BUCKET_ALREADY_EXISTS: _ClassVar[ErrorCode]
    BUCKET_ALREADY_OWNED: _ClassVar[ErrorCode]
    BUCKET_NOT_EMPTY: _ClassVar[ErrorCode]
    TOO_MANY_BUCKETS: _ClassVar[ErrorCode]
    NO_SUCH_KEY: _ClassVar[ErrorCode]
    NO_SUCH_UPLOAD: _ClassVar[ErrorCode]
    INVALID_PART: _ClassVar[ErrorCode]
    INVALID_PART_ORDER: _ClassVar[ErrorCode]
    PART_TOO_SMALL: _ClassVar[ErrorCode]
    OBJECT_TOO_LARGE: _ClassVar[ErrorCode]
    CONDITION_FAILED: _ClassVar[ErrorCode]
    CONDITION_CONFLICT: _ClassVar[ErrorCode]
    LEASE_EXPIRED: _ClassVar[ErrorCode]
    BLOCK_EXISTS: _ClassVar[ErrorCode]
    NO_SUCH_ACCESS_KEY: _ClassVar[ErrorCode]
    NO_SUCH_ACCOUNT: _ClassVar[ErrorCode]
    ACCOUNT_ALREADY_EXISTS: _ClassVar[ErrorCode]
    ACCESS_KEY_ALREADY_EXISTS: _ClassVar[ErrorCode]
    NO_SUCH_CONTAINER: _ClassVar[ErrorCode]
    NO_SUCH_BLOCK: _ClassVar[ErrorCode]
    CONTAINER_NOT_OPEN: _ClassVar[ErrorCode]
    NO_SUCH_DATANODE: _ClassVar[ErrorCode]
    UNKNOWN_METHOD: _ClassVar[ErrorCode]
    VOLUME_ALREADY_EXISTS: _ClassVar[ErrorCode]
    VOLUME_NOT_EMPTY: _ClassVar[ErrorCode]
    SIZE_MISMATCH: _ClassVar[ErrorCode]
    CALLER_NOT_ALLOWED: _ClassVar[ErrorCode]
    WRONG_IDENTITY: _ClassVar[ErrorCode]
    NO_SUCH_NAMESPACE: _ClassVar[ErrorCode]
    NAMESPACE_ALREADY_EXISTS: _ClassVar[ErrorCode]
    NAMESPACE_NOT_EMPTY: _ClassVar[ErrorCode]
    NAMESPACE_FULL: _ClassVar[ErrorCode]
    TOO_MANY_NAMESPACES: _ClassVar[ErrorCode]
    TOKEN_REFUSED: _ClassVar[ErrorCode]
    NO_SUCH_KEY_VERSION: _ClassVar[ErrorCode]
    VERSION_IS_MARKER: _ClassVar[ErrorCode]
    OBJECT_LOCKED: _ClassVar[ErrorCode]
    BUCKET_STATE: _ClassVar[ErrorCode]
    WRONG_CUSTOMER_KEY: _ClassVar[ErrorCode]
    NO_SUCH_KMS_KEY: _ClassVar[ErrorCode]
    KMS_KEY_DISABLED: _ClassVar[ErrorCode]
    MASTER_KEY_DIFFERS: _ClassVar[ErrorCode]
    NO_SUCH_ENTITY: _ClassVar[ErrorCode]
    ENTITY_ALREADY_EXISTS: _ClassVar[ErrorCode]
    DELETE_CONFLICT: _ClassVar[ErrorCode]
    LIMIT_EXCEEDED: _ClassVar[ErrorCode]
    UNMODIFIABLE_ENTITY: _ClassVar[ErrorCode]
    INVALID_TOKEN: _ClassVar[ErrorCode]
    EXPIRED_TOKEN: _ClassVar[ErrorCode]
    NOT_LEADER: _ClassVar[ErrorCode]
    SAFE_MODE: _ClassVar[ErrorCode]
    OVERLOADED: _ClassVar[ErrorCode]
    DEADLINE_EXCEEDED: _ClassVar[ErrorCode]
    UNREACHABLE: _ClassVar[ErrorCode]
    NO_SPACE: _ClassVar[ErrorCode]
    NOT_ENOUGH_DATANODES: _ClassVar[ErrorCode]
    PIPELINE_NOT_READY: _ClassVar[ErrorCode]
    STOPPING: _ClassVar[ErrorCode]
    UNAVAILABLE: _ClassVar[ErrorCode]
    KMS_UNAVAILABLE: _ClassVar[ErrorCode]
    HEALING: _ClassVar[ErrorCode]
    CHECKSUM_MISMATCH: _ClassVar[ErrorCode]
    LOG_CORRUPT: _ClassVar[ErrorCode]
    UNKNOWN_FORMAT: _ClassVar[ErrorCode]
    DAMAGED_ROW: _ClassVar[ErrorCode]
    WRONG_BLOCK: _ClassVar[ErrorCode]
    STORE_DAMAGED: _ClassVar[ErrorCode]
    INTERNAL: _ClassVar[ErrorCode]
    ILLEGAL_CONTAINER_MOVE: _ClassVar[ErrorCode]

class ReplicationType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPLICATION_TYPE_UNSPECIFIED: _ClassVar[ReplicationType]
    RATIS: _ClassVar[ReplicationType]
    EC: _ClassVar[ReplicationType]

class ChecksumAlgorithm(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECKSUM_NONE: _ClassVar[ChecksumAlgorithm]
    CRC32: _ClassVar[ChecksumAlgorithm]
    CRC32C: _ClassVar[ChecksumAlgorithm]
    CRC64NVME: _ClassVar[ChecksumAlgorithm]
    SHA1: _ClassVar[ChecksumAlgorithm]
    SHA256: _ClassVar[ChecksumAlgorithm]
    SHA512: _ClassVar[ChecksumAlgorithm]
    MD5: _ClassVar[ChecksumAlgorithm]
    XXHASH64: _ClassVar[ChecksumAlgorithm]
    XXHASH3: _ClassVar[ChecksumAlgorithm]
    XXHASH128: _ClassVar[ChecksumAlgorithm]

class ChecksumType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECKSUM_TYPE_UNSPECIFIED: _ClassVar[ChecksumType]
    FULL_OBJECT: _ClassVar[ChecksumType]
    COMPOSITE: _ClassVar[ChecksumType]
ERROR_CODE_UNSPECIFIED: ErrorCode
INVALID_REQUEST: ErrorCode
NO_SUCH_VOLUME: ErrorCode
NO_SUCH_BUCKET: ErrorCode
BUCKET_ALREADY_EXISTS: ErrorCode
BUCKET_ALREADY_OWNED: ErrorCode
BUCKET_NOT_EMPTY: ErrorCode
TOO_MANY_BUCKETS: ErrorCode
NO_SUCH_KEY: ErrorCode
NO_SUCH_UPLOAD: ErrorCode
INVALID_PART: ErrorCode
INVALID_PART_ORDER: ErrorCode
PART_TOO_SMALL: ErrorCode
OBJECT_TOO_LARGE: ErrorCode
CONDITION_FAILED: ErrorCode
CONDITION_CONFLICT: ErrorCode
LEASE_EXPIRED: ErrorCode
BLOCK_EXISTS: ErrorCode
NO_SUCH_ACCESS_KEY: ErrorCode
NO_SUCH_ACCOUNT: ErrorCode
ACCOUNT_ALREADY_EXISTS: ErrorCode
ACCESS_KEY_ALREADY_EXISTS: ErrorCode
NO_SUCH_CONTAINER: ErrorCode
NO_SUCH_BLOCK: ErrorCode
CONTAINER_NOT_OPEN: ErrorCode
NO_SUCH_DATANODE: ErrorCode
UNKNOWN_METHOD: ErrorCode
VOLUME_ALREADY_EXISTS: ErrorCode
VOLUME_NOT_EMPTY: ErrorCode
SIZE_MISMATCH: ErrorCode
CALLER_NOT_ALLOWED: ErrorCode
WRONG_IDENTITY: ErrorCode
NO_SUCH_NAMESPACE: ErrorCode
NAMESPACE_ALREADY_EXISTS: ErrorCode
NAMESPACE_NOT_EMPTY: ErrorCode
NAMESPACE_FULL: ErrorCode
TOO_MANY_NAMESPACES: ErrorCode
TOKEN_REFUSED: ErrorCode
NO_SUCH_KEY_VERSION: ErrorCode
VERSION_IS_MARKER: ErrorCode
OBJECT_LOCKED: ErrorCode
BUCKET_STATE: ErrorCode
WRONG_CUSTOMER_KEY: ErrorCode
NO_SUCH_KMS_KEY: ErrorCode
KMS_KEY_DISABLED: ErrorCode
MASTER_KEY_DIFFERS: ErrorCode
NO_SUCH_ENTITY: ErrorCode
ENTITY_ALREADY_EXISTS: ErrorCode
DELETE_CONFLICT: ErrorCode
LIMIT_EXCEEDED: ErrorCode
UNMODIFIABLE_ENTITY: ErrorCode
INVALID_TOKEN: ErrorCode
EXPIRED_TOKEN: ErrorCode
NOT_LEADER: ErrorCode
SAFE_MODE: ErrorCode
OVERLOADED: ErrorCode
DEADLINE_EXCEEDED: ErrorCode
UNREACHABLE: ErrorCode
NO_SPACE: ErrorCode
NOT_ENOUGH_DATANODES: ErrorCode
PIPELINE_NOT_READY: ErrorCode
STOPPING: ErrorCode
UNAVAILABLE: ErrorCode
KMS_UNAVAILABLE: ErrorCode
HEALING: ErrorCode
CHECKSUM_MISMATCH: ErrorCode
LOG_CORRUPT: ErrorCode
UNKNOWN_FORMAT: ErrorCode
DAMAGED_ROW: ErrorCode
WRONG_BLOCK: ErrorCode
STORE_DAMAGED: ErrorCode
INTERNAL: ErrorCode
ILLEGAL_CONTAINER_MOVE: ErrorCode
REPLICATION_TYPE_UNSPECIFIED: ReplicationType
RATIS: ReplicationType
EC: ReplicationType
CHECKSUM_NONE: ChecksumAlgorithm
CRC32: ChecksumAlgorithm
CRC32C: ChecksumAlgorithm
CRC64NVME: ChecksumAlgorithm
SHA1: ChecksumAlgorithm
SHA256: ChecksumAlgorithm
SHA512: ChecksumAlgorithm
MD5: ChecksumAlgorithm
XXHASH64: ChecksumAlgorithm
XXHASH3: ChecksumAlgorithm
XXHASH128: ChecksumAlgorithm
CHECKSUM_TYPE_UNSPECIFIED: ChecksumType
FULL_OBJECT: ChecksumType
COMPOSITE: ChecksumType

class ErrorDetail(_message.Message):
    __slots__ = ("code", "message", "facts")
    class FactsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    FACTS_FIELD_NUMBER: _ClassVar[int]
    code: ErrorCode
    message: str
    facts: _containers.ScalarMap[str, str]
    def __init__(self, code: _Optional[_Union[ErrorCode, str]] = ..., message: _Optional[str] = ..., facts: _Optional[_Mapping[str, str]] = ...) -> None: ...

class BlockId(_message.Message):
    __slots__ = ("container", "local")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    container: int
    local: int
    def __init__(self, container: _Optional[int] = ..., local: _Optional[int] = ...) -> None: ...

class BlockSlice(_message.Message):
    __slots__ = ("container", "local", "length_bytes", "offset_bytes", "lease_id", "tag", "replica_index", "block_bytes")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    BLOCK_BYTES_FIELD_NUMBER: _ClassVar[int]
    container: int
    local: int
    length_bytes: int
    offset_bytes: int
    lease_id: int
    tag: int
    replica_index: int
    block_bytes: int
    def __init__(self, container: _Optional[int] = ..., local: _Optional[int] = ..., length_bytes: _Optional[int] = ..., offset_bytes: _Optional[int] = ..., lease_id: _Optional[int] = ..., tag: _Optional[int] = ..., replica_index: _Optional[int] = ..., block_bytes: _Optional[int] = ...) -> None: ...

class DataNodeAddress(_message.Message):
    __slots__ = ("node_id", "address", "replica_index")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REPLICA_INDEX_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    address: str
    replica_index: int
    def __init__(self, node_id: _Optional[str] = ..., address: _Optional[str] = ..., replica_index: _Optional[int] = ...) -> None: ...

class Pipeline(_message.Message):
    __slots__ = ("datanodes", "pipeline_id", "replication", "without_spare")
    DATANODES_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    WITHOUT_SPARE_FIELD_NUMBER: _ClassVar[int]
    datanodes: _containers.RepeatedCompositeFieldContainer[DataNodeAddress]
    pipeline_id: int
    replication: Replication
    without_spare: bool
    def __init__(self, datanodes: _Optional[_Iterable[_Union[DataNodeAddress, _Mapping]]] = ..., pipeline_id: _Optional[int] = ..., replication: _Optional[_Union[Replication, _Mapping]] = ..., without_spare: _Optional[bool] = ...) -> None: ...

class Replication(_message.Message):
    __slots__ = ("type", "data", "parity", "cell_bytes")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    PARITY_FIELD_NUMBER: _ClassVar[int]
    CELL_BYTES_FIELD_NUMBER: _ClassVar[int]
    type: ReplicationType
    data: int
    parity: int
    cell_bytes: int
    def __init__(self, type: _Optional[_Union[ReplicationType, str]] = ..., data: _Optional[int] = ..., parity: _Optional[int] = ..., cell_bytes: _Optional[int] = ...) -> None: ...

class BlockRange(_message.Message):
    __slots__ = ("container", "first_local", "count", "size_bytes")
    CONTAINER_FIELD_NUMBER: _ClassVar[int]
    FIRST_LOCAL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    container: int
    first_local: int
    count: int
    size_bytes: int
    def __init__(self, container: _Optional[int] = ..., first_local: _Optional[int] = ..., count: _Optional[int] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class KeptBlocks(_message.Message):
    __slots__ = ("ranges", "size_bytes", "oldest_ms")
    RANGES_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    OLDEST_MS_FIELD_NUMBER: _ClassVar[int]
    ranges: int
    size_bytes: int
    oldest_ms: int
    def __init__(self, ranges: _Optional[int] = ..., size_bytes: _Optional[int] = ..., oldest_ms: _Optional[int] = ...) -> None: ...

class Checksum(_message.Message):
    __slots__ = ("algorithm", "type", "value")
    ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    algorithm: ChecksumAlgorithm
    type: ChecksumType
    value: bytes
    def __init__(self, algorithm: _Optional[_Union[ChecksumAlgorithm, str]] = ..., type: _Optional[_Union[ChecksumType, str]] = ..., value: _Optional[bytes] = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("account_id", "canonical_id", "display_name", "email", "created_ms", "alias")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CANONICAL_ID_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    ALIAS_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    canonical_id: str
    display_name: str
    email: str
    created_ms: int
    alias: str
    def __init__(self, account_id: _Optional[str] = ..., canonical_id: _Optional[str] = ..., display_name: _Optional[str] = ..., email: _Optional[str] = ..., created_ms: _Optional[int] = ..., alias: _Optional[str] = ...) -> None: ...

class CodedBlocks(_message.Message):
    __slots__ = ("data_cells", "count", "tag_sum")
    DATA_CELLS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TAG_SUM_FIELD_NUMBER: _ClassVar[int]
    data_cells: int
    count: int
    tag_sum: int
    def __init__(self, data_cells: _Optional[int] = ..., count: _Optional[int] = ..., tag_sum: _Optional[int] = ...) -> None: ...
