"""Lifecycle rules in a cluster whose days last two seconds: what is due goes, and nothing else,
while one leader of the OMs after the other dies."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.integration.endpoint import keys_of
from tests.integration.store_process import wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

BUCKET = "days"
RULES: Any = [
    {
        "ID": "objects",
        "Status": "Enabled",
        "Filter": {"Prefix": "tmp/"},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    },
    {
        "ID": "uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    },
]


def versions_of(s3: "S3Client", prefix: str) -> list[str]:
    reply = s3.list_object_versions(Bucket=BUCKET, Prefix=prefix)
    return [each["Key"] for each in (*reply.get("Versions", ()), *reply.get("DeleteMarkers", ()))]


def status_of(cluster: Cluster) -> dict[str, Any]:
    [row] = json.loads(cluster.o3("lifecycle", "status", "--json"))
    assert isinstance(row, dict)
    return row


def test_what_is_due_goes_whoever_leads(new_cluster: NewCluster) -> None:
    cluster = new_cluster(
        {"lifecycle.day_seconds": 2}, oms=3, scms=1, datanodes=1, gateways=2
    ).start()
    first, second = cluster.endpoints()
    with first.client(read_timeout=60) as s3, second.client(read_timeout=60) as other:
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=BUCKET, Key="tmp/was there before", Body=b"x")
        s3.put_bucket_lifecycle_configuration(
            Bucket=BUCKET, LifecycleConfiguration={"Rules": RULES}
        )
        put = other.put_object(Bucket=BUCKET, Key="tmp/other", Body=b"x")
        assert 'rule-id="objects"' in put["Expiration"]
        for number in range(3):
            for name in range(10):
                s3.put_object(Bucket=BUCKET, Key=f"tmp/{number}/{name}", Body=b"x")
                s3.put_object(Bucket=BUCKET, Key=f"kept/{number}/{name}", Body=b"x")
            s3.create_multipart_upload(Bucket=BUCKET, Key=f"kept/{number}")
            leader = cluster.leader("om")
            cluster.kill(leader)
            cluster.leader("om", other_than=leader)
            cluster.restart(leader)
        wait_until(lambda: not versions_of(s3, "tmp/"), output=lambda: versions_of(s3, "tmp/"))
        assert len(keys_of(s3, BUCKET)) == len(versions_of(other, "")) == 30
        wait_until(lambda: not s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"))
        shown = status_of(cluster)
        assert (shown["expired"], shown["removed"], shown["aborted"]) == (32, 32, 3)
        assert shown["removed_markers"] == 32
    cluster.check_logs()
