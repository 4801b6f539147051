"""The simulator finds what is broken on purpose in what DataNodes do. Which seed finds a mistake
first is in docs/internals/simulator.md."""

import pytest

from tests.sim.coded_mutations import CODED_MUTATIONS
from tests.sim.mistakes import assert_is_made, first_found
from tests.sim.moving_mutations import MOVING_MUTATIONS
from tests.sim.mutations import Mutation
from tests.sim.storage_mutations import MUTATIONS as WHOLE_MUTATIONS
from trioxygen.sim.storage.options import from_seed
from trioxygen.sim.storage.simulation import run

MUTATIONS = (*WHOLE_MUTATIONS, *CODED_MUTATIONS, *MOVING_MUTATIONS)
SEEDS_MAX = 60
# Those that show at once: what is seen minutes after healing only takes half a minute a run.
QUICK = ("block-file-not-synced", "ring-acknowledges-alone")


def found(mutation: Mutation) -> int:
    def run_seed(seed: int) -> str:
        return run(seed, from_seed(seed, mutation.options)).failure

    return first_found(mutation, run_seed, seeds_max=SEEDS_MAX)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_is_made_where_the_code_is(mutation: Mutation) -> None:
    assert_is_made(mutation)


@pytest.mark.parametrize(
    "mutation", [each for each in MUTATIONS if each.name in QUICK], ids=lambda each: each.name
)
def test_a_gross_mistake_is_found_soon(mutation: Mutation) -> None:
    assert found(mutation) <= 10


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_mistake_is_found(mutation: Mutation) -> None:
    found(mutation)
