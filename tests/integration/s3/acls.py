"""Buckets with ACLs, and grants as S3 shows them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.integration.endpoint import empty

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ALL_USERS: Final = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED_USERS: Final = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
LOG_DELIVERY: Final = "http://acs.amazonaws.com/groups/s3/LogDelivery"

Grants = list[tuple[str, str]]


@contextmanager
def bucket_with_acls(
    s3: "S3Client", ownership: Any = "ObjectWriter", *, is_open: bool = True
) -> Iterator[str]:
    """Args: is_open: without a public access block."""
    name = f"o3-test-{secrets.token_hex(8)}"
    s3.create_bucket(Bucket=name, ObjectOwnership=ownership)
    if is_open:
        s3.delete_public_access_block(Bucket=name)
    yield name
    empty(s3, name)
    s3.delete_bucket(Bucket=name)


def grants_of(acl: Any) -> Grants:
    """(id or URI, permission), in order."""
    return [
        (grant["Grantee"].get("ID") or grant["Grantee"]["URI"], grant["Permission"])
        for grant in acl["Grants"]
    ]


def canonical_id(s3: "S3Client") -> str:
    return s3.list_buckets()["Owner"]["ID"]


def policy(owner: str, *grants: tuple[str, str]) -> Any:
    """An AccessControlPolicy. Args: grants: (id or URI or address, permission)."""
    return {"Owner": {"ID": owner}, "Grants": [_grant(*grant) for grant in grants]}


def _grant(grantee: str, permission: str) -> Any:
    if "@" in grantee:
        return {
            "Grantee": {"Type": "AmazonCustomerByEmail", "EmailAddress": grantee},
            "Permission": permission,
        }
    if grantee.startswith("http:"):
        return {"Grantee": {"Type": "Group", "URI": grantee}, "Permission": permission}
    return {"Grantee": {"Type": "CanonicalUser", "ID": grantee}, "Permission": permission}
