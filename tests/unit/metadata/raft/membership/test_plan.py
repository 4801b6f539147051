"""The plan against a model of a group that follows it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.raft.membership.identity import Member
from trioxygen.metadata.raft.membership.plan import (
    Forget,
    Reconfigure,
    has_majority,
    last_replica,
    next_step,
)


def ids(*numbers: int) -> tuple[ReplicaId, ...]:
    return tuple(map(ReplicaId, numbers))


def member(number: int, node: int, incarnation: int | None = None) -> Member:
    return Member(
        ReplicaId(number),
        f"om-{node}",
        f"host-{node}:1",
        100 + number if incarnation is None else incarnation,
    )


THREE = (member(1, 1), member(2, 2), member(3, 3))
GROUP = Configuration(voters=ids(1, 2, 3))


def plan(
    members: tuple[Member, ...],
    configuration: Configuration,
    *,
    alive: tuple[int, ...] = (1, 2, 3, 4, 5),
    caught_up: tuple[int, ...] = (),
) -> object:
    return next_step(members, configuration, alive=set(ids(*alive)), caught_up=set(ids(*caught_up)))


def test_group_as_wanted_needs_nothing() -> None:
    assert plan(THREE, GROUP) is None


def test_new_incarnation_learns_then_takes_its_place() -> None:
    members = (*THREE, member(4, 3))
    assert plan(members, GROUP) == Reconfigure(ids(1, 2, 3), ids(4))
    learning = replace(GROUP, learners=ids(4))
    assert plan(members, learning) is None
    assert plan(members, learning, caught_up=(4,)) == Reconfigure(ids(1, 2, 4), ())
    joint = Configuration(voters=ids(1, 2, 4), outgoing=ids(1, 2, 3), auto_leave=True)
    assert plan(members, joint, caught_up=(4,)) is None
    assert plan(members, Configuration(voters=ids(1, 2, 4))) == Forget(ReplicaId(3))


def test_added_node_becomes_a_voter_beside_the_others() -> None:
    invited = (*THREE, member(4, 4, incarnation=0))
    assert plan(invited, GROUP) is None
    members = (*THREE, member(4, 4))
    assert plan(members, GROUP) == Reconfigure(ids(1, 2, 3), ids(4))
    learning = replace(GROUP, learners=ids(4))
    assert plan(members, learning, caught_up=(4,)) == Reconfigure(ids(1, 2, 3, 4), ())


def test_learner_is_not_promoted_into_a_group_without_a_majority() -> None:
    members, learning = (*THREE, member(4, 4)), replace(GROUP, learners=ids(4))
    assert plan(members, learning, alive=(1, 4), caught_up=(4,)) is None


def test_learner_that_came_again_is_replaced_before_anything_else() -> None:
    members = (*THREE, member(4, 3), member(5, 3))
    learning = replace(GROUP, learners=ids(4))
    assert plan(members, learning, caught_up=(4,)) == Reconfigure(ids(1, 2, 3), ())
    assert plan(members, GROUP) == Reconfigure(ids(1, 2, 3), ids(5))


def test_highest_id_is_never_forgotten() -> None:
    vacant = Member(ReplicaId(4), "", "", 0)
    assert plan((*THREE, vacant), GROUP) is None
    members = (*THREE, vacant, member(5, 5))
    grown = Configuration(voters=ids(1, 2, 3, 5))
    assert plan(members, grown) == Forget(ReplicaId(4))


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("comes again"), st.integers(1, 5)),
        st.tuples(st.just("leaves"), st.integers(1, 5)),
        st.tuples(st.just("catches up"), st.just(0)),
    ),
    max_size=12,
)


@given(events=EVENTS)
def test_plan_always_ends_with_the_last_incarnation_of_every_node_as_a_voter(
    events: list[tuple[str, int]],
) -> None:
    members, configuration = list(THREE), GROUP
    given_ids = {1, 2, 3}

    def follow(steps_max: int, *, caught_up: bool) -> bool:
        nonlocal configuration
        for _ in range(steps_max):
            step = next_step(
                members,
                configuration,
                alive=configuration.members(),
                caught_up=configuration.learners if caught_up else (),
            )
            if step is None:
                return True
            if isinstance(step, Forget):
                assert step.replica not in configuration.members()
                members[:] = [member for member in members if member.replica != step.replica]
                continue
            assert step.voters
            # No more than one voter is exchanged for another, or added.
            assert len(set(step.voters) - set(configuration.voters)) <= 1
            assert len(step.voters) >= len(configuration.voters)
            configuration = Configuration(voters=step.voters, learners=step.learners)
        return False

    for kind, node in events:
        if kind == "comes again":
            number = last_replica(members) + 1
            assert number not in given_ids
            given_ids.add(number)
            members.append(member(number, node))
            follow(1, caught_up=False)
        elif kind == "leaves":
            gone = {member.replica for member in members if member.node_id == f"om-{node}"}
            voters = tuple(voter for voter in configuration.voters if voter not in gone)
            if voters and gone:
                learners = tuple(
                    learner for learner in configuration.learners if learner not in gone
                )
                configuration = Configuration(voters=voters, learners=learners)
                last = last_replica(members)
                members = [member for member in members if member.replica not in gone]
                if last in gone:
                    members.append(Member(last, "", "", 0))
        else:
            follow(3, caught_up=True)
    assert follow(100, caught_up=True)
    newest = {member.node_id: member.replica for member in sorted(members) if member.incarnation}
    assert configuration == Configuration(voters=tuple(sorted(newest.values())))
    assert [member for member in members if member.incarnation] == sorted(
        member for member in members if member.replica in newest.values()
    )


def test_majority_counts_voters_only() -> None:
    assert has_majority(ids(1, 2, 3), set(ids(1, 3, 7)))
    assert not has_majority(ids(1, 2, 3, 4), set(ids(1, 3, 7)))
