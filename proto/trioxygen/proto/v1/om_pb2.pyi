from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BucketRow(_message.Message):
    __slots__ = ("bucket_id", "name", "account_id", "created_ms", "location", "history_retention_ms", "layout")
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
    bucket_id: int
    name: str
    account_id: str
    created_ms: int
    location: str
    history_retention_ms: int
    layout: BucketRow.Layout
    def __init__(self, bucket_id: _Optional[int] = ..., name: _Optional[str] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., location: _Optional[str] = ..., history_retention_ms: _Optional[int] = ..., layout: _Optional[_Union[BucketRow.Layout, str]] = ...) -> None: ...

class HeaderPair(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("number", "size_bytes", "checksum")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    number: int
    size_bytes: int
    checksum: bytes
    def __init__(self, number: _Optional[int] = ..., size_bytes: _Optional[int] = ..., checksum: _Optional[bytes] = ...) -> None: ...

class KeyRow(_message.Message):
    __slots__ = ("object_id", "size_bytes", "modified_ms", "etag", "storage_class", "account_id", "checksum_algorithm", "checksum_type", "checksum", "blocks", "headers", "parts")
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
    def __init__(self, object_id: _Optional[int] = ..., size_bytes: _Optional[int] = ..., modified_ms: _Optional[int] = ..., etag: _Optional[str] = ..., storage_class: _Optional[str] = ..., account_id: _Optional[str] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., checksum_type: _Optional[_Union[_types_pb2.ChecksumType, str]] = ..., checksum: _Optional[bytes] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockSlice, _Mapping]]] = ..., headers: _Optional[_Union[ObjectHeaders, _Mapping]] = ..., parts: _Optional[_Iterable[_Union[ObjectPart, _Mapping]]] = ...) -> None: ...

class HistoryRow(_message.Message):
    __slots__ = ("row", "superseded_ms", "superseded_group_ms")
    ROW_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_MS_FIELD_NUMBER: _ClassVar[int]
    SUPERSEDED_GROUP_MS_FIELD_NUMBER: _ClassVar[int]
    row: KeyRow
    superseded_ms: int
    superseded_group_ms: int
    def __init__(self, row: _Optional[_Union[KeyRow, _Mapping]] = ..., superseded_ms: _Optional[int] = ..., superseded_group_ms: _Optional[int] = ...) -> None: ...

class UploadRow(_message.Message):
    __slots__ = ("bucket_id", "account_id", "created_ms", "storage_class", "checksum_algorithm", "checksum_type", "headers", "upload_id", "key", "checksum_chosen")
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
    def __init__(self, bucket_id: _Optional[int] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., storage_class: _Optional[str] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., checksum_type: _Optional[_Union[_types_pb2.ChecksumType, str]] = ..., headers: _Optional[_Union[ObjectHeaders, _Mapping]] = ..., upload_id: _Optional[bytes] = ..., key: _Optional[bytes] = ..., checksum_chosen: _Optional[bool] = ...) -> None: ...

class PartRow(_message.Message):
    __slots__ = ("size_bytes", "modified_ms", "etag", "checksum", "checksum_algorithm", "blocks", "client_checksum_algorithm", "client_checksum")
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CHECKSUM_ALGORITHM_FIELD_NUMBER: _ClassVar[int]
    CLIENT_CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    size_bytes: int
    modified_ms: int
    etag: str
    checksum: bytes
    checksum_algorithm: _types_pb2.ChecksumAlgorithm
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockSlice]
    client_checksum_algorithm: _types_pb2.ChecksumAlgorithm
    client_checksum: bytes
    def __init__(self, size_bytes: _Optional[int] = ..., modified_ms: _Optional[int] = ..., etag: _Optional[str] = ..., checksum: _Optional[bytes] = ..., checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockSlice, _Mapping]]] = ..., client_checksum_algorithm: _Optional[_Union[_types_pb2.ChecksumAlgorithm, str]] = ..., client_checksum: _Optional[bytes] = ...) -> None: ...

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
    __slots__ = ("blocks", "not_before_ms")
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    NOT_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    blocks: _types_pb2.BlockRange
    not_before_ms: int
    def __init__(self, blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., not_before_ms: _Optional[int] = ...) -> None: ...

