from trioxygen.proto.v1 import iam_pb2 as _iam_pb2
from trioxygen.proto.v1 import options_pb2 as _options_pb2
from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Versioning(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NEVER_VERSIONED: _ClassVar[Versioning]
    VERSIONED: _ClassVar[Versioning]
    VERSIONING_SUSPENDED: _ClassVar[Versioning]

class LockMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOCK_MODE_NONE: _ClassVar[LockMode]
    GOVERNANCE: _ClassVar[LockMode]
    COMPLIANCE: _ClassVar[LockMode]
NEVER_VERSIONED: Versioning
VERSIONED: Versioning
VERSIONING_SUSPENDED: Versioning
LOCK_MODE_NONE: LockMode
GOVERNANCE: LockMode
COMPLIANCE: LockMode

class OrphanBlockRow(_message.Message):
    __slots__ = ("block", "size_bytes", "since_ms", "seen_ms")
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    SEEN_MS_FIELD_NUMBER: _ClassVar[int]
    block: _types_pb2.BlockId
    size_bytes: int
    since_ms: int
    seen_ms: int
    def __init__(self, block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., size_bytes: _Optional[int] = ..., since_ms: _Optional[int] = ..., seen_ms: _Optional[int] = ...) -> None: ...

class OrphanSearchRow(_message.Message):
    __slots__ = ("began_ms", "ended_ms", "node_id", "after", "is_partial", "examined", "orphans", "keep_ms", "is_sweeping", "too_many")
    BEGAN_MS_FIELD_NUMBER: _ClassVar[int]
    ENDED_MS_FIELD_NUMBER: _ClassVar[int]
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    IS_PARTIAL_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_FIELD_NUMBER: _ClassVar[int]
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    KEEP_MS_FIELD_NUMBER: _ClassVar[int]
    IS_SWEEPING_FIELD_NUMBER: _ClassVar[int]
    TOO_MANY_FIELD_NUMBER: _ClassVar[int]
    began_ms: int
    ended_ms: int
    node_id: str
    after: bytes
    is_partial: bool
    examined: int
    orphans: int
    keep_ms: int
    is_sweeping: bool
    too_many: bool
    def __init__(self, began_ms: _Optional[int] = ..., ended_ms: _Optional[int] = ..., node_id: _Optional[str] = ..., after: _Optional[bytes] = ..., is_partial: _Optional[bool] = ..., examined: _Optional[int] = ..., orphans: _Optional[int] = ..., keep_ms: _Optional[int] = ..., is_sweeping: _Optional[bool] = ..., too_many: _Optional[bool] = ...) -> None: ...

class BucketRow(_message.Message):
    __slots__ = ("bucket_id", "name", "account_id", "created_ms", "location", "history_retention_ms", "layout", "setting_kinds", "replication", "versioning", "object_lock", "lifecycle_revision", "encryption", "blocks_customer_keys", "access_revision", "identity_revision")
    class Layout(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        OBS: _ClassVar[BucketRow.Layout]
        FSO: _ClassVar[BucketRow.Layout]
    OBS: BucketRow.Layout
    FSO: BucketRow.Layout
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    HISTORY_RETENTION_MS_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    VERSIONING_FIELD_NUMBER: _ClassVar[int]
    OBJECT_LOCK_FIELD_NUMBER: _ClassVar[int]
    LIFECYCLE_REVISION_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_CUSTOMER_KEYS_FIELD_NUMBER: _ClassVar[int]
    ACCESS_REVISION_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_REVISION_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    name: str
    account_id: str
    created_ms: int
    location: str
    history_retention_ms: int
    layout: BucketRow.Layout
    setting_kinds: int
    replication: _types_pb2.Replication
    versioning: Versioning
    object_lock: BucketLock
    lifecycle_revision: int
    encryption: Encryption
    blocks_customer_keys: bool
    access_revision: int
    identity_revision: int
    def __init__(self, bucket_id: _Optional[int] = ..., name: _Optional[str] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., location: _Optional[str] = ..., history_retention_ms: _Optional[int] = ..., layout: _Optional[_Union[BucketRow.Layout, str]] = ..., setting_kinds: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., versioning: _Optional[_Union[Versioning, str]] = ..., object_lock: _Optional[_Union[BucketLock, _Mapping]] = ..., lifecycle_revision: _Optional[int] = ..., encryption: _Optional[_Union[Encryption, _Mapping]] = ..., blocks_customer_keys: _Optional[bool] = ..., access_revision: _Optional[int] = ..., identity_revision: _Optional[int] = ...) -> None: ...

class BucketLock(_message.Message):
    __slots__ = ("mode", "days", "years")
    MODE_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    YEARS_FIELD_NUMBER: _ClassVar[int]
    mode: LockMode
    days: int
    years: int
    def __init__(self, mode: _Optional[_Union[LockMode, str]] = ..., days: _Optional[int] = ..., years: _Optional[int] = ...) -> None: ...

class ObjectLock(_message.Message):
    __slots__ = ("mode", "retain_until_ms", "retain_until_group_ms", "legal_hold")
    MODE_FIELD_NUMBER: _ClassVar[int]
    RETAIN_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    RETAIN_UNTIL_GROUP_MS_FIELD_NUMBER: _ClassVar[int]
    LEGAL_HOLD_FIELD_NUMBER: _ClassVar[int]
    mode: LockMode
    retain_until_ms: int
    retain_until_group_ms: int
    legal_hold: bool
    def __init__(self, mode: _Optional[_Union[LockMode, str]] = ..., retain_until_ms: _Optional[int] = ..., retain_until_group_ms: _Optional[int] = ..., legal_hold: _Optional[bool] = ...) -> None: ...

class VersionId(_message.Message):
    __slots__ = ("object_id",)
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    object_id: int
    def __init__(self, object_id: _Optional[int] = ...) -> None: ...

class BucketSetting(_message.Message):
    __slots__ = ("kind", "id", "document", "revision", "modified_ms")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[BucketSetting.Kind]
        VERSIONING: _ClassVar[BucketSetting.Kind]
        ACL: _ClassVar[BucketSetting.Kind]
        POLICY: _ClassVar[BucketSetting.Kind]
        PUBLIC_ACCESS_BLOCK: _ClassVar[BucketSetting.Kind]
        OWNERSHIP: _ClassVar[BucketSetting.Kind]
        TAGGING: _ClassVar[BucketSetting.Kind]
        CORS: _ClassVar[BucketSetting.Kind]
        ENCRYPTION: _ClassVar[BucketSetting.Kind]
        OBJECT_LOCK: _ClassVar[BucketSetting.Kind]
        LIFECYCLE: _ClassVar[BucketSetting.Kind]
        LOGGING: _ClassVar[BucketSetting.Kind]
        NOTIFICATION: _ClassVar[BucketSetting.Kind]
        REPLICATION: _ClassVar[BucketSetting.Kind]
        WEBSITE: _ClassVar[BucketSetting.Kind]
        ACCELERATE: _ClassVar[BucketSetting.Kind]
        REQUEST_PAYMENT: _ClassVar[BucketSetting.Kind]
        METADATA_TABLES: _ClassVar[BucketSetting.Kind]
        ABAC: _ClassVar[BucketSetting.Kind]
        INVENTORY: _ClassVar[BucketSetting.Kind]
        METRICS: _ClassVar[BucketSetting.Kind]
        ANALYTICS: _ClassVar[BucketSetting.Kind]
        INTELLIGENT_TIERING: _ClassVar[BucketSetting.Kind]
    KIND_UNSPECIFIED: BucketSetting.Kind
    VERSIONING: BucketSetting.Kind
    ACL: BucketSetting.Kind
    POLICY: BucketSetting.Kind
    PUBLIC_ACCESS_BLOCK: BucketSetting.Kind
    OWNERSHIP: BucketSetting.Kind
    TAGGING: BucketSetting.Kind
    CORS: BucketSetting.Kind
    ENCRYPTION: BucketSetting.Kind
    OBJECT_LOCK: BucketSetting.Kind
    LIFECYCLE: BucketSetting.Kind
    LOGGING: BucketSetting.Kind
    NOTIFICATION: BucketSetting.Kind
    REPLICATION: BucketSetting.Kind
    WEBSITE: BucketSetting.Kind
    ACCELERATE: BucketSetting.Kind
    REQUEST_PAYMENT: BucketSetting.Kind
    METADATA_TABLES: BucketSetting.Kind
    ABAC: BucketSetting.Kind
    INVENTORY: BucketSetting.Kind
    METRICS: BucketSetting.Kind
    ANALYTICS: BucketSetting.Kind
    INTELLIGENT_TIERING: BucketSetting.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    kind: BucketSetting.Kind
    id: str
    document: bytes
    revision: int
    modified_ms: int
    def __init__(self, kind: _Optional[_Union[BucketSetting.Kind, str]] = ..., id: _Optional[str] = ..., document: _Optional[bytes] = ..., revision: _Optional[int] = ..., modified_ms: _Optional[int] = ...) -> None: ...

class HeaderPair(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class Tag(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class LifecycleRules(_message.Message):
    __slots__ = ("rules", "minimum_size_varies")
    RULES_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_SIZE_VARIES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[LifecycleRule]
    minimum_size_varies: bool
    def __init__(self, rules: _Optional[_Iterable[_Union[LifecycleRule, _Mapping]]] = ..., minimum_size_varies: _Optional[bool] = ...) -> None: ...

class LifecycleRule(_message.Message):
    __slots__ = ("id", "is_enabled", "filter", "expiration", "noncurrent", "abort_days", "transitions", "noncurrent_transitions")
    ID_FIELD_NUMBER: _ClassVar[int]
    IS_ENABLED_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    EXPIRATION_FIELD_NUMBER: _ClassVar[int]
    NONCURRENT_FIELD_NUMBER: _ClassVar[int]
    ABORT_DAYS_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    NONCURRENT_TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    id: str
    is_enabled: bool
    filter: LifecycleFilter
    expiration: LifecycleExpiration
    noncurrent: LifecycleNoncurrent
    abort_days: int
    transitions: _containers.RepeatedCompositeFieldContainer[LifecycleTransition]
    noncurrent_transitions: _containers.RepeatedCompositeFieldContainer[LifecycleNoncurrent]
    def __init__(self, id: _Optional[str] = ..., is_enabled: _Optional[bool] = ..., filter: _Optional[_Union[LifecycleFilter, _Mapping]] = ..., expiration: _Optional[_Union[LifecycleExpiration, _Mapping]] = ..., noncurrent: _Optional[_Union[LifecycleNoncurrent, _Mapping]] = ..., abort_days: _Optional[int] = ..., transitions: _Optional[_Iterable[_Union[LifecycleTransition, _Mapping]]] = ..., noncurrent_transitions: _Optional[_Iterable[_Union[LifecycleNoncurrent, _Mapping]]] = ...) -> None: ...

class LifecycleFilter(_message.Message):
    __slots__ = ("form", "prefix", "tags", "larger_than", "smaller_than")
    class Form(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        PREFIX: _ClassVar[LifecycleFilter.Form]
        FILTER: _ClassVar[LifecycleFilter.Form]
        AND: _ClassVar[LifecycleFilter.Form]
    PREFIX: LifecycleFilter.Form
    FILTER: LifecycleFilter.Form
    AND: LifecycleFilter.Form
    FORM_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    LARGER_THAN_FIELD_NUMBER: _ClassVar[int]
    SMALLER_THAN_FIELD_NUMBER: _ClassVar[int]
    form: LifecycleFilter.Form
    prefix: str
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    larger_than: int
    smaller_than: int
    def __init__(self, form: _Optional[_Union[LifecycleFilter.Form, str]] = ..., prefix: _Optional[str] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ..., larger_than: _Optional[int] = ..., smaller_than: _Optional[int] = ...) -> None: ...

class LifecycleExpiration(_message.Message):
    __slots__ = ("days", "date_ms", "removes_markers")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    DATE_MS_FIELD_NUMBER: _ClassVar[int]
    REMOVES_MARKERS_FIELD_NUMBER: _ClassVar[int]
    days: int
    date_ms: int
    removes_markers: bool
    def __init__(self, days: _Optional[int] = ..., date_ms: _Optional[int] = ..., removes_markers: _Optional[bool] = ...) -> None: ...

class LifecycleNoncurrent(_message.Message):
    __slots__ = ("days", "newer_kept", "storage_class")
    DAYS_FIELD_NUMBER: _ClassVar[int]
    NEWER_KEPT_FIELD_NUMBER: _ClassVar[int]
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    days: int
    newer_kept: int
    storage_class: str
    def __init__(self, days: _Optional[int] = ..., newer_kept: _Optional[int] = ..., storage_class: _Optional[str] = ...) -> None: ...

class LifecycleTransition(_message.Message):
    __slots__ = ("storage_class", "days", "date_ms")
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    DATE_MS_FIELD_NUMBER: _ClassVar[int]
    storage_class: str
    days: int
    date_ms: int
    def __init__(self, storage_class: _Optional[str] = ..., days: _Optional[int] = ..., date_ms: _Optional[int] = ...) -> None: ...

class LifecycleRow(_message.Message):
    __slots__ = ("volume", "bucket", "state", "filled_steps", "filled_after", "revision", "streams", "examined", "expired", "removed", "removed_markers", "aborted", "locked", "worked_ms", "transitioned")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        FILLING: _ClassVar[LifecycleRow.State]
        WORKING: _ClassVar[LifecycleRow.State]
        CLEARING: _ClassVar[LifecycleRow.State]
    FILLING: LifecycleRow.State
    WORKING: LifecycleRow.State
    CLEARING: LifecycleRow.State
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FILLED_STEPS_FIELD_NUMBER: _ClassVar[int]
    FILLED_AFTER_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_MARKERS_FIELD_NUMBER: _ClassVar[int]
    ABORTED_FIELD_NUMBER: _ClassVar[int]
    LOCKED_FIELD_NUMBER: _ClassVar[int]
    WORKED_MS_FIELD_NUMBER: _ClassVar[int]
    TRANSITIONED_FIELD_NUMBER: _ClassVar[int]
    volume: str
    bucket: str
    state: LifecycleRow.State
    filled_steps: int
    filled_after: bytes
    revision: int
    streams: _containers.RepeatedCompositeFieldContainer[LifecycleStream]
    examined: int
    expired: int
    removed: int
    removed_markers: int
    aborted: int
    locked: int
    worked_ms: int
    transitioned: int
    def __init__(self, volume: _Optional[str] = ..., bucket: _Optional[str] = ..., state: _Optional[_Union[LifecycleRow.State, str]] = ..., filled_steps: _Optional[int] = ..., filled_after: _Optional[bytes] = ..., revision: _Optional[int] = ..., streams: _Optional[_Iterable[_Union[LifecycleStream, _Mapping]]] = ..., examined: _Optional[int] = ..., expired: _Optional[int] = ..., removed: _Optional[int] = ..., removed_markers: _Optional[int] = ..., aborted: _Optional[int] = ..., locked: _Optional[int] = ..., worked_ms: _Optional[int] = ..., transitioned: _Optional[int] = ...) -> None: ...

class TransitionRow(_message.Message):
    __slots__ = ("key", "free_ms")
    KEY_FIELD_NUMBER: _ClassVar[int]
    FREE_MS_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    free_ms: int
    def __init__(self, key: _Optional[bytes] = ..., free_ms: _Optional[int] = ...) -> None: ...

class LifecycleStream(_message.Message):
    __slots__ = ("kind", "days", "date_ms", "after", "moves")
    KIND_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    DATE_MS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    MOVES_FIELD_NUMBER: _ClassVar[int]
    kind: int
    days: int
    date_ms: int
    after: bytes
    moves: bool
    def __init__(self, kind: _Optional[int] = ..., days: _Optional[int] = ..., date_ms: _Optional[int] = ..., after: _Optional[bytes] = ..., moves: _Optional[bool] = ...) -> None: ...

class ObjectHeaders(_message.Message):
    __slots__ = ("content_type", "cache_control", "content_disposition", "content_encoding", "content_language", "expires", "website_redirect_location", "user_metadata")
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    CONTENT_DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_ENCODING_FIELD_NUMBER: _ClassVar[int]
    CONTENT_LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    WEBSITE_REDIRECT_LOCATION_FIELD_NUMBER: _ClassVar[int]
    USER_METADATA_FIELD_NUMBER: _ClassVar[int]
    content_type: str
    cache_control: str
    content_disposition: str
    content_encoding: str
    content_language: str
    expires: str
    website_redirect_location: str
    user_metadata: _containers.RepeatedCompositeFieldContainer[HeaderPair]
    def __init__(self, content_type: _Optional[str] = ..., cache_control: _Optional[str] = ..., content_disposition: _Optional[str] = ..., content_encoding: _Optional[str] = ..., content_language: _Optional[str] = ..., expires: _Optional[str] = ..., website_redirect_location: _Optional[str] = ..., user_metadata: _Optional[_Iterable[_Union[HeaderPair, _Mapping]]] = ...) -> None: ...

class ObjectPart(_message.Message):
    __slots__ = ("number", "size_bytes", "checksum", "md5", "crc64nvme")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    MD5_FIELD_NUMBER: _ClassVar[int]
    CRC64NVME_FIELD_NUMBER: _ClassVar[int]
    number: int
    size_bytes: int
    checksum: bytes
    md5: bytes
    crc64nvme: bytes
    def __init__(self, number: _Optional[int] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[bytes] = ..., md5: _Optional[bytes] = ..., crc64nvme: _Optional[bytes] = ...) -> None: ...

class KeyRow(_message.Message):
    __slots__ = ("object_id", "size_bytes", "modified_ms", "etag", "storage_class", "account_id", "checksum_algorithm", "checksum_type", "checksum", "blocks", "headers", "parts", "replication", "is_versioned", "is_marker", "null_object_id", "tags", "lock", "encryption", "pieces", "acl")
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_TYPE_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    IS_VERSIONED_FIELD_NUMBER: _ClassVar[int]
    IS_MARKER_FIELD_NUMBER: _ClassVar[int]
    NULL_OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    ACL_FIELD_NUMBER: _ClassVar[int]
    object_id: int
    size_bytes: int
    modified_ms: int
    etag: str
    storage_class: str
    account_id: str
    checksum_algorithm: _types_pb2.ChecksumAlgorithm
    checksum_type: _types_pb2.ChecksumType
    checksum: bytes
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockSlice]
    headers: ObjectHeaders
    parts: _containers.RepeatedCompositeFieldContainer[ObjectPart]
    replication: _types_pb2.Replication
    is_versioned: bool
    is_marker: bool
    null_object_id: int
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    lock: ObjectLock
    encryption: Encryption
    pieces: _containers.RepeatedCompositeFieldContainer[SealedPiece]
    acl: bytes
    def __init__(self, object_id: _Optional[int] = ..., size_bytes: _Optional[int] = ..., modified_ms: _Optional[int] = ..., etag: _Optional[str] = ..., storage_class: _Optional[str] = ..., account_id: _Optional[str] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., checksum_type: _Optional[_Union[_types_pb2.ChecksumType, str]] = ..., checksum: _Optional[bytes] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockSlice, _Mapping]]] = ..., headers: _Optional[_Union[ObjectHeaders, _Mapping]] = ..., parts: _Optional[_Iterable[_Union[ObjectPart, _Mapping]]] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., is_versioned: _Optional[bool] = ..., is_marker: _Optional[bool] = ..., null_object_id: _Optional[int] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ..., lock: _Optional[_Union[ObjectLock, _Mapping]] = ..., encryption: _Optional[_Union[Encryption, _Mapping]] = ..., pieces: _Optional[_Iterable[_Union[SealedPiece, _Mapping]]] = ..., acl: _Optional[bytes] = ...) -> None: ...

class Encryption(_message.Message):
    __slots__ = ("kind", "kms_key_id", "context", "bucket_key", "customer_key_md5")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        NOT_CLAIMED: _ClassVar[Encryption.Kind]
        SSE_S3: _ClassVar[Encryption.Kind]
        SSE_KMS: _ClassVar[Encryption.Kind]
        SSE_C: _ClassVar[Encryption.Kind]
    NOT_CLAIMED: Encryption.Kind
    SSE_S3: Encryption.Kind
    SSE_KMS: Encryption.Kind
    SSE_C: Encryption.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    KMS_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    BUCKET_KEY_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_KEY_MD5_FIELD_NUMBER: _ClassVar[int]
    kind: Encryption.Kind
    kms_key_id: str
    context: str
    bucket_key: bool
    customer_key_md5: str
    def __init__(self, kind: _Optional[_Union[Encryption.Kind, str]] = ..., kms_key_id: _Optional[str] = ..., context: _Optional[str] = ..., bucket_key: _Optional[bool] = ..., customer_key_md5: _Optional[str] = ...) -> None: ...

class SealedPiece(_message.Message):
    __slots__ = ("plain_bytes", "sealed_plain_bytes", "offset_bytes", "wrapped_key", "master_key")
    PLAIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    SEALED_PLAIN_BYTES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    WRAPPED_KEY_FIELD_NUMBER: _ClassVar[int]
    MASTER_KEY_FIELD_NUMBER: _ClassVar[int]
    plain_bytes: int
    sealed_plain_bytes: int
    offset_bytes: int
    wrapped_key: bytes
    master_key: str
    def __init__(self, plain_bytes: _Optional[int] = ..., sealed_plain_bytes: _Optional[int] = ..., offset_bytes: _Optional[int] = ..., wrapped_key: _Optional[bytes] = ..., master_key: _Optional[str] = ...) -> None: ...

class HistoryRow(_message.Message):
    __slots__ = ("row", "superseded_ms", "superseded_group_ms", "removed_group_ms")
    ROW_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_MS_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_GROUP_MS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_GROUP_MS_FIELD_NUMBER: _ClassVar[int]
    row: KeyRow
    superseded_ms: int
    superseded_group_ms: int
    removed_group_ms: int
    def __init__(self, row: _Optional[_Union[KeyRow, _Mapping]] = ..., superseded_ms: _Optional[int] = ..., superseded_group_ms: _Optional[int] = ..., removed_group_ms: _Optional[int] = ...) -> None: ...

class UploadRow(_message.Message):
    __slots__ = ("bucket_id", "account_id", "created_ms", "storage_class", "checksum_algorithm", "checksum_type", "headers", "upload_id", "key", "checksum_chosen", "replication", "tags", "lock", "encryption", "acl", "initiator")
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_TYPE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_CHOSEN_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    ACL_FIELD_NUMBER: _ClassVar[int]
    INITIATOR_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    account_id: str
    created_ms: int
    storage_class: str
    checksum_algorithm: _types_pb2.ChecksumAlgorithm
    checksum_type: _types_pb2.ChecksumType
    headers: ObjectHeaders
    upload_id: bytes
    key: bytes
    checksum_chosen: bool
    replication: _types_pb2.Replication
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    lock: ObjectLock
    encryption: Encryption
    acl: bytes
    initiator: str
    def __init__(self, bucket_id: _Optional[int] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., storage_class: _Optional[str] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., checksum_type: _Optional[_Union[_types_pb2.ChecksumType, str]] = ..., headers: _Optional[_Union[ObjectHeaders, _Mapping]] = ..., upload_id: _Optional[bytes] = ..., key: _Optional[bytes] = ..., checksum_chosen: _Optional[bool] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ..., lock: _Optional[_Union[ObjectLock, _Mapping]] = ..., encryption: _Optional[_Union[Encryption, _Mapping]] = ..., acl: _Optional[bytes] = ..., initiator: _Optional[str] = ...) -> None: ...

class PartRow(_message.Message):
    __slots__ = ("size_bytes", "modified_ms", "etag", "checksum", "checksum_algorithm", "blocks", "client_checksum_algorithm", "client_checksum", "pieces", "crc64nvme")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    PIECES_FIELD_NUMBER: _ClassVar[int]
    CRC64NVME_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    modified_ms: int
    etag: str
    checksum: bytes
    checksum_algorithm: _types_pb2.ChecksumAlgorithm
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockSlice]
    client_checksum_algorithm: _types_pb2.ChecksumAlgorithm
    client_checksum: bytes
    pieces: _containers.RepeatedCompositeFieldContainer[SealedPiece]
    crc64nvme: bytes
    def __init__(self, size_bytes: _Optional[int] = ..., modified_ms: _Optional[int] = ..., etag: _Optional[str] = ..., checksum: _Optional[bytes] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockSlice, _Mapping]]] = ..., client_checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., client_checksum: _Optional[bytes] = ..., pieces: _Optional[_Iterable[_Union[SealedPiece, _Mapping]]] = ..., crc64nvme: _Optional[bytes] = ...) -> None: ...

