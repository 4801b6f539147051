"""The simulator finds what is broken on purpose. Which seed finds a mistake first is in
docs/internals/simulator.md."""

import pytest

from tests.sim.mistakes import assert_is_made, first_found
from tests.sim.mutations import MUTATIONS, Mutation
from trioxygen.sim.options import from_seed
from trioxygen.sim.simulation import run

SEEDS_MAX = 400
# Found within a few seeds, so that every run of the tests shows that the checkers look.
QUICK = ("said-before-durable", "one-is-a-majority", "vote-for-a-short-log", "second-vote")


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
    assert found(mutation) <= 20


@pytest.mark.slow
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_mistake_is_found(mutation: Mutation) -> None:
    found(mutation)
