"""Rules of the Ozone Manager's requests and of the rows that come with them."""

from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.common.paging import ROW_BYTES_MAX
from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    REQUIRED_PART,
    MessageRules,
    Rule,
    each,
    field_value,
    known,
    line,
    matching,
    number,
    raw,
    rules,
    some,
)
from trioxygen.common.rpc.rules.types import (
    BLOCK_BYTES,
    BUCKET,
    CHECKSUM,
    COUNT,
    ID,
    ID_OR_NONE,
    KEY,
    NAME_OR_NONE,
    NODE_ID,
    OBJECT_BYTES,
    RETRIED,
    SENT,
    SLICES_MAX,
    TIME_MS,
    VOLUME,
)
from trioxygen.common.sealed_sizes import stored_bytes
from trioxygen.common.units import GIB, KIB, TIB
from trioxygen.proto.v1 import om_pb2 as om

# Names of buckets that can be made: a label of DNS, or several.
BUCKET_NAME_MAX: Final = 255
DELETED_KEYS_MAX: Final = 1_000
LEASES_NAMED_MAX: Final = 10_000
METADATA_MAX: Final = 16 * KIB
MASTER_KEYS_MAX: Final = 10_000
EXCLUDED_NODES_MAX: Final = 1_000
CONTAINERS_ASKED_MAX: Final = 1_000

# S3 allows ten; a setting may allow more.
_TAGS_MAX: Final = 50
_LOCK_DAYS_MAX: Final = 36_500
_LOCK_YEARS_MAX: Final = 100

_ACCESS_KEY: Final = line(128)
_ACCOUNT_ID: Final = line(256)
# The rest of x-amz-meta-: of a header's name, or a query's, which may have more letters.
_FIELD_NAME: Final = matching("a part of a header field's name", "[!-9;-~\x80-\xff]*", 4_096)
_ETAG: Final = Rule(
    "an entity tag",
    expression="len(value) <= 128 and value.isascii() and value.isprintable()"
    " and '\"' not in value and ' ' not in value",
)
_HEX_DIGITS: Final = frozenset("0123456789abcdef")
# The ETag of an object of parts is made of theirs.
_HEX: Final = Rule(
    "pairs of hexadecimal digits",
    lambda value: len(value) <= 64 and len(value) % 2 == 0 and not set(value) - _HEX_DIGITS,
)
_BUCKET_TO_MAKE: Final = Rule(
    "a bucket's name",
    lambda value: (
        0 < len(value) <= BUCKET_NAME_MAX
        and value.isascii()
        and value.isprintable()
        and not set(value) & set("/ ")
    ),
    is_required=True,
)
_NAMED: Final = {"volume": VOLUME, "bucket": BUCKET}
_IN_BUCKET: Final = {**RETRIED, **_NAMED, "bucket_id": ID}
_READS_BUCKET: Final = {**_NAMED, "setting_kinds": ANY}
_OF_VERSION: Final = {**_IN_BUCKET, "key": KEY, "version": PART}
_OF_UPLOAD: Final = {**_IN_BUCKET, "key": KEY, "upload_id": raw(65_536)}


_KINDS_WITH_ID: Final = frozenset(
    (
        om.BucketSetting.INVENTORY,
        om.BucketSetting.METRICS,
        om.BucketSetting.ANALYTICS,
        om.BucketSetting.INTELLIGENT_TIERING,
    )
)
_KIND: Final = known(is_required=True)
_SETTING_ID: Final = line(255)
# That a bucket begins with.
_SETTINGS_TO_BEGIN_MAX: Final = 8


def _setting_fault(setting: Any) -> str | None:
    """Of whatever names a setting by `kind` and `id`."""
    if bool(setting.id) == (setting.kind in _KINDS_WITH_ID):
        return None
    return "id belongs to kinds that a bucket has many of, and to them alone"


def _retention_fault(retention: Any) -> str | None:
    if bool(retention.mode) == bool(retention.retain_until_ms):
        return None
    return "a mode and a time belong together"


def _default_lock_fault(lock: Any) -> str | None:
    if bool(lock.mode) == (bool(lock.days) != bool(lock.years)):
        return None
    return "a mode and either days or years belong together"