class RenameRow(_message.Message):
    __slots__ = ("arguments_digest", "done_ms")
    ARGUMENTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DONE_MS_FIELD_NUMBER: _ClassVar[int]
    arguments_digest: bytes
    done_ms: int
    def __init__(self, arguments_digest: _Optional[bytes] = ..., done_ms: _Optional[int] = ...) -> None: ...

class CompletedUploadRow(_message.Message):
    __slots__ = ("bucket_id", "key", "object_id", "completed_ms", "parts_digest", "reply")
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_MS_FIELD_NUMBER: _ClassVar[int]
    PARTS_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    key: bytes
    object_id: int
    completed_ms: int
    parts_digest: bytes
    reply: CompleteUploadReply
    def __init__(self, bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., object_id: _Optional[int] = ..., completed_ms: _Optional[int] = ..., parts_digest: _Optional[bytes] = ..., reply: _Optional[_Union[CompleteUploadReply, _Mapping]] = ...) -> None: ...

class LeaseRow(_message.Message):
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

class BlockReferenceRow(_message.Message):
    __slots__ = ("references",)
    REFERENCES_FIELD_NUMBER: _ClassVar[int]
    references: int
    def __init__(self, references: _Optional[int] = ...) -> None: ...

class GcRow(_message.Message):
    __slots__ = ("blocks", "not_before_ms", "since_ms")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    blocks: _types_pb2.BlockRange
    not_before_ms: int
    since_ms: int
    def __init__(self, blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., not_before_ms: _Optional[int] = ..., since_ms: _Optional[int] = ...) -> None: ...