class AccessKeyRow(_message.Message):
    __slots__ = ("access_key", "secret_key", "account_id", "created_ms")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    secret_key: str
    account_id: str
    created_ms: int
    def __init__(self, access_key: _Optional[str] = ..., secret_key: _Optional[str] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ...) -> None: ...

class RetryRow(_message.Message):
    __slots__ = ("answered_ms", "method", "reply")
    ANSWERED_MS_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    answered_ms: int
    method: int
    reply: bytes
    def __init__(self, answered_ms: _Optional[int] = ..., method: _Optional[int] = ..., reply: _Optional[bytes] = ...) -> None: ...

class VolumeRow(_message.Message):
    __slots__ = ("name", "account_id", "created_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    account_id: str
    created_ms: int
    def __init__(self, name: _Optional[str] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ...) -> None: ...

class DeletedBucketRow(_message.Message):
    __slots__ = ("name", "deleted_ms")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DELETED_MS_FIELD_NUMBER: _ClassVar[int]
    name: str
    deleted_ms: int
    def __init__(self, name: _Optional[str] = ..., deleted_ms: _Optional[int] = ...) -> None: ...

class CreateBucketRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "account_id", "location")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    account_id: str
    location: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., account_id: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...

class CreateBucketReply(_message.Message):
    __slots__ = ("bucket",)
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ...) -> None: ...

class DeleteBucketRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ...) -> None: ...

class DeleteBucketReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WriteCondition(_message.Message):
    __slots__ = ("if_none_match", "if_match")
    IF_NONE_MATCH_FIELD_NUMBER: _ClassVar[int]
    IF_MATCH_FIELD_NUMBER: _ClassVar[int]
    if_none_match: str
    if_match: str
    def __init__(self, if_none_match: _Optional[str] = ..., if_match: _Optional[str] = ...) -> None: ...

class CopySource(_message.Message):
    __slots__ = ("bucket", "bucket_id", "key", "object_id")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    bucket_id: int
    key: bytes
    object_id: int
    def __init__(self, bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., object_id: _Optional[int] = ...) -> None: ...

class CommitKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id", "key", "row", "condition", "copy_source")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    COPY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    key: bytes
    row: KeyRow
    condition: WriteCondition
    copy_source: CopySource
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., row: _Optional[_Union[KeyRow, _Mapping]] = ..., condition: _Optional[_Union[WriteCondition, _Mapping]] = ..., copy_source: _Optional[_Union[CopySource, _Mapping]] = ...) -> None: ...

class CommitKeyReply(_message.Message):
    __slots__ = ("object_id", "modified_ms")
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    object_id: int
    modified_ms: int
    def __init__(self, object_id: _Optional[int] = ..., modified_ms: _Optional[int] = ...) -> None: ...

class DeleteKeysRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id", "keys")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    keys: _containers.RepeatedCompositeFieldContainer[KeyToDelete]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., keys: _Optional[_Iterable[_Union[KeyToDelete, _Mapping]]] = ...) -> None: ...

class KeyToDelete(_message.Message):
    __slots__ = ("key", "if_match")
    KEY_FIELD_NUMBER: _ClassVar[int]
    IF_MATCH_FIELD_NUMBER: _ClassVar[int]
    key: bytes
    if_match: str
    def __init__(self, key: _Optional[bytes] = ..., if_match: _Optional[str] = ...) -> None: ...

