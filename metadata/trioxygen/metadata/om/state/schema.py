"""The OM's tables and how their keys are made. Order is UTF-8 binary.

A key inside a longer row key ends with a zero byte. So that zero is free for that, its bytes are
shifted up by one: UTF-8 never uses 0xF5 to 0xFF, hence nothing overflows, order stays and
nothing grows.
"""

from typing import Final

from trioxygen.metadata.leases.garbage import GarbageQueue
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.replication.retries import RETRIES
from trioxygen.metadata.replication.state import META
from trioxygen.metadata.store.ports import ReadTxn, Table, WriteTxn
from trioxygen.metadata.store.table import RowTable
from trioxygen.proto.v1 import iam_pb2, om_pb2, types_pb2
from trioxygen.proto.v1.types_pb2 import BlockRange

VOLUMES: Final = RowTable(2, "volume", om_pb2.VolumeRow)
BUCKETS: Final = RowTable(3, "bucket", om_pb2.BucketRow)
# (volume, account, bucket name) -> nothing; see `account_buckets`.
ACCOUNT_BUCKETS: Final = Table(4, "account_bucket")
KEYS: Final = RowTable(5, "key", om_pb2.KeyRow)
HISTORY: Final = RowTable(6, "history", om_pb2.HistoryRow)
UPLOADS: Final = RowTable(7, "upload", om_pb2.UploadRow)
PARTS: Final = RowTable(8, "part", om_pb2.PartRow)
COMPLETED_UPLOADS: Final = RowTable(9, "completed_upload", om_pb2.CompletedUploadRow)
LEASES: Final = RowTable(10, "lease", om_pb2.LeaseRow)
BLOCK_REFERENCES: Final = RowTable(11, "block_reference", om_pb2.BlockReferenceRow)
GC: Final = RowTable(12, "gc", om_pb2.GcRow)
GARBAGE: Final = GarbageQueue(GC)
ACCOUNTS: Final = RowTable(13, "account", types_pb2.Account)
ACCESS_KEYS: Final = RowTable(14, "access_key", iam_pb2.AccessKeyRow)
DELETED_BUCKETS: Final = RowTable(15, "deleted_bucket", om_pb2.DeletedBucketRow)
BUCKET_SETTINGS: Final = RowTable(16, "bucket_setting", om_pb2.BucketSetting)
MASTER_KEYS: Final = RowTable(25, "master_key", om_pb2.MasterKeyRow)
# (bucket, a client's token)
RENAMES: Final = RowTable(26, "rename", om_pb2.RenameRow)
# By container and local id.
ORPHANS: Final = RowTable(20, "orphan", om_pb2.OrphanBlockRow)
# (bucket, kind, time, id) -> key; see `times`.
TIMES: Final = Table(21, "time")
LIFECYCLES: Final = RowTable(22, "lifecycle", om_pb2.LifecycleRow)
# (bucket, version): what waits for being moved to another storage class.
TRANSITIONS: Final = RowTable(27, "transition", om_pb2.TransitionRow)
# Of identities: how their keys are made, `identities` says.
PRINCIPALS: Final = RowTable(28, "principal", iam_pb2.PrincipalRow)
MANAGED_POLICIES: Final = RowTable(29, "managed_policy", iam_pb2.ManagedPolicyRow)
OIDC_PROVIDERS: Final = RowTable(30, "oidc_provider", iam_pb2.OidcProviderRow)
SESSION_KEYS: Final = RowTable(31, "session_key", iam_pb2.SessionKeyRow)
ACCOUNT_SETTINGS: Final = RowTable(32, "account_setting", iam_pb2.AccountSettingRow)
# unique id -> key of its principal
PRINCIPAL_IDS: Final = Table(33, "principal_id")
# (group's unique id, user) -> nothing
GROUP_MEMBERS: Final = Table(34, "group_member")
# (account, policy, kind, name of a principal, whether as boundary) -> nothing
POLICY_ATTACHMENTS: Final = Table(35, "policy_attachment")
# (account, user's unique id, access key) -> nothing
USER_KEYS: Final = Table(36, "user_key")
# (canonical id, email or alias) -> account
ACCOUNT_NAMES: Final = Table(37, "account_name")

OM_TABLES: Final[tuple[Table, ...]] = (
    VOLUMES.table,
    BUCKETS.table,
    ACCOUNT_BUCKETS,
    KEYS.table,
    HISTORY.table,
    UPLOADS.table,
    PARTS.table,
    COMPLETED_UPLOADS.table,
    LEASES.table,
    BLOCK_REFERENCES.table,
    GC.table,
    ACCOUNTS.table,
    ACCESS_KEYS.table,
    DELETED_BUCKETS.table,
    BUCKET_SETTINGS.table,
    ORPHANS.table,
    MASTER_KEYS.table,
    TIMES,
    LIFECYCLES.table,
    RENAMES.table,
    TRANSITIONS.table,
    PRINCIPALS.table,
    MANAGED_POLICIES.table,
    OIDC_PROVIDERS.table,
    SESSION_KEYS.table,
    ACCOUNT_SETTINGS.table,
    PRINCIPAL_IDS,
    GROUP_MEMBERS,
    POLICY_ATTACHMENTS,
    USER_KEYS,
    ACCOUNT_NAMES,
)
ALL_TABLES: Final[tuple[Table, ...]] = (META, RETRIES.table, *OM_TABLES)

