"""Odd documents, headers and arguments of every operation on objects: each has an answer that S3
could give, and soon, and the store still serves.

What is sent follows from a seed and a number, which a failure names. More, or the same again:

    O3_FUZZ_COUNT=100000 O3_FUZZ_SEED=1234 pytest -m slow -o timeout=0 tests/integration/s3/fuzz
"""

import os
import secrets
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.endpoint import Endpoint, read
from tests.integration.s3.fuzz.made_requests import (
    Place,
    document_request,
    header_request,
    read_back,
)
from tests.integration.s3.fuzz.place import begin_upload
from tests.integration.s3.fuzz.requests_sent import Asker, OddRequest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Make = Callable[[Random, Place], OddRequest]
_FEW: Final = 400
_MANY: Final = 5_000
# The same each time, so that what fails tells of the change and not of the day.
_SEED_OF_FEW: Final = "9"
_AT_THE_DOOR: Final = ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "403")


def _fuzzed(endpoint: Endpoint, place: dict[str, str], make: Make, seed: str, count: int) -> None:
    seed = os.environ.get("O3_FUZZ_SEED", seed)
    count = int(os.environ.get("O3_FUZZ_COUNT", count))
    print(f"O3_FUZZ_SEED={seed}")
    with Asker(endpoint) as asker, endpoint.client() as s3:
        for number in range(count):
            request = make(Random(f"{seed}-{number}"), place)
            try:
                answer = asker.ask(request)
                shown = read_back(request) if answer.status == 200 else None
                if shown is not None:
                    asker.ask(shown)
            except (AssertionError, OSError, ValueError, KeyError) as error:
                raise AssertionError(f"{seed}-{number}: {error!r} of {request!r:.3000}") from error
            if answer.status < 300:
                _undo(s3, place, request)
        # It still serves.
        s3.put_object(Bucket=place["plain"], Key="end", Body=b"end")
        assert read(s3, place["plain"], "end") == b"end"
    codes = asker.codes
    print(dict(sorted(codes.items(), key=lambda item: -item[1])))
    # What is refused at the door says nothing of what is behind it.
    assert sum(codes.get(code, 0) for code in _AT_THE_DOOR) <= 1 + count // 10, codes


def _undo(s3: "S3Client", place: dict[str, str], request: OddRequest) -> None:
    """What would be missed by those that follow."""
    bucket = request.path.decode("latin-1").strip("/")
    if bucket == place["fresh"]:
        s3.delete_bucket(Bucket=bucket)
    elif request.method == "POST" and request.path.endswith(b"/upload"):
        begin_upload(s3, place)


@pytest.mark.parametrize("make", [document_request, header_request])
def test_odd_requests_are_answered(endpoint: Endpoint, place: dict[str, str], make: Make) -> None:
    _fuzzed(endpoint, place, make, _SEED_OF_FEW, _FEW)


@pytest.mark.slow
@pytest.mark.parametrize("make", [document_request, header_request])
def test_many_odd_requests_are_answered(
    endpoint: Endpoint, place: dict[str, str], make: Make
) -> None:
    _fuzzed(endpoint, place, make, secrets.token_hex(4), _MANY)