class DeleteKeysReply(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedScalarFieldContainer[_types_pb2.ErrorCode]
    def __init__(self, results: _Optional[_Iterable[_Union[_types_pb2.ErrorCode, str]]] = ...) -> None: ...

class CreateUploadRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id", "key", "row")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    key: bytes
    row: UploadRow
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., row: _Optional[_Union[UploadRow, _Mapping]] = ...) -> None: ...

class CreateUploadReply(_message.Message):
    __slots__ = ("upload_id",)
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    upload_id: bytes
    def __init__(self, upload_id: _Optional[bytes] = ...) -> None: ...

class CommitPartRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id", "key", "upload_id", "number", "row")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    key: bytes
    upload_id: bytes
    number: int
    row: PartRow
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., number: _Optional[int] = ..., row: _Optional[_Union[PartRow, _Mapping]] = ...) -> None: ...

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
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id", "key", "upload_id", "parts", "condition", "checksum", "size_bytes", "part_size_bytes_min")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    CONDITION_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    PART_SIZE_BYTES_MIN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    key: bytes
    upload_id: bytes
    parts: _containers.RepeatedCompositeFieldContainer[CompletePart]
    condition: WriteCondition
    checksum: _types_pb2.Checksum
    size_bytes: int
    part_size_bytes_min: int
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., parts: _Optional[_Iterable[_Union[CompletePart, _Mapping]]] = ..., condition: _Optional[_Union[WriteCondition, _Mapping]] = ..., checksum: _Optional[_Union[_types_pb2.Checksum, _Mapping]] = ..., size_bytes: _Optional[int] = ..., part_size_bytes_min: _Optional[int] = ...) -> None: ...

class CompleteUploadReply(_message.Message):
    __slots__ = ("etag", "checksum", "object_id", "modified_ms")
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHECKSUM_FIELD_NUMBER: _ClassVar[int]
    OBJECT_ID_FIELD_NUMBER: _ClassVar[int]
    MODIFIED_MS_FIELD_NUMBER: _ClassVar[int]
    etag: str
    checksum: _types_pb2.Checksum
    object_id: int
    modified_ms: int
    def __init__(self, etag: _Optional[str] = ..., checksum: _Optional[_Union[_types_pb2.Checksum, _Mapping]] = ..., object_id: _Optional[int] = ..., modified_ms: _Optional[int] = ...) -> None: ...

class AbortUploadRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "bucket", "bucket_id", "key", "upload_id")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    BUCKET_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    bucket: str
    bucket_id: int
    key: bytes
    upload_id: bytes
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., bucket: _Optional[str] = ..., bucket_id: _Optional[int] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ...) -> None: ...

class AbortUploadReply(_message.Message):
    __slots__ = ("more",)
    MORE_FIELD_NUMBER: _ClassVar[int]
    more: bool
    def __init__(self, more: _Optional[bool] = ...) -> None: ...

class LeaseBlocksRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "count", "block_bytes_max")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    BLOCK_BYTES_MAX_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    count: int
    block_bytes_max: int
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., count: _Optional[int] = ..., block_bytes_max: _Optional[int] = ...) -> None: ...

class LeaseBlocksReply(_message.Message):
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

class RenewLeasesRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "lease_ids")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., lease_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RenewLeasesReply(_message.Message):
    __slots__ = ("lost",)
    LOST_FIELD_NUMBER: _ClassVar[int]
    lost: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, lost: _Optional[_Iterable[int]] = ...) -> None: ...

class ReleaseLeasesRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "lease_ids", "blocks")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    LEASE_IDS_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    lease_ids: _containers.RepeatedScalarFieldContainer[int]
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., lease_ids: _Optional[_Iterable[int]] = ..., blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

class ReleaseLeasesReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CreateAccountRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "account")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    account: _types_pb2.Account
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ...) -> None: ...

class CreateAccountReply(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: _types_pb2.Account
    def __init__(self, account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ...) -> None: ...

class CreateAccessKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "account_id", "access_key", "secret_key")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_KEY_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    account_id: str
    access_key: str
    secret_key: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., account_id: _Optional[str] = ..., access_key: _Optional[str] = ..., secret_key: _Optional[str] = ...) -> None: ...

