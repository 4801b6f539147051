"""What all tests of the fuzz find."""

from collections.abc import Iterator

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.s3.fuzz.place import made_place


@pytest.fixture(scope="package")
def place(endpoint: Endpoint) -> Iterator[dict[str, str]]:
    with made_place(endpoint) as made:
        yield made
