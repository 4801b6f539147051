"""The simulator finds what is broken on purpose in what DataNodes do. Which seed finds a mistake
first is in docs/internals/simulator.md."""

import logging
from collections.abc import Iterator

import pytest

from tests.sim.mutations import Mutation
from tests.sim.storage_mutations import MUTATIONS
from trioxygen.sim.storage.options import from_seed
from trioxygen.sim.storage.simulation import run

SEEDS_MAX = 60
QUICK = ("block-file-not-synced", "ring-acknowledges-alone", "deletion-confirmed-undone")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


def first_found(mutation: Mutation) -> int:
    with mutation.applied():
        for seed in range(1, SEEDS_MAX + 1):
            if run(seed, from_seed(seed, mutation.options)).failure:
                return seed
    pytest.fail(f"{mutation.name} was not found in {SEEDS_MAX} runs")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mistake_is_made_where_the_code_is(mutation: Mutation) -> None:
    patches = mutation.patches()
    assert patches
    before = [getattr(owner, name) for owner, name, _ in patches]
    with mutation.applied():
        assert [getattr(owner, name) for owner, name, _ in patches] != before
    assert [getattr(owner, name) for owner, name, _ in patches] == before


@pytest.mark.parametrize(
    "mutation", [each for each in MUTATIONS if each.name in QUICK], ids=lambda each: each.name
)
def test_a_gross_mistake_is_found_soon(mutation: Mutation) -> None:
    assert first_found(mutation) <= 10


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_mistake_is_found(mutation: Mutation) -> None:
    first_found(mutation)