class CreateAccessKeyReply(_message.Message):
    __slots__ = ("key",)
    KEY_FIELD_NUMBER: _ClassVar[int]
    key: AccessKeyRow
    def __init__(self, key: _Optional[_Union[AccessKeyRow, _Mapping]] = ...) -> None: ...

class RevokeAccessKeyRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "access_key")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    access_key: str
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., access_key: _Optional[str] = ...) -> None: ...

class RevokeAccessKeyReply(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class InitializeOm(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GrantLease(_message.Message):
    __slots__ = ("client_id", "request_id", "blocks", "pipeline", "duration_ms", "last_id", "other_pipelines")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    PIPELINE_FIELD_NUMBER: _ClassVar[int]
    DURATION_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_ID_FIELD_NUMBER: _ClassVar[int]
    OTHER_PIPELINES_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    blocks: _types_pb2.BlockRange
    pipeline: _types_pb2.Pipeline
    duration_ms: int
    last_id: int
    other_pipelines: int
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., blocks: _Optional[_Union[_types_pb2.BlockRange, _Mapping]] = ..., pipeline: _Optional[_Union[_types_pb2.Pipeline, _Mapping]] = ..., duration_ms: _Optional[int] = ..., last_id: _Optional[int] = ..., other_pipelines: _Optional[int] = ...) -> None: ...

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

class ExpireRetries(_message.Message):
    __slots__ = ("answered_before_ms", "rows_max")
    ANSWERED_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    ROWS_MAX_FIELD_NUMBER: _ClassVar[int]
    answered_before_ms: int
    rows_max: int
    def __init__(self, answered_before_ms: _Optional[int] = ..., rows_max: _Optional[int] = ...) -> None: ...

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

class ExpireCompletedUploads(_message.Message):
    __slots__ = ("completed_before_ms", "row_keys")
    COMPLETED_BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    ROW_KEYS_FIELD_NUMBER: _ClassVar[int]
    completed_before_ms: int
    row_keys: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, completed_before_ms: _Optional[int] = ..., row_keys: _Optional[_Iterable[bytes]] = ...) -> None: ...

class WorkReply(_message.Message):
    __slots__ = ("more",)
    MORE_FIELD_NUMBER: _ClassVar[int]
    more: bool
    def __init__(self, more: _Optional[bool] = ...) -> None: ...

class LookupBucketRequest(_message.Message):
    __slots__ = ("bucket",)
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    def __init__(self, bucket: _Optional[str] = ...) -> None: ...

class LookupBucketReply(_message.Message):
    __slots__ = ("bucket",)
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ...) -> None: ...

class ListBucketsRequest(_message.Message):
    __slots__ = ("account_id", "prefix", "after", "count_max", "every_account")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    EVERY_ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    prefix: str
    after: str
    count_max: int
    every_account: bool
    def __init__(self, account_id: _Optional[str] = ..., prefix: _Optional[str] = ..., after: _Optional[str] = ..., count_max: _Optional[int] = ..., every_account: _Optional[bool] = ...) -> None: ...

