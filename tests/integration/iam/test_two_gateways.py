"""Two gateways of one store: who may do what is the same at both, on the next request."""

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.access_changes import SCENARIOS, Gateways, running

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateways]:
    with running(tmp_path_factory.mktemp("access"), oms=1, scms=1, datanodes=1) as made:
        yield made


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_change_at_one_gateway_is_in_force_at_the_other(
    gateways: Gateways, scenario: Callable[[Gateways], None]
) -> None:
    scenario(gateways)
