"""CreateBucket of what there is: of one's own in the first region a success that resets the ACL, of
another account's a conflict."""

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.integration.endpoint import refused
from tests.integration.s3.acls import LOG_DELIVERY, bucket_with_acls, canonical_id, grants_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LOGS: Final[Any] = {"ACL": "log-delivery-write", "ObjectOwnership": "ObjectWriter"}
IS_OWN: Final = (409, "BucketAlreadyOwnedByYou")


def grants(s3: "S3Client", bucket: str) -> list[tuple[str, str]]:
    return grants_of(s3.get_bucket_acl(Bucket=bucket))


def test_acl_is_a_new_buckets_or_the_one_that_is_sent(s3: "S3Client") -> None:
    me = canonical_id(s3)
    private = [(me, "FULL_CONTROL")]
    logs = [*private, (LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")]
    with bucket_with_acls(s3, is_open=False) as bucket:
        s3.put_object(Bucket=bucket, Key="k", Body=b"stays")
        cases: list[tuple[Any, list[tuple[str, str]]]] = [
            (LOGS, logs),
            (LOGS, logs),
            ({}, private),
            ({}, private),
            (LOGS, logs),
            ({"ACL": "private"}, private),
            ({"GrantRead": f"id={me}", "ObjectOwnership": "ObjectWriter"}, [(me, "READ")]),
        ]
        for asked, shown in cases:
            assert s3.create_bucket(Bucket=bucket, **asked)["Location"] == f"/{bucket}"
            assert sorted(grants(s3, bucket)) == sorted(shown), asked
        # It is the bucket that it was.
        assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 5
        rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        assert rules == [{"ObjectOwnership": "ObjectWriter"}]


def test_bucket_of_another_account_keeps_its_acl(s3: "S3Client", other_s3: "S3Client") -> None:
    with bucket_with_acls(s3, is_open=False) as bucket:
        them = canonical_id(other_s3)
        asked: list[Any] = [{}, LOGS, {"GrantFullControl": f"id={them}"}, {"ACL": "private"}]
        for more in asked:
            answer = refused(other_s3.create_bucket, Bucket=bucket, **more)
            assert answer == (409, "BucketAlreadyExists"), more
        assert grants(s3, bucket) == [(canonical_id(s3), "FULL_CONTROL")]


@pytest.mark.parametrize(
    "asked",
    [
        {"ObjectOwnership": "BucketOwnerPreferred"},
        {"CreateBucketConfiguration": {"Tags": [{"Key": "a", "Value": "b"}]}},
        {"ObjectLockEnabledForBucket": True},
    ],
)
def test_what_else_is_asked_for_is_a_conflict(s3: "S3Client", asked: Any) -> None:
    with bucket_with_acls(s3, is_open=False) as bucket:
        s3.create_bucket(Bucket=bucket, **LOGS)
        assert refused(s3.create_bucket, Bucket=bucket, **asked) == IS_OWN
        assert len(grants(s3, bucket)) == 3


def test_acl_that_the_bucket_cannot_have_is_refused(s3: "S3Client", bucket: str) -> None:
    # ACLs say nothing in it: asked for as of a bucket in which they do, it is another bucket.
    assert refused(s3.create_bucket, Bucket=bucket, **LOGS) == IS_OWN
    answer = refused(s3.create_bucket, Bucket=bucket, ACL="log-delivery-write")
    assert answer == (400, "InvalidBucketAclWithObjectOwnership")
    answer = refused(s3.create_bucket, Bucket=bucket, **{**LOGS, "ACL": "public-read"})
    assert answer == (400, "InvalidBucketAclWithBlockPublicAccessError")


def test_policy_of_the_bucket_is_not_gone_round(s3: "S3Client") -> None:
    with bucket_with_acls(s3, is_open=False) as bucket:
        statement = {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutBucketAcl",
            "Resource": f"arn:aws:s3:::{bucket}",
        }
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [statement]}))
        assert refused(s3.put_bucket_acl, Bucket=bucket, ACL="private") == (403, "AccessDenied")
        assert s3.create_bucket(Bucket=bucket)["Location"] == f"/{bucket}"
        assert refused(s3.create_bucket, Bucket=bucket, **LOGS) == IS_OWN
        assert grants(s3, bucket) == [(canonical_id(s3), "FULL_CONTROL")]
        s3.delete_bucket_policy(Bucket=bucket)
