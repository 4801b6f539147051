"""What a bucket's settings are answered with, by what is stored of them."""

import asyncio
import logging

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, OneBucket, request_to
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import Corrupt
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.settings.tagging import TAGGING
from trioxygen.gateway.s3.error_response import s3_error
from trioxygen.gateway.s3.request import Response
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.settings import ROWS
from trioxygen.gateway.store.values.buckets import BucketSetting


def tagging_of(document: bytes) -> Response:
    """What GetBucketTagging answers when this is stored."""
    [get] = [row.handler for row in ROWS if row.name == "GetBucketTagging"]
    assert get is not None
    request = request_to("bucket", None, OWNER)
    request.settings = [BucketSetting(TAGGING.kind, "", document, 1)]
    blocking = ThreadBlocking()
    services = Services(OneBucket({}).port, blocking, SystemClock(), S3Config(volume="v"))

    async def answer() -> Response:
        return await get(services, request)

    try:
        return asyncio.run(answer())
    finally:
        blocking.close()


def test_stored_tags_are_answered_and_a_set_of_none_is_not_there() -> None:
    stored = TAGGING.show((("k", "v"),))
    assert tagging_of(stored).body == stored
    with pytest.raises(S3Error) as refused:
        tagging_of(TAGGING.show(()))
    assert refused.value.code == "NoSuchTagSet"


@pytest.mark.parametrize("stored", [b"", b"<Tagging>", b"<Tagging/>"])
def test_bad_stored_setting_is_no_mistake_of_the_clients_and_somebody_is_told(
    stored: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Corrupt, match="kind=tagging") as met:
        tagging_of(stored)
    with caplog.at_level(logging.ERROR):
        assert s3_error(met.value, request_to("bucket", None, OWNER)).status == 500
    assert "damaged_data_met" in caplog.text and "kind=tagging" in caplog.text
