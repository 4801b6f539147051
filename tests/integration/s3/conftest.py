"""What S3 tests are given: a store of this checkout, or with `--endpoint URL` any other one.

With `--http uvicorn` the store's port is uvicorn's own protocol; what it does not do is in
`uvicorn_differences`. Keys for an endpoint come from BENCH_ACCESS_KEY and BENCH_SECRET_KEY, those
of a second account from OTHER_ACCESS_KEY and OTHER_SECRET_KEY; without them the tests that need two
accounts are skipped.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import pytest

from tests.integration.endpoint import Endpoint, Keys, empty
from tests.integration.s3.uvicorn_differences import expect_differences
from tests.integration.s3.versions import set_versioning
from tests.integration.store_process import OTHER, StoreProcess

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NO_ACCOUNT: Final = Keys("", "")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--endpoint", default=None, help="URL of the S3 endpoint to test")
    parser.addoption(
        "--http",
        default="trioxygen",
        choices=("trioxygen", "uvicorn"),
        help="who speaks HTTP on the store's port",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--http", default="trioxygen") == "uvicorn":
        expect_differences(items)


@pytest.fixture(scope="session")
def endpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Endpoint]:
    url = request.config.getoption("--endpoint", default=None)
    if url:
        main = Keys(os.environ["BENCH_ACCESS_KEY"], os.environ["BENCH_SECRET_KEY"])
        other = Keys(os.environ.get("OTHER_ACCESS_KEY", ""), os.environ.get("OTHER_SECRET_KEY", ""))
        yield Endpoint(url.rstrip("/"), main, other)
        return
    http = request.config.getoption("--http", default="trioxygen")
    store = StoreProcess(tmp_path_factory.mktemp("store"), {"s3.http": http}, anew=True)
    try:
        store.start()
        store.add_account("other", OTHER)
        yield store.endpoint
        store.stop()
    finally:
        store.discard()


@pytest.fixture(scope="session")
def s3(endpoint: Endpoint) -> "Iterator[S3Client]":
    with endpoint.client() as client:
        yield client


@pytest.fixture(scope="session")
def other_s3(endpoint: Endpoint) -> "Iterator[S3Client]":
    if endpoint.other == _NO_ACCOUNT:
        pytest.skip("needs the keys of a second account")
    with endpoint.client(endpoint.other) as client:
        yield client


@pytest.fixture
def new_bucket(s3: "S3Client") -> "Iterator[Callable[[], str]]":
    """Makes buckets that are gone after the test."""
    made: list[str] = []

    def make() -> str:
        name = f"o3-test-{secrets.token_hex(8)}"
        s3.create_bucket(Bucket=name)
        made.append(name)
        return name

    yield make
    for name in made:
        empty(s3, name)
        s3.delete_bucket(Bucket=name)


@pytest.fixture
def bucket(new_bucket: Callable[[], str]) -> str:
    return new_bucket()


@pytest.fixture
def versioned(s3: "S3Client", bucket: str) -> str:
    set_versioning(s3, bucket, "Enabled")
    return bucket


@pytest.fixture
def locked(s3: "S3Client") -> Iterator[str]:
    """With Object Lock. What is retained in COMPLIANCE stays after the test, and its bucket."""
    name = f"o3-lock-{secrets.token_hex(8)}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    yield name
    empty(s3, name)
    if "Versions" not in s3.list_object_versions(Bucket=name):
        s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def shared_bucket(s3: "S3Client") -> Iterator[str]:
    """One bucket for all tests of a file that only read it, or use keys of their own."""
    name = f"o3-test-{secrets.token_hex(8)}"
    s3.create_bucket(Bucket=name)
    yield name
    empty(s3, name)
    s3.delete_bucket(Bucket=name)
