"""Plugin of the suite's pytest: what an earlier run has left, and its own setup does not look for.

The tests of session policies make the buckets `test1` and `test2` and leave them; the first of them
expects that they are not there.
"""

import configparser
import os
from typing import Any

import boto3
from botocore.exceptions import ClientError

_BUCKETS = ("test1", "test2")


def pytest_sessionstart() -> None:
    configured = configparser.RawConfigParser()
    configured.read(os.environ["S3TEST_CONF"])
    default, iam = configured["DEFAULT"], configured["iam"]
    scheme = "https" if default.getboolean("is_secure") else "http"
    s3: Any = boto3.client(
        "s3",
        endpoint_url=f"{scheme}://{default['host']}:{default['port']}",
        region_name="us-east-1",
        aws_access_key_id=iam["access_key"],
        aws_secret_access_key=iam["secret_key"],
        verify=False,
    )
    for bucket in _BUCKETS:
        try:
            for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
                s3.delete_object(Bucket=bucket, Key=entry["Key"])
            s3.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
