from hypothesis import given
from hypothesis import strategies as st

from tests.unit.metadata.raft.core.members import replica
from trioxygen.metadata.raft.core.quorum import VoteResult, reached_by_quorum, vote_result
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId

IDS = st.frozensets(st.integers(1, 7).map(replica), max_size=7)
CONFIGURATIONS = st.builds(
    lambda voters, outgoing: Configuration(tuple(sorted(voters)), tuple(sorted(outgoing))),
    IDS.filter(bool),
    IDS,
)


def majority(voters: tuple[ReplicaId, ...], yes: set[ReplicaId]) -> bool:
    return 2 * len(yes.intersection(voters)) > len(voters) or not voters


@given(CONFIGURATIONS, st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_quorum_reaches_the_highest_number_that_both_majorities_reached(
    configuration: Configuration, numbers: list[int]
) -> None:
    def agreed(number: int) -> bool:
        yes = {replica(each) for each in range(1, 8) if numbers[each] >= number}
        return majority(configuration.voters, yes) and majority(configuration.outgoing, yes)

    expected = max(number for number in range(10) if agreed(number))
    assert reached_by_quorum(configuration, lambda each: numbers[each]) == expected


@given(CONFIGURATIONS, st.dictionaries(st.integers(1, 7).map(replica), st.booleans()))
def test_votes_are_won_or_lost_exactly_when_nobody_missing_can_change_it(
    configuration: Configuration, votes: dict[ReplicaId, bool]
) -> None:
    yes = {each for each, vote in votes.items() if vote}
    maybe = yes | {replica(each) for each in range(1, 8) if replica(each) not in votes}
    won = all(majority(voters, yes) for voters in (configuration.voters, configuration.outgoing))
    open_still = all(
        majority(voters, maybe) for voters in (configuration.voters, configuration.outgoing)
    )
    expected = VoteResult.WON if won else VoteResult.PENDING if open_still else VoteResult.LOST
    assert vote_result(configuration, votes) is expected