class ListBucketsReply(_message.Message):
    __slots__ = ("buckets", "truncated")
    BUCKETS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    buckets: _containers.RepeatedCompositeFieldContainer[BucketRow]
    truncated: bool
    def __init__(self, buckets: _Optional[_Iterable[_Union[BucketRow, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class LookupKeyRequest(_message.Message):
    __slots__ = ("bucket", "key")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    key: bytes
    def __init__(self, bucket: _Optional[str] = ..., key: _Optional[bytes] = ...) -> None: ...

class LookupKeyReply(_message.Message):
    __slots__ = ("bucket", "found", "row")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    ROW_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    found: bool
    row: KeyRow
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., found: _Optional[bool] = ..., row: _Optional[_Union[KeyRow, _Mapping]] = ...) -> None: ...

class ListKeysRequest(_message.Message):
    __slots__ = ("bucket", "prefix", "delimiter", "after", "count_max", "inclusive")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    INCLUSIVE_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    prefix: bytes
    delimiter: bytes
    after: bytes
    count_max: int
    inclusive: bool
    def __init__(self, bucket: _Optional[str] = ..., prefix: _Optional[bytes] = ..., delimiter: _Optional[bytes] = ..., after: _Optional[bytes] = ..., count_max: _Optional[int] = ..., inclusive: _Optional[bool] = ...) -> None: ...

class ListKeysReply(_message.Message):
    __slots__ = ("bucket", "keys", "rows", "common_prefixes", "truncated", "last")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COMMON_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    keys: _containers.RepeatedScalarFieldContainer[bytes]
    rows: _containers.RepeatedScalarFieldContainer[bytes]
    common_prefixes: _containers.RepeatedScalarFieldContainer[bytes]
    truncated: bool
    last: bytes
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., keys: _Optional[_Iterable[bytes]] = ..., rows: _Optional[_Iterable[bytes]] = ..., common_prefixes: _Optional[_Iterable[bytes]] = ..., truncated: _Optional[bool] = ..., last: _Optional[bytes] = ...) -> None: ...

class LookupUploadRequest(_message.Message):
    __slots__ = ("bucket", "key", "upload_id")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    key: bytes
    upload_id: bytes
    def __init__(self, bucket: _Optional[str] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ...) -> None: ...

class LookupUploadReply(_message.Message):
    __slots__ = ("bucket", "found", "upload", "completed")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    found: bool
    upload: UploadRow
    completed: bool
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., found: _Optional[bool] = ..., upload: _Optional[_Union[UploadRow, _Mapping]] = ..., completed: _Optional[bool] = ...) -> None: ...

class ListUploadsRequest(_message.Message):
    __slots__ = ("bucket", "prefix", "delimiter", "key_marker", "upload_id_marker", "count_max")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    PREFIX_FIELD_NUMBER: _ClassVar[int]
    DELIMITER_FIELD_NUMBER: _ClassVar[int]
    KEY_MARKER_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_MARKER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    prefix: bytes
    delimiter: bytes
    key_marker: bytes
    upload_id_marker: bytes
    count_max: int
    def __init__(self, bucket: _Optional[str] = ..., prefix: _Optional[bytes] = ..., delimiter: _Optional[bytes] = ..., key_marker: _Optional[bytes] = ..., upload_id_marker: _Optional[bytes] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListUploadsReply(_message.Message):
    __slots__ = ("bucket", "uploads", "common_prefixes", "truncated", "next_key_marker", "next_upload_id_marker")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    UPLOADS_FIELD_NUMBER: _ClassVar[int]
    COMMON_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    NEXT_KEY_MARKER_FIELD_NUMBER: _ClassVar[int]
    NEXT_UPLOAD_ID_MARKER_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    uploads: _containers.RepeatedCompositeFieldContainer[UploadRow]
    common_prefixes: _containers.RepeatedScalarFieldContainer[bytes]
    truncated: bool
    next_key_marker: bytes
    next_upload_id_marker: bytes
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., uploads: _Optional[_Iterable[_Union[UploadRow, _Mapping]]] = ..., common_prefixes: _Optional[_Iterable[bytes]] = ..., truncated: _Optional[bool] = ..., next_key_marker: _Optional[bytes] = ..., next_upload_id_marker: _Optional[bytes] = ...) -> None: ...

class ListPartsRequest(_message.Message):
    __slots__ = ("bucket", "key", "upload_id", "after_number", "count_max")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_NUMBER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    bucket: str
    key: bytes
    upload_id: bytes
    after_number: int
    count_max: int
    def __init__(self, bucket: _Optional[str] = ..., key: _Optional[bytes] = ..., upload_id: _Optional[bytes] = ..., after_number: _Optional[int] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListPartsReply(_message.Message):
    __slots__ = ("bucket", "upload", "numbers", "parts", "truncated")
    BUCKET_FIELD_NUMBER: _ClassVar[int]
    UPLOAD_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    bucket: BucketRow
    upload: UploadRow
    numbers: _containers.RepeatedScalarFieldContainer[int]
    parts: _containers.RepeatedCompositeFieldContainer[PartRow]
    truncated: bool
    def __init__(self, bucket: _Optional[_Union[BucketRow, _Mapping]] = ..., upload: _Optional[_Union[UploadRow, _Mapping]] = ..., numbers: _Optional[_Iterable[int]] = ..., parts: _Optional[_Iterable[_Union[PartRow, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class DeriveSigningKeyRequest(_message.Message):
    __slots__ = ("access_key", "date", "region", "service")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    DATE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    date: str
    region: str
    service: str
    def __init__(self, access_key: _Optional[str] = ..., date: _Optional[str] = ..., region: _Optional[str] = ..., service: _Optional[str] = ...) -> None: ...

class DeriveSigningKeyReply(_message.Message):
    __slots__ = ("signing_key", "account")
    SIGNING_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    signing_key: bytes
    account: _types_pb2.Account
    def __init__(self, signing_key: _Optional[bytes] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ...) -> None: ...

class VerifySignatureV2Request(_message.Message):
    __slots__ = ("access_key", "string_to_sign", "signature")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    STRING_TO_SIGN_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    string_to_sign: bytes
    signature: str
    def __init__(self, access_key: _Optional[str] = ..., string_to_sign: _Optional[bytes] = ..., signature: _Optional[str] = ...) -> None: ...

class VerifySignatureV2Reply(_message.Message):
    __slots__ = ("valid", "account")
    VALID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    valid: bool
    account: _types_pb2.Account
    def __init__(self, valid: _Optional[bool] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ...) -> None: ...

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
    keys: _containers.RepeatedCompositeFieldContainer[AccessKeyRow]
    truncated: bool
    def __init__(self, keys: _Optional[_Iterable[_Union[AccessKeyRow, _Mapping]]] = ..., truncated: _Optional[bool] = ...) -> None: ...

class FindOrphansRequest(_message.Message):
    __slots__ = ("blocks",)
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    blocks: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, blocks: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

class FindOrphansReply(_message.Message):
    __slots__ = ("orphans",)
    ORPHANS_FIELD_NUMBER: _ClassVar[int]
    orphans: _containers.RepeatedCompositeFieldContainer[_types_pb2.BlockId]
    def __init__(self, orphans: _Optional[_Iterable[_Union[_types_pb2.BlockId, _Mapping]]] = ...) -> None: ...

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
    __slots__ = ("node_id", "leader", "applied_index", "tables", "term", "full", "refused_entries")
    NODE_ID_FIELD_NUMBER: _ClassVar[int]
    LEADER_FIELD_NUMBER: _ClassVar[int]
    APPLIED_INDEX_FIELD_NUMBER: _ClassVar[int]
    TABLES_FIELD_NUMBER: _ClassVar[int]
    TERM_FIELD_NUMBER: _ClassVar[int]
    FULL_FIELD_NUMBER: _ClassVar[int]
    REFUSED_ENTRIES_FIELD_NUMBER: _ClassVar[int]
    node_id: str
    leader: bool
    applied_index: int
    tables: _containers.RepeatedCompositeFieldContainer[TableSize]
    term: int
    full: bool
    refused_entries: int
    def __init__(self, node_id: _Optional[str] = ..., leader: _Optional[bool] = ..., applied_index: _Optional[int] = ..., tables: _Optional[_Iterable[_Union[TableSize, _Mapping]]] = ..., term: _Optional[int] = ..., full: _Optional[bool] = ..., refused_entries: _Optional[int] = ...) -> None: ...