def _headers_fault(headers: Any) -> str | None:
    if not headers.user_metadata:
        return None
    size_bytes = sum([len(pair.name) + len(pair.value) for pair in headers.user_metadata])
    return None if size_bytes <= METADATA_MAX else f"{size_bytes:,} characters of metadata"


def _blocks_fault(row: Any) -> str | None:
    total = sum([piece.length_bytes for piece in row.blocks])
    expected = row.size_bytes
    if row.pieces:
        if sum([piece.plain_bytes for piece in row.pieces]) != expected:
            return f"row's pieces are not of its {expected:,} bytes"
        expected = sum([stored_bytes(piece) for piece in row.pieces])
    if total == expected:
        return None
    return f"row's blocks hold {total:,} bytes, its size is {expected:,}"


def _piece_fault(piece: Any) -> str | None:
    whole = piece.sealed_plain_bytes or piece.plain_bytes
    if piece.offset_bytes + piece.plain_bytes <= whole:
        return None
    return "a piece ends behind what was sealed"


def _commit_fault(request: Any) -> str | None:
    # A copy's blocks are its source's, whatever the client says they are; unless it wrote its own.
    shares = request.HasField("copy_source") and not request.copy_source.rewritten
    return None if shares else _blocks_fault(request.row)


def _part_fault(request: Any) -> str | None:
    if not request.HasField("copy_source"):
        return _blocks_fault(request.row)
    taken, size_bytes = request.copy_source.length_bytes, request.row.size_bytes
    if request.row.pieces:
        size_bytes = sum([stored_bytes(piece) for piece in request.row.pieces])
    if taken == size_bytes:
        return None
    return f"{taken:,} bytes of the source are no part of {size_bytes:,}"


ROWS: Final[dict[type[Message], MessageRules]] = {
    om.HeaderPair: rules(name=_FIELD_NAME, value=field_value(8_192)),
    om.ObjectHeaders: rules(
        _headers_fault,
        content_type=field_value(8_192),
        cache_control=field_value(8_192),
        content_disposition=field_value(8_192),
        content_encoding=field_value(8_192),
        content_language=field_value(8_192),
        expires=field_value(8_192),
        website_redirect_location=field_value(8_192),
        user_metadata=each(PART, 2_048),
    ),
    om.ObjectPart: rules(
        number=number(1, PART_NUMBER_MAX),
        size_bytes=OBJECT_BYTES,
        checksum=CHECKSUM,
        md5=raw(16),
    ),
    om.KeyRow: rules(
        object_id=ID_OR_NONE,
        size_bytes=OBJECT_BYTES,
        modified_ms=TIME_MS,
        etag=_ETAG,
        storage_class=NAME_OR_NONE,
        account_id=_ACCOUNT_ID,
        checksum_algorithm=known(),
        checksum_type=known(),
        checksum=CHECKSUM,
        blocks=each(PART, SLICES_MAX),
        headers=PART,
        parts=each(PART, PART_NUMBER_MAX),
        replication=PART,
        is_versioned=ANY,
        is_marker=ANY,
        null_object_id=ID_OR_NONE,
        tags=each(PART, _TAGS_MAX),
        lock=PART,
        encryption=PART,
        pieces=each(PART, PART_NUMBER_MAX),
    ),
    om.Encryption: rules(
        kind=known(),
        kms_key_id=line(2_048),
        context=line(8_192),
        bucket_key=ANY,
        customer_key_md5=line(24),
    ),
    om.SealedPiece: rules(
        _piece_fault,
        plain_bytes=number(1, 5 * TIB),
        sealed_plain_bytes=OBJECT_BYTES,
        offset_bytes=OBJECT_BYTES,
        wrapped_key=raw(1_024),
        master_key=line(2_048),
    ),
    om.UploadRow: rules(
        bucket_id=ID_OR_NONE,
        account_id=_ACCOUNT_ID,
        created_ms=TIME_MS,
        storage_class=NAME_OR_NONE,
        checksum_algorithm=known(),
        checksum_type=known(),
        headers=PART,
        upload_id=raw(16),
        key=KEY,
        checksum_chosen=ANY,
        replication=PART,
        tags=each(PART, _TAGS_MAX),
        lock=PART,
        encryption=PART,
    ),
    om.ObjectLock: rules(
        mode=known(), retain_until_ms=TIME_MS, retain_until_group_ms=TIME_MS, legal_hold=ANY
    ),
    om.Retention: rules(_retention_fault, mode=known(), retain_until_ms=TIME_MS),
    om.BucketLock: rules(
        _default_lock_fault,
        mode=known(),
        days=number(0, _LOCK_DAYS_MAX),
        years=number(0, _LOCK_YEARS_MAX),
    ),
    om.VersionId: rules(object_id=ID_OR_NONE),
    om.PartRow: rules(
        size_bytes=OBJECT_BYTES,
        modified_ms=TIME_MS,
        etag=_HEX,
        checksum=CHECKSUM,
        checksum_algorithm=known(),
        blocks=each(PART, SLICES_MAX),
        client_checksum_algorithm=known(),
        client_checksum=CHECKSUM,
        pieces=each(PART, PART_NUMBER_MAX),
    ),
    om.WriteCondition: rules(if_none_match=SENT, if_match=SENT),
    om.BucketSetting: rules(
        _setting_fault,
        kind=_KIND,
        id=_SETTING_ID,
        document=raw(ROW_BYTES_MAX),
        revision=ID_OR_NONE,
        modified_ms=TIME_MS,
    ),
    om.CopySource: rules(
        **_NAMED,
        bucket_id=ID_OR_NONE,
        key=KEY,
        object_id=ID_OR_NONE,
        rewritten=ANY,
        offset_bytes=OBJECT_BYTES,
        length_bytes=OBJECT_BYTES,
    ),
    om.KeyToDelete: rules(
        key=KEY,
        if_match=SENT,
        version=PART,
        # What a client has in mind, which no object need be.
        if_size_bytes=number(0, 2**62),
        if_modified_s=ANY,
    ),
    om.MasterKeyRow: rules(
        key_id=matching("the id of a master key", "[A-Za-z0-9._-]+", 128, is_required=True),
        version=COUNT,
        check=raw(64, low=16),
        was_primary=ANY,
        noted_ms=TIME_MS,
    ),
    om.CompletePart: rules(number=COUNT, etag=SENT, checksum=CHECKSUM, checksum_algorithm=known()),
}

