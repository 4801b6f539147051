"""Rules of the Ozone Manager's requests and of the rows that come with them."""

from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common.limits import PART_NUMBER_MAX
from trioxygen.common.paging import ROW_BYTES_MAX
from trioxygen.common.rpc.rules.om_objects import (
    ACCOUNT_ID,
    ACL,
    OBJECT_ROWS,
    TAGS_MAX,
    blocks_fault,
)
from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    REQUIRED_PART,
    MessageRules,
    Rule,
    each,
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
    TIME_MS,
    VOLUME,
)
from trioxygen.common.sealed_sizes import stored_bytes
from trioxygen.common.units import GIB
from trioxygen.proto.v1 import om_pb2 as om

# Names of buckets that can be made: a label of DNS, or several.
BUCKET_NAME_MAX: Final = 255
DELETED_KEYS_MAX: Final = 1_000
LEASES_NAMED_MAX: Final = 10_000
MASTER_KEYS_MAX: Final = 10_000
EXCLUDED_NODES_MAX: Final = 1_000
CONTAINERS_ASKED_MAX: Final = 1_000


_ACCESS_KEY: Final = line(128)
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


def _commit_fault(request: Any) -> str | None:
    if request.appends_to and request.HasField("copy_source"):
        return "bytes of a source are not appended"
    # A copy's blocks are its source's, whatever the client says they are; unless it wrote its own.
    shares = request.HasField("copy_source") and not request.copy_source.rewritten
    return None if shares else blocks_fault(request.row)


def _part_fault(request: Any) -> str | None:
    if not request.HasField("copy_source"):
        return blocks_fault(request.row)
    taken, size_bytes = request.copy_source.length_bytes, request.row.size_bytes
    if request.row.pieces:
        size_bytes = sum([stored_bytes(piece) for piece in request.row.pieces])
    if taken == size_bytes:
        return None
    return f"{taken:,} bytes of the source are no part of {size_bytes:,}"


ROWS: Final[dict[type[Message], MessageRules]] = {
    **OBJECT_ROWS,
    om.WriteCondition: rules(if_none_match=SENT, if_match=SENT),
    om.HttpCondition: rules(
        if_match=each(SENT, 1_000),
        if_none_match=each(SENT, 1_000),
        if_modified_since_s=ANY,
        if_unmodified_since_s=ANY,
    ),
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
    om.CreateVolumeRequest: rules(**RETRIED, volume=VOLUME, account_id=ACCOUNT_ID),
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
        appends_to=ID_OR_NONE,
        asked_ms=TIME_MS,
    ),
    om.DeleteKeysRequest: rules(
        **_IN_BUCKET, keys=some(PART, DELETED_KEYS_MAX), bypasses_governance=ANY
    ),
    om.RenameKeyRequest: rules(
        **_IN_BUCKET,
        source=KEY,
        key=KEY,
        condition=PART,
        source_condition=PART,
        token=raw(64),
        is_prefix=ANY,
        is_new_prefix=ANY,
    ),
    om.SetTagsRequest: rules(**_OF_VERSION, tags=each(PART, TAGS_MAX)),
    om.SetObjectAclRequest: rules(**_OF_VERSION, acl=ACL, object_id=ID),
    om.SetObjectLockRequest: rules(
        **_OF_VERSION, retention=PART, legal_hold=ANY, bypasses_governance=ANY, asked_ms=TIME_MS
    ),
    om.CommitTransitionRequest: rules(
        **_IN_BUCKET, key=KEY, object_id=ID, first_block=PART, row=REQUIRED_PART
    ),
    om.CreateUploadRequest: rules(**_IN_BUCKET, key=KEY, row=PART, asked_ms=TIME_MS),
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
        **RETRIED,
        account_id=ACCOUNT_ID,
        access_key=_ACCESS_KEY,
        secret_key=line(128),
        user=line(2_048),
    ),
    om.RevokeAccessKeyRequest: rules(**RETRIED, access_key=_ACCESS_KEY),
}

QUERIES: Final[dict[type[Message], MessageRules]] = {
    om.LookupVolumeRequest: rules(volume=VOLUME),
    om.ListVolumesRequest: rules(
        account_id=ACCOUNT_ID, prefix=NAME_OR_NONE, after=NAME_OR_NONE, count_max=ANY
    ),
    om.LookupBucketRequest: rules(**_READS_BUCKET),
    om.ListBucketsRequest: rules(
        volume=VOLUME,
        account_id=ACCOUNT_ID,
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
    om.DeriveSigningKeyRequest: rules(
        access_key=SENT, date=SENT, region=SENT, service=SENT, session_token=SENT
    ),
    om.VerifySignatureV2Request: rules(
        access_key=SENT, string_to_sign=raw(1_048_576), signature=SENT, session_token=SENT
    ),
    om.ListAccountsRequest: rules(after=SENT, count_max=ANY),
    om.ListAccessKeysRequest: rules(account_id=SENT, after=SENT, count_max=ANY),
    om.DescribeOmRequest: rules(count_rows=ANY),
    om.FindOrphansRequest: rules(blocks=each(PART, 10_000)),
    om.ListLifecyclesRequest: rules(after=ID_OR_NONE, count_max=ANY),
    om.TakeTransitionsRequest: rules(count_max=ANY, after=raw(16)),
    om.FindHoldersRequest: rules(container_ids=some(ID, CONTAINERS_ASKED_MAX), after=raw(4_096)),
}
OM: Final = {**ROWS, **COMMANDS, **QUERIES}
