"""Mistakes made on purpose are made, and found."""

from collections.abc import Callable

import pytest

from tests.sim.mutations import Mutation


def assert_is_made(mutation: Mutation) -> None:
    """While it is applied, and no longer."""
    patches = mutation.patches()
    assert patches
    before = [getattr(owner, name) for owner, name, _ in patches]
    with mutation.applied():
        assert [getattr(owner, name) for owner, name, _ in patches] != before
    assert [getattr(owner, name) for owner, name, _ in patches] == before


def first_found(mutation: Mutation, run: Callable[[int], str], *, seeds_max: int) -> int:
    """The seed. Args: run: of a seed; what it finds."""
    with mutation.applied():
        for seed in range(1, seeds_max + 1):
            failure = run(seed)
            if failure:
                # A promise, or an assertion of the code: else the mistake itself is made wrongly.
                kind = failure.partition(":")[0]
                assert kind == "AssertionError" or not kind.endswith("Error"), failure
                return seed
    pytest.fail(f"{mutation.name} was not found in {seeds_max} runs")
