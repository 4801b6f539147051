"""Damage by chance to any file of a stopped store, or of one that was killed: what it then answers
is right or an error, or it says in one line why it does not start.

`O3_DAMAGE_SEED` repeats a run, `O3_DAMAGE_SECONDS` makes it longer."""

import os
import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.crash.damage import damage
from tests.crash.damaged_store import CONFIG, Contents, Damaged, fill
from tests.integration.store_process import StoreProcess

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_600)]

_FIXED_SEEDS = ("1", "2", "3", "4")
_ROUNDS_MIN = 6
_SECONDS = float(os.environ.get("O3_DAMAGE_SECONDS") or 40)
_MORE_KEYS = 300


@dataclass(frozen=True, slots=True)
class Base:
    data: Path
    contents: Contents


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Base]]:
    """The folder of a store that was stopped, and of one that was killed, with what is in it."""
    made: dict[str, Base] = {}
    for how in ("stopped", "killed"):
        store, contents = StoreProcess(tmp_path_factory.mktemp(how), CONFIG), Contents()
        store.start()
        try:
            with store.endpoint.client() as s3:
                more = [f"small-{'x' * 900}{number}" for number in range(_MORE_KEYS)]
                fill(s3, contents, more if how == "stopped" else ())
        finally:
            if how == "stopped":
                store.stop()
            else:
                store.kill()
        made[how] = Base(store.data, contents)
    yield made


def test_damage_is_never_served_and_never_passed_over_in_silence(
    bases: dict[str, Base], tmp_path: Path
) -> None:
    seed = os.environ.get("O3_DAMAGE_SEED") or str(random.SystemRandom().getrandbits(32))
    print(f"O3_DAMAGE_SEED={seed}")
    end = time.monotonic() + _SECONDS
    outcomes: dict[str, int] = {}
    seeds = iter([*_FIXED_SEEDS, *(f"{seed}-{number}" for number in range(100_000))])
    for number, each in enumerate(seeds):
        if time.monotonic() > end and number >= _ROUNDS_MIN:
            break
        outcome = _round(bases, tmp_path / str(number), each)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    print(outcomes)


def _round(bases: dict[str, Base], folder: Path, seed: str) -> str:
    rng = random.Random(seed)
    how = rng.choice(sorted(bases))
    folder.mkdir()
    store = StoreProcess(folder, CONFIG)
    # Logs are mostly zeros.
    copy = ["cp", "-a", "--sparse=always", str(bases[how].data), str(store.data)]
    subprocess.run(copy, check=True)
    what = "; ".join(damage(store.data, rng) for _ in range(rng.choice((1, 1, 1, 2))))
    contents = bases[how].contents.copy()
    outcome = ""
    try:
        # What is found at one start must not be made worse for the next.
        for _ in range(2):
            outcome = Damaged(store, contents, f"seed {seed}, {how}: {what}").live()
            if outcome == "refused":
                break
            store.log.unlink()
    finally:
        if store.process is not None and store.process.poll() is None:
            store.kill()
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    return outcome
