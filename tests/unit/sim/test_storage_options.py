"""What a seed chooses stays out of the way of what is given."""

from trioxygen.common.replication import RATIS_ONE
from trioxygen.sim.storage.options import CODED, from_seed


def test_newcomer_comes_beside_those_who_are_there_unless_their_number_is_given() -> None:
    own, without = from_seed(1, {"operators": True}), from_seed(1, {"operators": False})
    assert (own.newcomers, own.datanodes) == (1, without.datanodes + 1)
    given = from_seed(1, {"operators": True, "datanodes": 4, "newcomers": 0})
    assert (given.newcomers, given.datanodes) == (0, 4)


def test_code_has_enough_datanodes_before_a_newcomer_comes() -> None:
    for seed in range(200):
        options = from_seed(seed)
        members = options.replication.members
        spare = 1 if options.replication == CODED else 0
        assert options.datanodes - options.newcomers >= members + spare, seed


def test_replicas_that_are_the_only_ones_are_never_lost() -> None:
    one = next(
        options for seed in range(200) if (options := from_seed(seed)).replication == RATIS_ONE
    )
    assert one.losses_max == 0
