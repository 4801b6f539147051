"""Odd policies of buckets: each is taken or refused by name, and with what was taken the bucket
still answers everybody."""

import time
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.odd_policies import odd_policy, of_bucket
from tests.integration.s3.fuzz.requests_sent import Asker, OddRequest, check_answer
from tests.integration.s3.wire import Request, connection

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FEW: Final = 150
_MANY: Final = 3_000
_SECONDS: Final = 20


def _fuzzed(endpoint: Endpoint, bucket: str, seed: str, count: int) -> None:
    path, policy = f"/{bucket}".encode(), [(b"policy", b"")]
    right = of_bucket(bucket)
    ends = time.monotonic() + _SECONDS
    with Asker(endpoint) as asker:
        for number in range(count):
            document = odd_policy(Random(f"{seed}-{number}"), right)
            try:
                put = asker.ask(OddRequest("PUT", path, policy, (), document))
                if put.status < 300:
                    asker.ask(OddRequest("GET", path, policy))
                    asker.ask(OddRequest("GET", path, [(b"policyStatus", b"")]))
                    asker.ask(OddRequest("GET", path + b"/k", (), [(b"referer", b"r" * 5_000)]))
                    _ask_as_nobody(endpoint, f"/{bucket}/k")
            except (AssertionError, OSError, ValueError, KeyError) as error:
                raise AssertionError(f"{seed}-{number}: {error!r} of {document!r:.3000}") from error
            if time.monotonic() > ends:
                break
        # Root of the bucket's account is locked out of everything but this.
        assert asker.ask(OddRequest("DELETE", path, policy)).status == 204
        print(asker.codes)
        assert asker.codes["204"] > 5 and asker.codes["MalformedPolicy"] > 5


def _ask_as_nobody(endpoint: Endpoint, path: str) -> None:
    with connection(endpoint) as wire:
        wire.send(Request("GET", path).bytes({"Origin": "https://a", "Referer": "https://b/"}, "h"))
        check_answer(wire.answer(), is_of_head=False)


@pytest.fixture
def open_bucket(s3: "S3Client", bucket: str) -> str:
    """One that takes public policies."""
    s3.delete_public_access_block(Bucket=bucket)
    return bucket


def test_odd_policies_are_answered(endpoint: Endpoint, open_bucket: str) -> None:
    _fuzzed(endpoint, open_bucket, "policies", _FEW)


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
def test_many_odd_policies_are_answered(endpoint: Endpoint, open_bucket: str, seed: str) -> None:
    _fuzzed(endpoint, open_bucket, seed, _MANY)
