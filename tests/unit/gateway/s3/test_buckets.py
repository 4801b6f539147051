import asyncio
import logging
from typing import Any

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, OneBucket, request_to
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import NoSuchVolume
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.s3.buckets import create_bucket
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.store.port import ObjectStore


class NoVolume:
    """Buckets of a volume that an operator has deleted."""

    async def create(self, volume: str, name: str, **_: Any) -> None:
        raise NoSuchVolume(volume=volume, bucket=name)


def test_bucket_of_a_volume_that_is_gone_is_refused_for_now_and_somebody_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    others = OneBucket({}).port
    store = ObjectStore(
        buckets=NoVolume(),  # type: ignore[arg-type]
        settings=others.settings,
        keys=others.keys,
        uploads=others.uploads,
        accounts=others.accounts,
        iam=others.iam,
        contents=others.contents,
    )
    blocking = ThreadBlocking()
    services = Services(store, blocking, SystemClock(), S3Config(volume="films"))
    try:
        with caplog.at_level(logging.ERROR), pytest.raises(S3Error) as refused:
            asyncio.run(create_bucket(services, request_to("bucket", None, OWNER)))
    finally:
        blocking.close()
    # Not NoSuchBucket: that it is not there yet is why it is created.
    assert refused.value.code == "ServiceUnavailable"
    assert "volume_missing volume=films" in caplog.text
