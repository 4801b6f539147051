"""Stores of their own, for tests that configure, stop or fill one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.store_process import StoreProcess

NewStore = Callable[..., StoreProcess]


@pytest.fixture
def new_store(tmp_path: Path) -> Iterator[NewStore]:
    """Makes stores (see `StoreProcess`), not started; whatever still runs is killed at the end."""
    made: list[StoreProcess] = []

    def make(
        config: dict[str, object] | None = None,
        *,
        chosen_keys: bool = True,
        folder: str = "store",
        anew: bool = False,
    ) -> StoreProcess:
        (tmp_path / folder).mkdir(exist_ok=True)
        made.append(StoreProcess(tmp_path / folder, config, chosen_keys=chosen_keys, anew=anew))
        return made[-1]

    yield make
    for store in made:
        store.discard()
