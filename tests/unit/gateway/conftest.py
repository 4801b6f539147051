import pytest

from tests.unit.gateway.s3.as_client import Client


@pytest.fixture(scope="session")
def client() -> Client:
    return Client()