COMMANDS: Final[dict[type[Message], MessageRules]] = {
    om.CreateVolumeRequest: rules(**RETRIED, volume=VOLUME, account_id=_ACCOUNT_ID),
    om.DeleteVolumeRequest: rules(**RETRIED, volume=VOLUME),
    om.NoteMasterKeysRequest: rules(**RETRIED, keys=each(PART, MASTER_KEYS_MAX), replaces_all=ANY),
    om.CreateBucketRequest: rules(
        **RETRIED,
        volume=VOLUME,
        bucket=_BUCKET_TO_MAKE,
        account_id=line(256, low=1),
        location=NAME_OR_NONE,
        object_lock=ANY,
        settings=each(PART, _SETTINGS_TO_BEGIN_MAX),
    ),
    om.SetBucketVersioningRequest: rules(**_IN_BUCKET, versioning=known(is_required=True)),
    om.SetBucketLockRequest: rules(**_IN_BUCKET, lock=REQUIRED_PART),
    om.SetBucketEncryptionRequest: rules(**_IN_BUCKET, encryption=PART, blocks_customer_keys=ANY),
    om.SetBucketReplicationRequest: rules(**_IN_BUCKET, replication=PART),
    om.PutBucketSettingRequest: rules(**_IN_BUCKET, setting=REQUIRED_PART, replaces=ID_OR_NONE),
    om.DeleteBucketSettingRequest: rules(
        _setting_fault, **_IN_BUCKET, kind=_KIND, id=_SETTING_ID, replaces=ID_OR_NONE
    ),
    om.DeleteBucketRequest: rules(**_IN_BUCKET),
    om.CommitKeyRequest: rules(
        _commit_fault,
        **_IN_BUCKET,
        key=KEY,
        row=REQUIRED_PART,
        condition=PART,
        copy_source=PART,
    ),
    om.DeleteKeysRequest: rules(
        **_IN_BUCKET, keys=some(PART, DELETED_KEYS_MAX), bypasses_governance=ANY
    ),
    om.SetTagsRequest: rules(**_OF_VERSION, tags=each(PART, _TAGS_MAX)),
    om.SetObjectLockRequest: rules(
        **_OF_VERSION, retention=PART, legal_hold=ANY, bypasses_governance=ANY
    ),
    om.CreateUploadRequest: rules(**_IN_BUCKET, key=KEY, row=PART),
    om.CommitPartRequest: rules(
        _part_fault,
        **_OF_UPLOAD,
        number=number(1, PART_NUMBER_MAX),
        row=REQUIRED_PART,
        copy_source=PART,
    ),
    om.CompleteUploadRequest: rules(
        **_OF_UPLOAD,
        parts=each(PART, PART_NUMBER_MAX),
        condition=PART,
        checksum=PART,
        size_bytes=number(-1, 2**62),
        part_size_bytes_min=number(0, 5 * GIB),
    ),
    om.AbortUploadRequest: rules(**_OF_UPLOAD),
    om.LeaseBlocksRequest: rules(
        **RETRIED,
        count=number(1, 10_000),
        block_bytes_max=BLOCK_BYTES,
        replication=PART,
        excluded_node_ids=each(NODE_ID, EXCLUDED_NODES_MAX),
    ),
    om.RenewLeasesRequest: rules(**RETRIED, lease_ids=each(ID, LEASES_NAMED_MAX)),
    om.ReleaseLeasesRequest: rules(
        **RETRIED, lease_ids=each(ID, LEASES_NAMED_MAX), blocks=each(PART, LEASES_NAMED_MAX)
    ),
    om.CreateAccountRequest: rules(**RETRIED, account=PART),
    om.CreateAccessKeyRequest: rules(
        **RETRIED, account_id=_ACCOUNT_ID, access_key=_ACCESS_KEY, secret_key=line(128)
    ),
    om.RevokeAccessKeyRequest: rules(**RETRIED, access_key=_ACCESS_KEY),
}

