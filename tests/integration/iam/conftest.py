"""One store with two accounts, for tests of IAM and STS with boto3."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.integration.endpoint import Keys
from tests.integration.store_process import OTHER, StoreProcess

ACCOUNT = "111111111111"
OTHER_ACCOUNT = "222222222222"
ROOT = Keys("AKTESTROOT", "root-secret-of-the-tests")
# Of virtual hosts.
DOMAIN = "s3.test"
_CONFIG = Config(
    retries={"max_attempts": 1, "mode": "standard"},
    s3={"addressing_style": "path"},
    parameter_validation=False,
)


class Site:
    """A running store as clients see it. Attributes: account_id: of `root`."""

    def __init__(
        self, url: str, stack: ExitStack, *, root: Keys = ROOT, account_id: str = ACCOUNT
    ) -> None:
        self.url, self._stack, self._numbers = url, stack, count()
        self._root, self.account_id = root, account_id

    def name(self, start: str) -> str:
        """One that nobody else has."""
        return f"{start}{next(self._numbers)}"

    def client(self, service: str, keys: Keys | None = None) -> Any:
        """Of root, where no keys are given."""
        chosen = keys or self._root
        client = boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            aws_access_key_id=chosen.access,
            aws_secret_access_key=chosen.secret,
            aws_session_token=chosen.token,
            region_name="us-east-1",
            config=_CONFIG,
        )
        self._stack.callback(client.close)
        return client

    def session(self, service: str, credentials: dict[str, str]) -> Any:
        """A client with what STS answered."""
        return self.client(service, session_keys(credentials))

    def user(self, iam: Any, name: str, *policies: str) -> Keys:
        """Made, with inline policies and a key."""
        iam.create_user(UserName=name)
        for number, policy in enumerate(policies):
            iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        assert key["UserName"] == name
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def session_keys(credentials: Mapping[str, Any]) -> Keys:
    """Of a session, as STS answered it."""
    return Keys(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreProcess]:
    store = StoreProcess(tmp_path_factory.mktemp("iam"), {"s3.domains": DOMAIN})
    try:
        store.start()
        store.add_account(ACCOUNT, ROOT)
        store.add_account(OTHER_ACCOUNT, OTHER)
        yield store
        store.stop()
    finally:
        store.discard()


@pytest.fixture(scope="session")
def site(store: StoreProcess) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(store.url, stack)


@pytest.fixture(scope="session")
def iam(site: Site) -> Any:
    """As root of the first account."""
    return site.client("iam")