# In META: drawn when the state is loaded from a dump.
LINEAGE: Final = b"lineage"
# In META: how far the accounts and access keys of before there was an index are in it.
INDEXED_ACCOUNTS: Final = b"indexed_accounts"
# In META: another, greater one with each change of what identities may do.
IDENTITY_REVISION: Final = b"identity_revision"
# In META: container (8 bytes) and local id (8), the last ones that the SCM has given.
_GIVEN_BLOCKS: Final = b"given_blocks"

_SHIFTED: Final = bytes((byte + 1) % 256 for byte in range(256))
_UNSHIFTED: Final = bytes((byte - 1) % 256 for byte in range(256))
UPLOAD_ID_BYTES: Final = 16
# Source: S3 user guide, "Creating object key names".
KEY_BYTES_MAX: Final = 1_024


def volume_key(volume: str) -> bytes:
    return volume.encode()


def bucket_key(volume: str, name: str) -> bytes:
    """No name of a volume or bucket has a slash."""
    return f"{volume}/{name}".encode()


def master_key_key(key_id: str, version: int) -> bytes:
    """No id of a master key has a zero byte."""
    return key_id.encode() + b"\0" + version.to_bytes(4, "big")


def account_setting_key(account_id: str, kind: str) -> bytes:
    return f"{account_id}\0{kind}".encode()


def account_bucket_key(volume: str, account_id: str, name: str) -> bytes:
    return f"\0{volume}\0{account_id}\0{name}".encode()


def bucket_prefix(bucket_id: int) -> bytes:
    return bucket_id.to_bytes(8, "big")


def key_key(bucket_id: int, key: bytes) -> bytes:
    return bucket_id.to_bytes(8, "big") + key


def shifted(key: bytes) -> bytes:
    return key.translate(_SHIFTED)


def unshifted(key: bytes) -> bytes:
    return key.translate(_UNSHIFTED)


# Of a bucket's history: what S3 shows; what only a restore to a point in time would find.
VISIBLE: Final = b"\1"
REMOVED: Final = b"\2"


def history_prefix(bucket_id: int, part: bytes) -> bytes:
    """Args: part: VISIBLE or REMOVED."""
    return bucket_prefix(bucket_id) + part


def versions_prefix(bucket_id: int, part: bytes, key: bytes) -> bytes:
    """Of the versions of one key in its history."""
    return history_prefix(bucket_id, part) + shifted(key) + b"\0"


def history_key(bucket_id: int, part: bytes, key: bytes, object_id: int) -> bytes:
    """Newest first for each key."""
    return versions_prefix(bucket_id, part, key) + (2**64 - 1 - object_id).to_bytes(8, "big")


def history_key_parts(row_key: bytes) -> tuple[bytes, bytes, int]:
    """(VISIBLE or REMOVED, key, object id) of a `history_key`."""
    end = len(row_key) - 8
    return (
        row_key[8:9],
        unshifted(row_key[9 : end - 1]),
        2**64 - 1 - int.from_bytes(row_key[end:], "big"),
    )


def transition_key(bucket_id: int, object_id: int) -> bytes:
    return bucket_prefix(bucket_id) + object_id.to_bytes(8, "big")


def upload_key(bucket_id: int, key: bytes, upload_id: bytes) -> bytes:
    return bucket_prefix(bucket_id) + shifted(key) + b"\0" + upload_id


def part_key(upload_id: bytes, number: int) -> bytes:
    return upload_id + number.to_bytes(2, "big")


def lease_key(lease_id: int) -> bytes:
    return lease_id.to_bytes(8, "big")


def lease_id_of(key: bytes) -> int:
    """Of a `lease_key`."""
    return int.from_bytes(key, "big")


def gc_key(not_before_ms: int, container: int, local: int) -> bytes:
    return not_before_ms.to_bytes(8, "big") + block_key(container, local)


def given_blocks(txn: ReadTxn) -> tuple[int, int]:
    """(container id, local id): the highest that the SCM has given to this OM."""
    value = txn.get(META, _GIVEN_BLOCKS) or bytes(16)
    return int.from_bytes(value[:8], "big"), int.from_bytes(value[8:], "big")


def note_given(txn: WriteTxn, blocks: BlockRange) -> None:
    container, local = given_blocks(txn)
    last = blocks.first_local + blocks.count - 1
    txn.put(META, _GIVEN_BLOCKS, block_key(max(container, blocks.container), max(local, last)))