class VolumeRow(_message.Message):
    __slots__ = ("name", "account_id", "created_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    account_id: str
    created_ms: int
    def __init__(self, name: _Optional[str] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ...) -> None: ...

class MasterKeyRow(_message.Message):
    __slots__ = ("key_id", "version", "check", "was_primary", "noted_ms")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    WAS_PRIMARY_FIELD_NUMBER: _ClassVar[int]
    NOTED_MS_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    version: int
    check: bytes
    was_primary: bool
    noted_ms: int
    def __init__(self, key_id: _Optional[str] = ..., version: _Optional[int] = ..., check: _Optional[bytes] = ..., was_primary: _Optional[bool] = ..., noted_ms: _Optional[int] = ...) -> None: ...

class DeletedBucketRow(_message.Message):
    __slots__ = ("name", "deleted_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DELETED_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    deleted_ms: int
    def __init__(self, name: _Optional[str] = ..., deleted_ms: _Optional[int] = ...) -> None: ...

class NoteMasterKeysRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "keys", "replaces_all")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    REPLACES_ALL_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    keys: _containers.RepeatedCompositeFieldContainer[MasterKeyRow]
    replaces_all: bool
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., keys: _Optional[_Iterable[_Union[MasterKeyRow, _Mapping]]] = ..., replaces_all: _Optional[bool] = ...) -> None: ...

