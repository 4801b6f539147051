"""DataNodes under faults: objects stay readable, replicas come back, nothing is left over."""

import pytest

from tests.sim.moving_mutations import MOVES
from trioxygen.common.replication import RATIS_THREE
from trioxygen.sim.result import Result
from trioxygen.sim.storage.options import CODED, StorageOptions, from_seed
from trioxygen.sim.storage.simulation import run


def assert_passes(result: Result[StorageOptions]) -> None:
    assert not result.failure, "\n".join(
        [*result.last_events, result.traceback, f"seed {result.seed}: {result.failure}"]
    )


# Seeds that found something, with whole replicas and without what runs had not then.
WHOLE = {
    "replication": RATIS_THREE,
    "clocks": False,
    "operators": False,
    "gateways": 0,
    "volumes": 1,
    "slowness": False,
}
REGRESSIONS = (18, 29, 31, 42, 126, 146, 219, 220, 223, 233)
# The same of an erasure code.
CODED_REGRESSIONS = (1, 3, 19)
# An erasure code with what runs have by themselves.
CODED_BY_THEMSELVES = (26, 65, 106)


# Each takes seconds, and the long tests take many more of them.
@pytest.mark.parametrize(
    "seed", [*range(1, 6), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(6, 11))]
)
def test_objects_keep_their_replicas_under_faults(seed: int) -> None:
    assert_passes(run(seed, from_seed(seed)))


@pytest.mark.parametrize("seed", range(1, 4))
def test_replicas_on_lost_disks_and_bad_bytes_are_made_again(seed: int) -> None:
    kinds = {"network": False, "crashes": False, "disks": False, "pauses": False}
    options = {**WHOLE, **kinds, "losses": True, "faults": 600.0, "seconds": 25.0, "operations": 60}
    result = run(seed, from_seed(seed, options))
    assert_passes(result)
    assert [name for name in result.counts if name.startswith("lost-")]


@pytest.mark.parametrize("seed", [3, 8])
def test_coded_objects_keep_their_parts_under_faults(seed: int) -> None:
    result = run(seed, from_seed(seed, {"replication": CODED}))
    assert_passes(result)
    assert result.counts["put"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", REGRESSIONS)
def test_what_was_found_is_not_found_again(seed: int) -> None:
    assert_passes(run(seed, from_seed(seed, {**WHOLE, "seconds": 15.0})))


@pytest.mark.slow
@pytest.mark.parametrize("seed", CODED_REGRESSIONS)
def test_what_was_found_of_coded_objects_is_not_found_again(seed: int) -> None:
    coded = {**WHOLE, "replication": CODED, "datanodes": 7, "newcomers": 0}
    assert_passes(run(seed, from_seed(seed, coded)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", CODED_BY_THEMSELVES)
def test_what_was_found_of_coded_objects_with_all_faults_is_not_found_again(seed: int) -> None:
    assert_passes(run(seed, from_seed(seed)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [30_009])
def test_block_that_was_deleted_while_its_disk_was_out_does_not_come_back(seed: int) -> None:
    options = {"replication": CODED, "datanodes": 8, "losses": True}
    assert_passes(run(seed, from_seed(seed, options)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [41_012])
def test_block_that_some_members_took_is_not_written_anew(seed: int) -> None:
    options = {"replication": CODED, "datanodes": 8, "losses": True}
    assert_passes(run(seed, from_seed(seed, options)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3])
def test_what_was_found_of_moved_replicas_is_not_found_again(seed: int) -> None:
    assert_passes(run(seed, from_seed(seed, MOVES)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20_100, 20_102])
def test_node_lets_go_of_a_disk_that_breaks_and_takes_the_next_one_in(seed: int) -> None:
    options = {"volumes": 2, "losses": True, "slowness": True, "seconds": 20.0}
    result = run(seed, from_seed(seed, options))
    assert_passes(result)
    assert result.counts["lost-one-disk"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(11, 61))
def test_objects_keep_their_replicas_under_many_faults(seed: int) -> None:
    assert_passes(run(seed, from_seed(seed, {"seconds": 15.0})))


def test_every_call_is_answered_without_faults() -> None:
    options = {**WHOLE, "faults": 0.0, "oms": 1, "scms": 1, "clients": 2}
    result = run(7, from_seed(7, options))
    assert_passes(result)
    assert result.counts["put"] > 20
    assert not [name for name in result.counts if name.endswith("given-up")]


def test_run_is_the_same_again() -> None:
    first, second = (run(3, from_seed(3, {"losses": False})) for _ in range(2))
    assert first.digest == second.digest


def test_clients_notice_nothing_of_block_tokens_whose_keys_last_for_seconds() -> None:
    result = run(1, from_seed(1, {"tokens": True}))
    assert_passes(result)
    assert result.counts["tokens"] > 0
