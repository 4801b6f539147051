"""Between the OM's rows (protobuf) and the port's values: what is said of an object beside its
bytes and headers. Locks, encryption, tags. Conversions only.
"""

from typing import Final

from trioxygen.gateway.store.values.buckets import DefaultRetention, LockMode
from trioxygen.gateway.store.values.encryption import SSE_S3, Encryption, EncryptionKind
from trioxygen.gateway.store.values.keys import NO_LOCK, Lock, Retention, Tags
from trioxygen.proto.v1 import om_pb2

_LOCK_MODES: Final = {
    LockMode.GOVERNANCE: om_pb2.GOVERNANCE,
    LockMode.COMPLIANCE: om_pb2.COMPLIANCE,
}
_LOCK_MODE_OF: Final = {int(wire): mode for mode, wire in _LOCK_MODES.items()}
_ENCRYPTIONS: Final = {kind: getattr(om_pb2.Encryption, kind.name) for kind in EncryptionKind}
_ENCRYPTION_OF: Final = {int(wire): kind for kind, wire in _ENCRYPTIONS.items()}
# Copied by whatever it is put into.
_SSE_S3_ROW: Final = om_pb2.Encryption(kind=om_pb2.Encryption.SSE_S3)


def default_retention_of(row: om_pb2.BucketLock) -> DefaultRetention | None:
    if not row.mode:
        return None
    return DefaultRetention(_LOCK_MODE_OF[row.mode], row.days, row.years)


def default_retention_row(default: DefaultRetention | None) -> om_pb2.BucketLock:
    if default is None:
        return om_pb2.BucketLock()
    return om_pb2.BucketLock(mode=_LOCK_MODES[default.mode], days=default.days, years=default.years)


def encryption_of(row: om_pb2.Encryption) -> Encryption | None:
    kind = _ENCRYPTION_OF.get(row.kind)
    if kind is EncryptionKind.SSE_S3 and not row.bucket_key:
        return SSE_S3
    if kind is None:
        return None
    return Encryption(kind, row.kms_key_id, row.context, row.bucket_key, row.customer_key_md5)


def encryption_row(encryption: Encryption | None) -> om_pb2.Encryption | None:
    if encryption is SSE_S3:
        return _SSE_S3_ROW
    if encryption is None:
        return None
    return om_pb2.Encryption(
        kind=_ENCRYPTIONS[encryption.kind],
        kms_key_id=encryption.kms_key_id,
        context=encryption.context,
        bucket_key=encryption.has_bucket_key,
        customer_key_md5=encryption.customer_key_md5,
    )


def lock_of(row: om_pb2.ObjectLock) -> Lock:
    retention = None
    if row.mode:
        retention = Retention(_LOCK_MODE_OF[row.mode], row.retain_until_ms)
    return Lock(retention, row.legal_hold if row.HasField("legal_hold") else None)


def lock_row(lock: Lock) -> om_pb2.ObjectLock | None:
    """None: there is none."""
    if lock == NO_LOCK:
        return None
    row = om_pb2.ObjectLock(legal_hold=lock.has_legal_hold)
    if lock.retention is not None:
        row.mode = _LOCK_MODES[lock.retention.mode]
        row.retain_until_ms = lock.retention.until_ms
    return row


def retention_row(retention: Retention | None) -> om_pb2.Retention:
    """Empty: none."""
    if retention is None:
        return om_pb2.Retention()
    return om_pb2.Retention(mode=_LOCK_MODES[retention.mode], retain_until_ms=retention.until_ms)


def tag_rows(tags: Tags) -> list[om_pb2.Tag]:
    return [om_pb2.Tag(key=key, value=value) for key, value in tags]