class NoteMasterKeysReply(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[MasterKeyRow]
    def __init__(self, keys: _Optional[_Iterable[_Union[MasterKeyRow, _Mapping]]] = ...) -> None: ...

class CreateVolumeRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "account_id", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    account_id: str
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., account_id: _Optional[str] = ..., volume: _Optional[str] = ...) -> None: ...

class CreateVolumeReply(_message.Message):
    __slots__ = ("volume",)
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    volume: VolumeRow
    def __init__(self, volume: _Optional[_Union[VolumeRow, _Mapping]] = ...) -> None: ...

class DeleteVolumeRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., volume: _Optional[str] = ...) -> None: ...

class DeleteVolumeReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateBucketRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "account_id", "location", "object_lock", "settings", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    OBJECT_LOCK_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    account_id: str
    location: str
    object_lock: bool
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., account_id: _Optional[str] = ..., location: _Optional[str] = ..., object_lock: _Optional[bool] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ..., volume: _Optional[str] = ...) -> None: ...

class CreateBucketReply(_message.Message):
    __slots__ = ("bucket",)
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ...) -> None: ...

class DeleteBucketRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class DeleteBucketReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetBucketReplicationRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "replication", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    replication: _types_pb2.Replication
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., volume: _Optional[str] = ...) -> None: ...

class SetBucketReplicationReply(_message.Message):
    __slots__ = ("bucket",)
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ...) -> None: ...

class SetBucketVersioningRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "versioning", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    VERSIONING_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    versioning: Versioning
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., versioning: _Optional[_Union[Versioning, str]] = ..., volume: _Optional[str] = ...) -> None: ...

class SetBucketVersioningReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetBucketLockRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "lock", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    LOCK_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    lock: BucketLock
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., lock: _Optional[_Union[BucketLock, _Mapping]] = ..., volume: _Optional[str] = ...) -> None: ...

class SetBucketLockReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetBucketEncryptionRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "encryption", "blocks_customer_keys", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_CUSTOMER_KEYS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    encryption: Encryption
    blocks_customer_keys: bool
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., encryption: _Optional[_Union[Encryption, _Mapping]] = ..., blocks_customer_keys: _Optional[bool] = ..., volume: _Optional[str] = ...) -> None: ...

class SetBucketEncryptionReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PutBucketSettingRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "setting", "replaces", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    SETTING_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    setting: BucketSetting
    replaces: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., setting: _Optional[_Union[BucketSetting, _Mapping]] = ..., replaces: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class PutBucketSettingReply(_message.Message):
    __slots__ = ("revision",)
    REVISION_FIELD_NUMBER: _ClassVar[int]
    revision: int
    def __init__(self, revision: _Optional[int] = ...) -> None: ...

class DeleteBucketSettingRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "kind", "id", "replaces", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    kind: BucketSetting.Kind
    id: str
    replaces: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., kind: _Optional[_Union[BucketSetting.Kind, str]] = ..., id: _Optional[str] = ..., replaces: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class DeleteBucketSettingReply(_message.Message):
    __slots__ = ("deleted",)
    DELETED_FIELD_NUMBER: _ClassVar[int]
    deleted: bool
    def __init__(self, deleted: _Optional[bool] = ...) -> None: ...

class WriteCondition(_message.Message):
    __slots__ = ("if_none_match", "if_match")
    IF_NONE_MATCH_FIELD_NUMBER: _ClassVar[int]
    IF_MATCH_FIELD_NUMBER: _ClassVar[int]
    if_none_match: str
    if_match: str
    def __init__(self, if_none_match: _Optional[str] = ..., if_match: _Optional[str] = ...) -> None: ...

class CopySource(_message.Message):
    __slots__ = ("bucket", "bucket_id", "key", "object_id", "rewritten", "offset_bytes", "length_bytes", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    REWRITTEN_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    LENGTH_BYTES_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    bucket_id: int
    key: bytes
    object_id: int
    rewritten: bool
    offset_bytes: int
    length_bytes: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., object_id: _Optional[int] = ..., rewritten: _Optional[bool] = ..., offset_bytes: _Optional[int] = ..., length_bytes: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class CommitKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "row", "condition", "copy_source", "appends_to", "asked_ms", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    COPY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    APPENDS_TO_FIELD_NUMBER: _ClassVar[int]
    ASKED_MS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    row: KeyRow
    condition: WriteCondition
    copy_source: CopySource
    appends_to: int
    asked_ms: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., row: _Optional[_Union[KeyRow, _Mapping]] = ..., condition: _Optional[_Union[WriteCondition, _Mapping]] = ..., copy_source: _Optional[_Union[CopySource, _Mapping]] = ..., appends_to: _Optional[int] = ..., asked_ms: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class CommitKeyReply(_message.Message):
    __slots__ = ("object_id", "modified_ms", "version")
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    object_id: int
    modified_ms: int
    version: VersionId
    def __init__(self, object_id: _Optional[int] = ..., modified_ms: _Optional[int] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ...) -> None: ...

class CommitTransitionRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "object_id", "first_block", "row", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_BLOCK_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    object_id: int
    first_block: _types_pb2.BlockId
    row: RewrittenRow
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., object_id: _Optional[int] = ..., first_block: _Optional[_Union[_types_pb2.BlockId, _Mapping]] = ..., row: _Optional[_Union[RewrittenRow, _Mapping]] = ..., volume: _Optional[str] = ...) -> None: ...

class CommitTransitionReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RewrittenRow(_message.Message):
    __slots__ = ("storage_class", "blocks", "replication")
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    storage_class: str
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockSlice]
    replication: _types_pb2.Replication
    def __init__(self, storage_class: _Optional[str] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockSlice, _Mapping]]] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ...) -> None: ...

class HttpCondition(_message.Message):
    __slots__ = ("if_match", "if_none_match", "if_modified_since_s", "if_unmodified_since_s")
    IF_MATCH_FIELD_NUMBER: _ClassVar[int]
    IF_NONE_MATCH_FIELD_NUMBER: _ClassVar[int]
    IF_MODIFIED_SINCE_S_FIELD_NUMBER: _ClassVar[int]
    IF_UNMODIFIED_SINCE_S_FIELD_NUMBER: _ClassVar[int]
    if_match: _containers.RepeatedScalarFieldContainer[str]
    if_none_match: _containers.RepeatedScalarFieldContainer[str]
    if_modified_since_s: int
    if_unmodified_since_s: int
    def __init__(self, if_match: _Optional[_Iterable[str]] = ..., if_none_match: _Optional[_Iterable[str]] = ..., if_modified_since_s: _Optional[int] = ..., if_unmodified_since_s: _Optional[int] = ...) -> None: ...

class RenameKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "source", "key", "condition", "source_condition", "token", "is_prefix", "is_new_prefix", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_CONDITION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    IS_PREFIX_FIELD_NUMBER: _ClassVar[int]
    IS_NEW_PREFIX_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    source: bytes
    key: bytes
    condition: HttpCondition
    source_condition: HttpCondition
    token: bytes
    is_prefix: bool
    is_new_prefix: bool
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., source: _Optional[bytes] = ..., key: _Optional[bytes] = ..., condition: _Optional[_Union[HttpCondition, _Mapping]] = ..., source_condition: _Optional[_Union[HttpCondition, _Mapping]] = ..., token: _Optional[bytes] = ..., is_prefix: _Optional[bool] = ..., is_new_prefix: _Optional[bool] = ..., volume: _Optional[str] = ...) -> None: ...

class RenameKeyReply(_message.Message):
    __slots__ = ("keys", "more")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    keys: int
    more: bool
    def __init__(self, keys: _Optional[int] = ..., more: _Optional[bool] = ...) -> None: ...

class DeleteKeysRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "keys", "bypasses_governance", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    BYPASSES_GOVERNANCE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    keys: _containers.RepeatedCompositeFieldContainer[KeyToDelete]
    bypasses_governance: bool
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., keys: _Optional[_Iterable[_Union[KeyToDelete, _Mapping]]] = ..., bypasses_governance: _Optional[bool] = ..., volume: _Optional[str] = ...) -> None: ...

class KeyToDelete(_message.Message):
    __slots__ = ("key", "if_match", "version", "if_size_bytes", "if_modified_s")
    KEY_FIELD_NUMBER: _ClassVar[int]
    IF_MATCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    IF_SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    IF_MODIFIED_S_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    if_match: str
    version: VersionId
    if_size_bytes: int
    if_modified_s: int
    def __init__(self, key: _Optional[bytes] = ..., if_match: _Optional[str] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., if_size_bytes: _Optional[int] = ..., if_modified_s: _Optional[int] = ...) -> None: ...

class DeletedVersion(_message.Message):
    __slots__ = ("version", "is_marker", "failed_condition")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    IS_MARKER_FIELD_NUMBER: _ClassVar[int]
    FAILED_CONDITION_FIELD_NUMBER: _ClassVar[int]
    version: VersionId
    is_marker: bool
    failed_condition: str
    def __init__(self, version: _Optional[_Union[VersionId, _Mapping]] = ..., is_marker: _Optional[bool] = ..., failed_condition: _Optional[str] = ...) -> None: ...

class DeleteKeysReply(_message.Message):
    __slots__ = ("results", "versions")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedScalarFieldContainer[_types_pb2.ErrorCode]
    versions: _containers.RepeatedCompositeFieldContainer[DeletedVersion]
    def __init__(self, results: _Optional[_Iterable[_Union[_types_pb2.ErrorCode, str]]] = ..., versions: _Optional[_Iterable[_Union[DeletedVersion, _Mapping]]] = ...) -> None: ...

class SetTagsRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "version", "tags", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    version: VersionId
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ..., volume: _Optional[str] = ...) -> None: ...

class SetTagsReply(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: VersionId
    def __init__(self, version: _Optional[_Union[VersionId, _Mapping]] = ...) -> None: ...

class SetObjectAclRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "version", "acl", "object_id", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ACL_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    version: VersionId
    acl: bytes
    object_id: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., acl: _Optional[bytes] = ..., object_id: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class SetObjectAclReply(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: VersionId
    def __init__(self, version: _Optional[_Union[VersionId, _Mapping]] = ...) -> None: ...

class SetObjectLockRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "version", "retention", "legal_hold", "bypasses_governance", "asked_ms", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    LEGAL_HOLD_FIELD_NUMBER: _ClassVar[int]
    BYPASSES_GOVERNANCE_FIELD_NUMBER: _ClassVar[int]
    ASKED_MS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    version: VersionId
    retention: Retention
    legal_hold: bool
    bypasses_governance: bool
    asked_ms: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., retention: _Optional[_Union[Retention, _Mapping]] = ..., legal_hold: _Optional[bool] = ..., bypasses_governance: _Optional[bool] = ..., asked_ms: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class Retention(_message.Message):
    __slots__ = ("mode", "retain_until_ms")
    MODE_FIELD_NUMBER: _ClassVar[int]
    RETAIN_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    mode: LockMode
    retain_until_ms: int
    def __init__(self, mode: _Optional[_Union[LockMode, str]] = ..., retain_until_ms: _Optional[int] = ...) -> None: ...

class SetObjectLockReply(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: VersionId
    def __init__(self, version: _Optional[_Union[VersionId, _Mapping]] = ...) -> None: ...

class CreateUploadRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "row", "asked_ms", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    ASKED_MS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    row: UploadRow
    asked_ms: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., row: _Optional[_Union[UploadRow, _Mapping]] = ..., asked_ms: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class CreateUploadReply(_message.Message):
    __slots__ = ("upload_id",)
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    upload_id: bytes
    def __init__(self, upload_id: _Optional[bytes] = ...) -> None: ...

class CommitPartRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "upload_id", "number", "row", "copy_source", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    COPY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    upload_id: bytes
    number: int
    row: PartRow
    copy_source: CopySource
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., number: _Optional[int] = ..., row: _Optional[_Union[PartRow, _Mapping]] = ..., copy_source: _Optional[_Union[CopySource, _Mapping]] = ..., volume: _Optional[str] = ...) -> None: ...

class CommitPartReply(_message.Message):
    __slots__ = ("modified_ms",)
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    modified_ms: int
    def __init__(self, modified_ms: _Optional[int] = ...) -> None: ...

class CompletePart(_message.Message):
    __slots__ = ("number", "etag", "checksum", "checksum_algorithm")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    number: int
    etag: str
    checksum: bytes
    checksum_algorithm: _types_pb2.ChecksumAlgorithm
    def __init__(self, number: _Optional[int] = ..., etag: _Optional[str] = ..., checksum: _Optional[bytes] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ...) -> None: ...

class CompleteUploadRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "upload_id", "parts", "condition", "checksum", "size_bytes", "part_size_bytes_min", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PART_SIZE_BYTES_MIN_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    upload_id: bytes
    parts: _containers.RepeatedCompositeFieldContainer[CompletePart]
    condition: WriteCondition
    checksum: _types_pb2.Checksum
    size_bytes: int
    part_size_bytes_min: int
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., parts: _Optional[_Iterable[_Union[CompletePart, _Mapping]]] = ..., condition: _Optional[_Union[WriteCondition, _Mapping]] = ..., checksum: _Optional[_Union[_types_pb2.Checksum, _Mapping]] = ..., size_bytes: _Optional[int] = ..., part_size_bytes_min: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class CompleteUploadReply(_message.Message):
    __slots__ = ("etag", "checksum", "object_id", "modified_ms", "version", "encryption")
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ENCRYPTION_FIELD_NUMBER: _ClassVar[int]
    etag: str
    checksum: _types_pb2.Checksum
    object_id: int
    modified_ms: int
    version: VersionId
    encryption: Encryption
    def __init__(self, etag: _Optional[str] = ..., checksum: _Optional[_Union[_types_pb2.Checksum, _Mapping]] = ..., object_id: _Optional[int] = ..., modified_ms: _Optional[int] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., encryption: _Optional[_Union[Encryption, _Mapping]] = ...) -> None: ...

class AbortUploadRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "bucket", "bucket_id", "key", "upload_id", "volume")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    bucket: str
    bucket_id: int
    key: bytes
    upload_id: bytes
    volume: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., volume: _Optional[str] = ...) -> None: ...

class AbortUploadReply(_message.Message):
    __slots__ = ("more",)
    MORE_FIELD_NUMBER: _ClassVar[int]
    more: bool
    def __init__(self, more: _Optional[bool] = ...) -> None: ...

class LeaseBlocksRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "count", "block_bytes_max", "replication", "excluded_node_ids")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    REPLICATION_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_NODE_IDS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    count: int
    block_bytes_max: int
    replication: _types_pb2.Replication
    excluded_node_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., count: _Optional[int] = ..., block_bytes_max: _Optional[int] = ..., replication: _Optional[_Union[_types_pb2.Replication, _Mapping]] = ..., excluded_node_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class LeaseBlocksReply(_message.Message):
    __slots__ = ("lease_id", "blocks", "pipeline", "duration_ms", "other_pipelines", "token")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    OTHER_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    lease_id: int
    blocks: _types_pb2.BlockRange
    pipeline: _types_pb2.Pipeline
    duration_ms: int
    other_pipelines: int
    token: bytes
    def __init__(self, lease_id: _Optional[int] = ..., blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., duration_ms: _Optional[int] = ..., other_pipelines: _Optional[int] = ..., token: _Optional[bytes] = ...) -> None: ...

class RenewLeasesRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "lease_ids")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., lease_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RenewLeasesReply(_message.Message):
    __slots__ = ("lost",)
    LOST_FIELD_NUMBER: _ClassVar[int]
    lost: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lost: _Optional[_Iterable[int]] = ...) -> None: ...

class ReleaseLeasesRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "lease_ids", "blocks")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., lease_ids: _Optional[_Iterable[int]] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

class ReleaseLeasesReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateAccountRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "account")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    account: _types_pb2.Account
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ...) -> None: ...

class CreateAccountReply(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: _types_pb2.Account
    def __init__(self, account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ...) -> None: ...

class CreateAccessKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "account_id", "access_key", "secret_key", "user")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_KEY_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    account_id: str
    access_key: str
    secret_key: str
    user: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., account_id: _Optional[str] = ..., access_key: _Optional[str] = ..., secret_key: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class CreateAccessKeyReply(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: _iam_pb2.AccessKeyRow
    def __init__(self, key: _Optional[_Union[_iam_pb2.AccessKeyRow, _Mapping]] = ...) -> None: ...

class RevokeAccessKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "access_key")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    access_key: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., access_key: _Optional[str] = ...) -> None: ...

class RevokeAccessKeyReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GrantLease(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "blocks", "pipeline", "duration_ms", "last_id", "other_pipelines")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    blocks: _types_pb2.BlockRange
    pipeline: _types_pb2.Pipeline
    duration_ms: int
    last_id: int
    other_pipelines: int
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., duration_ms: _Optional[int] = ..., last_id: _Optional[int] = ..., other_pipelines: _Optional[int] = ...) -> None: ...

class PrepareSession(_message.Message):
    __slots__ = ("role_id",)
    ROLE_ID_FIELD_NUMBER: _ClassVar[int]
    role_id: str
    def __init__(self, role_id: _Optional[str] = ...) -> None: ...

class IndexAccounts(_message.Message):
    __slots__ = ("rows_max",)
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    rows_max: int
    def __init__(self, rows_max: _Optional[int] = ...) -> None: ...

class ExpireLeases(_message.Message):
    __slots__ = ("lease_ids",)
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lease_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class CollectGarbage(_message.Message):
    __slots__ = ("row_keys",)
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PurgeBucket(_message.Message):
    __slots__ = ("bucket_id", "rows_max")
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    rows_max: int
    def __init__(self, bucket_id: _Optional[int] = ..., rows_max: _Optional[int] = ...) -> None: ...

class ExpireHistory(_message.Message):
    __slots__ = ("row_keys",)
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class FillTimes(_message.Message):
    __slots__ = ("bucket_id", "rows_max")
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    rows_max: int
    def __init__(self, bucket_id: _Optional[int] = ..., rows_max: _Optional[int] = ...) -> None: ...

class NoteLifecycleClock(_message.Message):
    __slots__ = ("believed_ms", "leapt_ms", "since_ms")
    BELIEVED_MS_FIELD_NUMBER: _ClassVar[int]
    LEAPT_MS_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    believed_ms: int
    leapt_ms: int
    since_ms: int
    def __init__(self, believed_ms: _Optional[int] = ..., leapt_ms: _Optional[int] = ..., since_ms: _Optional[int] = ...) -> None: ...

class ClearTimes(_message.Message):
    __slots__ = ("bucket_id", "rows_max")
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    rows_max: int
    def __init__(self, bucket_id: _Optional[int] = ..., rows_max: _Optional[int] = ...) -> None: ...

class ExpireObjects(_message.Message):
    __slots__ = ("bucket_id", "revision", "day_ms", "stream", "row_keys", "until", "examined", "now_ms")
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    DAY_MS_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    bucket_id: int
    revision: int
    day_ms: int
    stream: LifecycleStream
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    until: bytes
    examined: int
    now_ms: int
    def __init__(self, bucket_id: _Optional[int] = ..., revision: _Optional[int] = ..., day_ms: _Optional[int] = ..., stream: _Optional[_Union[LifecycleStream, _Mapping]] = ..., row_keys: _Optional[_Iterable[bytes]] = ..., until: _Optional[bytes] = ..., examined: _Optional[int] = ..., now_ms: _Optional[int] = ...) -> None: ...

class LeaseTransitions(_message.Message):
    __slots__ = ("count_max", "after", "day_ms")
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    DAY_MS_FIELD_NUMBER: _ClassVar[int]
    count_max: int
    after: bytes
    day_ms: int
    def __init__(self, count_max: _Optional[int] = ..., after: _Optional[bytes] = ..., day_ms: _Optional[int] = ...) -> None: ...

class ExpireRenames(_message.Message):
    __slots__ = ("done_before_ms", "row_keys")
    DONE_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    done_before_ms: int
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, done_before_ms: _Optional[int] = ..., row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class ExpireCompletedUploads(_message.Message):
    __slots__ = ("completed_before_ms", "row_keys")
    COMPLETED_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    completed_before_ms: int
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, completed_before_ms: _Optional[int] = ..., row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class LookupVolumeRequest(_message.Message):
    __slots__ = ("volume",)
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    volume: str
    def __init__(self, volume: _Optional[str] = ...) -> None: ...

class LookupVolumeReply(_message.Message):
    __slots__ = ("volume",)
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    volume: VolumeRow
    def __init__(self, volume: _Optional[_Union[VolumeRow, _Mapping]] = ...) -> None: ...

