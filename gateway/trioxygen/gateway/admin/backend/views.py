"""Rows of the OM as the admin API shows them."""

from trioxygen.common.replication import Replication
from trioxygen.gateway.admin.models import AccountView, BucketView, KeyView, VolumeView
from trioxygen.proto.v1 import iam_pb2, om_pb2, types_pb2


def account_of(account: types_pb2.Account) -> AccountView:
    return AccountView(
        account_id=account.account_id,
        canonical_id=account.canonical_id,
        display_name=account.display_name,
        email=account.email,
        created_ms=account.created_ms,
    )


def volume_of(row: om_pb2.VolumeRow) -> VolumeView:
    return VolumeView(name=row.name, account_id=row.account_id, created_ms=row.created_ms)


def bucket_of(row: om_pb2.BucketRow) -> BucketView:
    return BucketView(
        name=row.name,
        bucket_id=row.bucket_id,
        account_id=row.account_id,
        created_ms=row.created_ms,
        location=row.location,
        layout=om_pb2.BucketRow.Layout.Name(row.layout),
        history_retention_ms=row.history_retention_ms,
        replication=replication_text(row.replication) if row.HasField("replication") else "",
    )


def replication_text(stored: types_pb2.Replication) -> str:
    return Replication.of_proto(stored).text


def key_of(row: iam_pb2.AccessKeyRow) -> KeyView:
    return KeyView(
        access_key=row.access_key,
        account_id=row.account_id,
        user=row.user,
        is_active=not row.is_inactive,
        created_ms=row.created_ms,
        last_used_ms=row.last_used_ms,
        last_used_service=row.last_used_service,
        last_used_region=row.last_used_region,
    )
