"""Every S3 operation, one row each. The rows are written beside their handlers; here they meet.

To add an operation: a handler and its row in the file of its family. To add a family: its `ROWS`
below."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.s3 import (
    absent,
    account_public_access,
    bucket_acl,
    bucket_encryption,
    bucket_policy,
    buckets,
    complete_multipart,
    copy_object,
    delete_objects,
    get_object,
    list_objects,
    list_uploads,
    object_acl,
    object_lock,
    object_tagging,
    post_object,
    preflight,
    put_object,
    rename_object,
    restore_object,
    select_object,
    settings,
    upload_part,
    uploads,
    versioning,
)
from trioxygen.gateway.s3.operation import Operation

OPERATIONS: Final[tuple[Operation, ...]] = (
    *buckets.ROWS,
    *versioning.ROWS,
    *bucket_encryption.ROWS,
    *bucket_acl.ROWS,
    *bucket_policy.ROWS,
    *settings.ROWS,
    *account_public_access.ROWS,
    *preflight.ROWS,
    *list_objects.ROWS,
    *get_object.ROWS,
    *put_object.ROWS,
    *post_object.ROWS,
    *copy_object.ROWS,
    *rename_object.ROWS,
    *restore_object.ROWS,
    *select_object.ROWS,
    *delete_objects.ROWS,
    *object_tagging.ROWS,
    *object_acl.ROWS,
    *object_lock.ROWS,
    *uploads.ROWS,
    *upload_part.ROWS,
    *complete_multipart.ROWS,
    *list_uploads.ROWS,
    *absent.ROWS,
)
BY_NAME: Final[Mapping[str, Operation]] = MappingProxyType({row.name: row for row in OPERATIONS})
assert len(BY_NAME) == len(OPERATIONS), "two operations of one name"