class ListVolumesRequest(_message.Message):
    __slots__ = ("account_id", "prefix", "after", "count_max")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    prefix: str
    after: str
    count_max: int
    def __init__(self, account_id: _Optional[str] = ..., prefix: _Optional[str] = ..., after: _Optional[str] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListVolumesReply(_message.Message):
    __slots__ = ("volumes", "truncated")
    VOLUMES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    volumes: _containers.RepeatedCompositeFieldContainer[VolumeRow]
    truncated: bool
    def __init__(self, volumes: _Optional[_Iterable[_Union[VolumeRow, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class LookupBucketRequest(_message.Message):
    __slots__ = ("bucket", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class LookupBucketReply(_message.Message):
    __slots__ = ("bucket", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class ListBucketsRequest(_message.Message):
    __slots__ = ("account_id", "prefix", "after", "count_max", "every_account", "volume")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    EVERY_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    prefix: str
    after: str
    count_max: int
    every_account: bool
    volume: str
    def __init__(self, account_id: _Optional[str] = ..., prefix: _Optional[str] = ..., after: _Optional[str] = ..., count_max: _Optional[int] = ..., every_account: _Optional[bool] = ..., volume: _Optional[str] = ...) -> None: ...

class ListBucketsReply(_message.Message):
    __slots__ = ("buckets", "truncated")
    BUCKETS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    buckets: _containers.RepeatedCompositeFieldContainer[BucketRow]
    truncated: bool
    def __init__(self, buckets: _Optional[_Iterable[_Union[BucketRow, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class LookupKeyRequest(_message.Message):
    __slots__ = ("bucket", "key", "version", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    key: bytes
    version: VersionId
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., key: _Optional[bytes] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class LookupKeyReply(_message.Message):
    __slots__ = ("bucket", "exists", "row", "is_current", "read_tokens", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    EXISTS_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    IS_CURRENT_FIELD_NUMBER: _ClassVar[int]
    READ_TOKENS_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    exists: bool
    row: KeyRow
    is_current: bool
    read_tokens: _containers.RepeatedScalarFieldContainer[bytes]
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., exists: _Optional[bool] = ..., row: _Optional[_Union[KeyRow, _Mapping]] = ..., is_current: _Optional[bool] = ..., read_tokens: _Optional[_Iterable[bytes]] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class GrantTokensRequest(_message.Message):
    __slots__ = ("client_id", "blocks", "writes", "refused_key_id")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    WRITES_FIELD_NUMBER: _ClassVar[int]
    REFUSED_KEY_ID_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    writes: bool
    refused_key_id: int
    def __init__(self, client_id: _Optional[int] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ..., writes: _Optional[bool] = ..., refused_key_id: _Optional[int] = ...) -> None: ...

class GrantTokensReply(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, tokens: _Optional[_Iterable[bytes]] = ...) -> None: ...

class ListKeysRequest(_message.Message):
    __slots__ = ("bucket", "prefix", "delimiter", "after", "count_max", "inclusive", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    INCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    prefix: bytes
    delimiter: bytes
    after: bytes
    count_max: int
    inclusive: bool
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., prefix: _Optional[bytes] = ..., delimiter: _Optional[bytes] = ..., after: _Optional[bytes] = ..., count_max: _Optional[int] = ..., inclusive: _Optional[bool] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class ListKeysReply(_message.Message):
    __slots__ = ("bucket", "keys", "rows", "common_prefixes", "truncated", "last", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COMMON_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    keys: _containers.RepeatedScalarFieldContainer[bytes]
    rows: _containers.RepeatedScalarFieldContainer[bytes]
    common_prefixes: _containers.RepeatedScalarFieldContainer[bytes]
    truncated: bool
    last: bytes
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., keys: _Optional[_Iterable[bytes]] = ..., rows: _Optional[_Iterable[bytes]] = ..., common_prefixes: _Optional[_Iterable[bytes]] = ..., truncated: _Optional[bool] = ..., last: _Optional[bytes] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class ListVersionsRequest(_message.Message):
    __slots__ = ("bucket", "prefix", "delimiter", "key_marker", "version_marker", "count_max", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    KEY_MARKER_FIELD_NUMBER: _ClassVar[int]
    VERSION_MARKER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    prefix: bytes
    delimiter: bytes
    key_marker: bytes
    version_marker: VersionId
    count_max: int
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., prefix: _Optional[bytes] = ..., delimiter: _Optional[bytes] = ..., key_marker: _Optional[bytes] = ..., version_marker: _Optional[_Union[VersionId, _Mapping]] = ..., count_max: _Optional[int] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class ListedVersion(_message.Message):
    __slots__ = ("key", "row", "is_latest")
    KEY_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    IS_LATEST_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    row: KeyRow
    is_latest: bool
    def __init__(self, key: _Optional[bytes] = ..., row: _Optional[_Union[KeyRow, _Mapping]] = ..., is_latest: _Optional[bool] = ...) -> None: ...

class ListVersionsReply(_message.Message):
    __slots__ = ("bucket", "versions", "common_prefixes", "truncated", "next_key_marker", "next_version_marker", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    COMMON_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    NEXT_KEY_MARKER_FIELD_NUMBER: _ClassVar[int]
    NEXT_VERSION_MARKER_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    versions: _containers.RepeatedCompositeFieldContainer[ListedVersion]
    common_prefixes: _containers.RepeatedScalarFieldContainer[bytes]
    truncated: bool
    next_key_marker: bytes
    next_version_marker: VersionId
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., versions: _Optional[_Iterable[_Union[ListedVersion, _Mapping]]] = ..., common_prefixes: _Optional[_Iterable[bytes]] = ..., truncated: _Optional[bool] = ..., next_key_marker: _Optional[bytes] = ..., next_version_marker: _Optional[_Union[VersionId, _Mapping]] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class LookupUploadRequest(_message.Message):
    __slots__ = ("bucket", "key", "upload_id", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    key: bytes
    upload_id: bytes
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class LookupUploadReply(_message.Message):
    __slots__ = ("bucket", "exists", "upload", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    EXISTS_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    exists: bool
    upload: UploadRow
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., exists: _Optional[bool] = ..., upload: _Optional[_Union[UploadRow, _Mapping]] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class ListUploadsRequest(_message.Message):
    __slots__ = ("bucket", "prefix", "delimiter", "key_marker", "upload_id_marker", "count_max", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    KEY_MARKER_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_MARKER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    prefix: bytes
    delimiter: bytes
    key_marker: bytes
    upload_id_marker: bytes
    count_max: int
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., prefix: _Optional[bytes] = ..., delimiter: _Optional[bytes] = ..., key_marker: _Optional[bytes] = ..., upload_id_marker: _Optional[bytes] = ..., count_max: _Optional[int] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class ListUploadsReply(_message.Message):
    __slots__ = ("bucket", "uploads", "common_prefixes", "truncated", "next_key_marker", "next_upload_id_marker", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    COMMON_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    NEXT_KEY_MARKER_FIELD_NUMBER: _ClassVar[int]
    NEXT_UPLOAD_ID_MARKER_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    uploads: _containers.RepeatedCompositeFieldContainer[UploadRow]
    common_prefixes: _containers.RepeatedScalarFieldContainer[bytes]
    truncated: bool
    next_key_marker: bytes
    next_upload_id_marker: bytes
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., uploads: _Optional[_Iterable[_Union[UploadRow, _Mapping]]] = ..., common_prefixes: _Optional[_Iterable[bytes]] = ..., truncated: _Optional[bool] = ..., next_key_marker: _Optional[bytes] = ..., next_upload_id_marker: _Optional[bytes] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class ListPartsRequest(_message.Message):
    __slots__ = ("bucket", "key", "upload_id", "after_number", "count_max", "setting_kinds", "volume")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    SETTING_KINDS_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    key: bytes
    upload_id: bytes
    after_number: int
    count_max: int
    setting_kinds: int
    volume: str
    def __init__(self, bucket: _Optional[str] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., after_number: _Optional[int] = ..., count_max: _Optional[int] = ..., setting_kinds: _Optional[int] = ..., volume: _Optional[str] = ...) -> None: ...

class ListPartsReply(_message.Message):
    __slots__ = ("bucket", "upload", "numbers", "parts", "truncated", "settings")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    SETTINGS_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    upload: UploadRow
    numbers: _containers.RepeatedScalarFieldContainer[int]
    parts: _containers.RepeatedCompositeFieldContainer[PartRow]
    truncated: bool
    settings: _containers.RepeatedCompositeFieldContainer[BucketSetting]
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., upload: _Optional[_Union[UploadRow, _Mapping]] = ..., numbers: _Optional[_Iterable[int]] = ..., parts: _Optional[_Iterable[_Union[PartRow, _Mapping]]] = ..., truncated: _Optional[bool] = ..., settings: _Optional[_Iterable[_Union[BucketSetting, _Mapping]]] = ...) -> None: ...

class DeriveSigningKeyRequest(_message.Message):
    __slots__ = ("access_key", "date", "region", "service", "session_token")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    date: str
    region: str
    service: str
    session_token: str
    def __init__(self, access_key: _Optional[str] = ..., date: _Optional[str] = ..., region: _Optional[str] = ..., service: _Optional[str] = ..., session_token: _Optional[str] = ...) -> None: ...

class DeriveSigningKeyReply(_message.Message):
    __slots__ = ("signing_key", "account", "identity")
    SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    signing_key: bytes
    account: _types_pb2.Account
    identity: _iam_pb2.Identity
    def __init__(self, signing_key: _Optional[bytes] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ..., identity: _Optional[_Union[_iam_pb2.Identity, _Mapping]] = ...) -> None: ...

class VerifySignatureV2Request(_message.Message):
    __slots__ = ("access_key", "string_to_sign", "signature", "session_token")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    STRING_TO_SIGN_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    string_to_sign: bytes
    signature: str
    session_token: str
    def __init__(self, access_key: _Optional[str] = ..., string_to_sign: _Optional[bytes] = ..., signature: _Optional[str] = ..., session_token: _Optional[str] = ...) -> None: ...

class VerifySignatureV2Reply(_message.Message):
    __slots__ = ("valid", "account", "identity")
    VALID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    account: _types_pb2.Account
    identity: _iam_pb2.Identity
    def __init__(self, valid: _Optional[bool] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ..., identity: _Optional[_Union[_iam_pb2.Identity, _Mapping]] = ...) -> None: ...

class ListAccountsRequest(_message.Message):
    __slots__ = ("after", "count_max")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    after: str
    count_max: int
    def __init__(self, after: _Optional[str] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListAccountsReply(_message.Message):
    __slots__ = ("accounts", "truncated")
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    accounts: _containers.RepeatedCompositeFieldContainer[_types_pb2.Account]
    truncated: bool
    def __init__(self, accounts: _Optional[_Iterable[_Union[_types_pb2.Account, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class ListAccessKeysRequest(_message.Message):
    __slots__ = ("account_id", "after", "count_max")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    after: str
    count_max: int
    def __init__(self, account_id: _Optional[str] = ..., after: _Optional[str] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListAccessKeysReply(_message.Message):
    __slots__ = ("keys", "truncated")
    KEYS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[_iam_pb2.AccessKeyRow]
    truncated: bool
    def __init__(self, keys: _Optional[_Iterable[_Union[_iam_pb2.AccessKeyRow, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class NoteOrphanBlocks(_message.Message):
    __slots__ = ("blocks", "search")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[OrphanBlockRow]
    search: OrphanSearchRow
    def __init__(self, blocks: _Optional[_Iterable[_Union[OrphanBlockRow, _Mapping]]] = ..., search: _Optional[_Union[OrphanSearchRow, _Mapping]] = ...) -> None: ...

class ForgetOrphanBlocks(_message.Message):
    __slots__ = ("row_keys",)
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class CollectOrphanBlocks(_message.Message):
    __slots__ = ("row_keys",)
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class FindOrphansRequest(_message.Message):
    __slots__ = ("blocks",)
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

class FindOrphansReply(_message.Message):
    __slots__ = ("orphans", "ages_ms", "keep_ms", "too_many")
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    AGES_MS_FIELD_NUMBER: _ClassVar[int]
    KEEP_MS_FIELD_NUMBER: _ClassVar[int]
    TOO_MANY_FIELD_NUMBER: _ClassVar[int]
    orphans: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    ages_ms: _containers.RepeatedScalarFieldContainer[int]
    keep_ms: int
    too_many: bool
    def __init__(self, orphans: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ..., ages_ms: _Optional[_Iterable[int]] = ..., keep_ms: _Optional[int] = ..., too_many: _Optional[bool] = ...) -> None: ...

class ListLifecyclesRequest(_message.Message):
    __slots__ = ("after", "count_max")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    after: int
    count_max: int
    def __init__(self, after: _Optional[int] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListLifecyclesReply(_message.Message):
    __slots__ = ("lifecycles", "next")
    LIFECYCLES_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    lifecycles: _containers.RepeatedCompositeFieldContainer[LifecycleRow]
    next: int
    def __init__(self, lifecycles: _Optional[_Iterable[_Union[LifecycleRow, _Mapping]]] = ..., next: _Optional[int] = ...) -> None: ...

class TakeTransitionsRequest(_message.Message):
    __slots__ = ("count_max", "after")
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    count_max: int
    after: bytes
    def __init__(self, count_max: _Optional[int] = ..., after: _Optional[bytes] = ...) -> None: ...

class TakeTransitionsReply(_message.Message):
    __slots__ = ("transitions", "lease_ms")
    TRANSITIONS_FIELD_NUMBER: _ClassVar[int]
    LEASE_MS_FIELD_NUMBER: _ClassVar[int]
    transitions: _containers.RepeatedCompositeFieldContainer[Transition]
    lease_ms: int
    def __init__(self, transitions: _Optional[_Iterable[_Union[Transition, _Mapping]]] = ..., lease_ms: _Optional[int] = ...) -> None: ...

class Transition(_message.Message):
    __slots__ = ("volume", "bucket", "bucket_id", "key", "object_id", "version", "storage_class", "place")
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STORAGE_CLASS_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    volume: str
    bucket: str
    bucket_id: int
    key: bytes
    object_id: int
    version: VersionId
    storage_class: str
    place: bytes
    def __init__(self, volume: _Optional[str] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., object_id: _Optional[int] = ..., version: _Optional[_Union[VersionId, _Mapping]] = ..., storage_class: _Optional[str] = ..., place: _Optional[bytes] = ...) -> None: ...

class HolderPlace(_message.Message):
    __slots__ = ("in_deleted_buckets", "bucket_key", "kind", "row_key", "part_number")
    IN_DELETED_BUCKETS_FIELD_NUMBER: _ClassVar[int]
    BUCKET_KEY_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ROW_KEY_FIELD_NUMBER: _ClassVar[int]
    PART_NUMBER_FIELD_NUMBER: _ClassVar[int]
    in_deleted_buckets: bool
    bucket_key: bytes
    kind: Holder.Kind
    row_key: bytes
    part_number: int
    def __init__(self, in_deleted_buckets: _Optional[bool] = ..., bucket_key: _Optional[bytes] = ..., kind: _Optional[_Union[Holder.Kind, str]] = ..., row_key: _Optional[bytes] = ..., part_number: _Optional[int] = ...) -> None: ...

class Holder(_message.Message):
    __slots__ = ("kind", "volume", "bucket", "key", "object_id", "upload_id", "part_number", "size_bytes", "modified_ms", "held_bytes", "container_ids")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Holder.Kind]
        OBJECT: _ClassVar[Holder.Kind]
        VERSION: _ClassVar[Holder.Kind]
        PART: _ClassVar[Holder.Kind]
    KIND_UNSPECIFIED: Holder.Kind
    OBJECT: Holder.Kind
    VERSION: Holder.Kind
    PART: Holder.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    VOLUME_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    PART_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    CONTAINER_IDS_FIELD_NUMBER: _ClassVar[int]
    kind: Holder.Kind
    volume: str
    bucket: str
    key: bytes
    object_id: int
    upload_id: bytes
    part_number: int
    size_bytes: int
    modified_ms: int
    held_bytes: int
    container_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, kind: _Optional[_Union[Holder.Kind, str]] = ..., volume: _Optional[str] = ..., bucket: _Optional[str] = ..., key: _Optional[bytes] = ..., object_id: _Optional[int] = ..., upload_id: _Optional[bytes] = ..., part_number: _Optional[int] = ..., size_bytes: _Optional[int] = ..., modified_ms: _Optional[int] = ..., held_bytes: _Optional[int] = ..., container_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class FindHoldersRequest(_message.Message):
    __slots__ = ("container_ids", "after")
    CONTAINER_IDS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    container_ids: _containers.RepeatedScalarFieldContainer[int]
    after: bytes
    def __init__(self, container_ids: _Optional[_Iterable[int]] = ..., after: _Optional[bytes] = ...) -> None: ...

class ReferencedContainer(_message.Message):
    __slots__ = ("container_id", "blocks", "at_least")
    CONTAINER_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    container_id: int
    blocks: int
    at_least: bool
    def __init__(self, container_id: _Optional[int] = ..., blocks: _Optional[int] = ..., at_least: _Optional[bool] = ...) -> None: ...

class FindHoldersReply(_message.Message):
    __slots__ = ("holders", "examined", "next", "containers")
    HOLDERS_FIELD_NUMBER: _ClassVar[int]
    EXAMINED_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    CONTAINERS_FIELD_NUMBER: _ClassVar[int]
    holders: _containers.RepeatedCompositeFieldContainer[Holder]
    examined: int
    next: bytes
    containers: _containers.RepeatedCompositeFieldContainer[ReferencedContainer]
    def __init__(self, holders: _Optional[_Iterable[_Union[Holder, _Mapping]]] = ..., examined: _Optional[int] = ..., next: _Optional[bytes] = ..., containers: _Optional[_Iterable[_Union[ReferencedContainer, _Mapping]]] = ...) -> None: ...

class DescribeOmRequest(_message.Message):
    __slots__ = ("count_rows",)
    COUNT_ROWS_FIELD_NUMBER: _ClassVar[int]
    count_rows: bool
    def __init__(self, count_rows: _Optional[bool] = ...) -> None: ...

class TableSize(_message.Message):
    __slots__ = ("name", "rows")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    name: str
    rows: int
    def __init__(self, name: _Optional[str] = ..., rows: _Optional[int] = ...) -> None: ...

class DescribeOmReply(_message.Message):
    __slots__ = ("node_id", "leader", "applied_index", "tables", "term", "full", "refused_entries", "kept")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INDEX_FIELD_NUMBER: _ClassVar[int]
    TABLES_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    REFUSED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    leader: bool
    applied_index: int
    tables: _containers.RepeatedCompositeFieldContainer[TableSize]
    term: int
    full: bool
    refused_entries: int
    kept: _types_pb2.KeptBlocks
    def __init__(self, node_id: _Optional[str] = ..., leader: _Optional[bool] = ..., applied_index: _Optional[int] = ..., tables: _Optional[_Iterable[_Union[TableSize, _Mapping]]] = ..., term: _Optional[int] = ..., full: _Optional[bool] = ..., refused_entries: _Optional[int] = ..., kept: _Optional[_Union[_types_pb2.KeptBlocks, _Mapping]] = ...) -> None: ...
