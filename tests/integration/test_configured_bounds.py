"""Bounds of what accounts and buckets may have are as the configuration says."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.integration.store_process import StoreProcess


def test_buckets_and_settings_are_bounded_as_configured(
    new_store: Callable[..., StoreProcess],
) -> None:
    bounds = {"metadata.buckets_per_account_max": 2, "metadata.setting_bytes_max": 1_024}
    store = new_store(bounds).start()
    with store.endpoint.client() as s3:
        for name in ("first", "second"):
            s3.create_bucket(Bucket=name)
        with pytest.raises(ClientError, match="TooManyBuckets"):
            s3.create_bucket(Bucket="third")
        tags = {"TagSet": [{"Key": f"key-{number}", "Value": "v" * 200} for number in range(8)]}
        with pytest.raises(ClientError, match="InvalidRequest|EntityTooLarge|MalformedXML"):
            s3.put_bucket_tagging(Bucket="first", Tagging=tags)  # type: ignore[arg-type]
        s3.put_bucket_tagging(Bucket="first", Tagging={"TagSet": tags["TagSet"][:2]})  # type: ignore[typeddict-item]
    store.stop()