QUERIES: Final[dict[type[Message], MessageRules]] = {
    om.LookupVolumeRequest: rules(volume=VOLUME),
    om.ListVolumesRequest: rules(
        account_id=_ACCOUNT_ID, prefix=NAME_OR_NONE, after=NAME_OR_NONE, count_max=ANY
    ),
    om.LookupBucketRequest: rules(**_READS_BUCKET),
    om.ListBucketsRequest: rules(
        volume=VOLUME,
        account_id=_ACCOUNT_ID,
        prefix=SENT,
        after=SENT,
        count_max=ANY,
        every_account=ANY,
    ),
    om.LookupKeyRequest: rules(**_READS_BUCKET, key=KEY, version=PART),
    om.GrantTokensRequest: rules(
        client_id=ANY, blocks=each(PART, 1_000), writes=ANY, refused_key_id=ANY
    ),
    om.ListKeysRequest: rules(
        **_READS_BUCKET, prefix=KEY, delimiter=KEY, after=KEY, count_max=ANY, inclusive=ANY
    ),
    om.ListVersionsRequest: rules(
        **_READS_BUCKET,
        prefix=KEY,
        delimiter=KEY,
        key_marker=KEY,
        version_marker=PART,
        count_max=ANY,
    ),
    om.LookupUploadRequest: rules(**_READS_BUCKET, key=KEY, upload_id=raw(65_536)),
    om.ListUploadsRequest: rules(
        **_READS_BUCKET,
        prefix=KEY,
        delimiter=KEY,
        key_marker=KEY,
        upload_id_marker=raw(65_536),
        count_max=ANY,
    ),
    om.ListPartsRequest: rules(
        **_READS_BUCKET, key=KEY, upload_id=raw(65_536), after_number=ANY, count_max=ANY
    ),
    om.DeriveSigningKeyRequest: rules(access_key=SENT, date=SENT, region=SENT, service=SENT),
    om.VerifySignatureV2Request: rules(
        access_key=SENT, string_to_sign=raw(1_048_576), signature=SENT
    ),
    om.ListAccountsRequest: rules(after=SENT, count_max=ANY),
    om.ListAccessKeysRequest: rules(account_id=SENT, after=SENT, count_max=ANY),
    om.DescribeOmRequest: rules(count_rows=ANY),
    om.FindOrphansRequest: rules(blocks=each(PART, 10_000)),
    om.FindHoldersRequest: rules(container_ids=some(ID, CONTAINERS_ASKED_MAX), after=raw(4_096)),
}
OM: Final = {**ROWS, **COMMANDS, **QUERIES}
