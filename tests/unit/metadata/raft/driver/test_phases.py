from trioxygen.metadata.raft.driver.phases import MOVES, Phase


def test_every_phase_says_where_it_may_lead() -> None:
    assert set(MOVES) == set(Phase)


def test_replica_that_has_ended_never_takes_part_again() -> None:
    assert not MOVES[Phase.ENDED]
