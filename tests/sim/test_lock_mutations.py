"""The simulator finds what is broken on purpose in what keeps locked versions. Which seed finds a
mistake first is in docs/internals/simulator.md."""

import pytest

from tests.sim.lock_mutations import LOCK_MUTATIONS
from tests.sim.mistakes import assert_is_made, first_found
from tests.sim.mutations import Mutation
from trioxygen.sim.locks.options import from_seed
from trioxygen.sim.locks.simulation import run

SEEDS_MAX = 60
QUICK = ("group-time-not-looked-at", "null-version-replaced-under-lock")


def found(mutation: Mutation) -> int:
    def run_seed(seed: int) -> str:
        return run(seed, from_seed(seed, mutation.options)).failure

    return first_found(mutation, run_seed, seeds_max=SEEDS_MAX)


@pytest.mark.parametrize("mutation", LOCK_MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_is_made_where_the_code_is(mutation: Mutation) -> None:
    assert_is_made(mutation)


@pytest.mark.parametrize(
    "mutation", [each for each in LOCK_MUTATIONS if each.name in QUICK], ids=lambda each: each.name
)
def test_a_gross_mistake_is_found_soon(mutation: Mutation) -> None:
    assert found(mutation) <= 10


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("mutation", LOCK_MUTATIONS, ids=lambda each: each.name)
def test_a_mistake_is_found(mutation: Mutation) -> None:
    found(mutation)
