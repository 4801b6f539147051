"""Queries that nobody reads the answers of: they are counted, and end with their clients."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.endpoint import refused
from tests.integration.store_process import StoreProcess, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreProcess]:
    made = StoreProcess(tmp_path, {"s3.queries_max": 1}).start()
    try:
        yield made
        made.stop()
    finally:
        made.discard()


def answers(s3: "S3Client", arguments: dict[str, Any]) -> bool:
    try:
        s3.select_object_content(**arguments)["Payload"].close()
    except s3.exceptions.ClientError:
        return False
    return True


def test_queries_over_the_bound_are_told_and_a_client_that_leaves_makes_room(
    store: StoreProcess,
) -> None:
    with store.endpoint.client() as s3:
        s3.create_bucket(Bucket="films")
        s3.put_object(Bucket="films", Key="k", Body=b"some,text,of,no,use\n" * (MIB * 2))
        arguments: dict[str, Any] = {
            "Bucket": "films",
            "Key": "k",
            "ExpressionType": "SQL",
            "Expression": "SELECT * FROM S3Object",
            "InputSerialization": {"CSV": {}},
            "OutputSerialization": {"CSV": {}},
        }
        unread = s3.select_object_content(**arguments)["Payload"]
        assert refused(s3.select_object_content, **arguments) == (503, "SlowDown")
        assert s3.head_object(Bucket="films", Key="k")["ContentLength"] == 40 * MIB
        unread.close()
        wait_until(lambda: answers(s3, arguments))
