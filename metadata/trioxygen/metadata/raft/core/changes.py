"""Changes of the members, as the leader makes them: one at a time, through a joint configuration
(§4.1, §4.3)."""

from collections.abc import Collection

from trioxygen.metadata.raft.core.election import Election
from trioxygen.metadata.raft.core.errors import ChangeInProgress, ChangeInvalid
from trioxygen.metadata.raft.core.membership import encode, enter, leave
from trioxygen.metadata.raft.core.quiescence import Quiescence
from trioxygen.metadata.raft.core.replication import Replication
from trioxygen.metadata.raft.core.state import State
from trioxygen.metadata.raft.core.types import Configuration, EntryId, EntryKind, ReplicaId


class Changes:
    """Of a replica that leads."""

    __slots__ = ("_election", "_quiescence", "_replication", "_state")

    def __init__(
        self, state: State, replication: Replication, election: Election, quiescence: Quiescence
    ) -> None:
        self._state, self._replication = state, replication
        self._election, self._quiescence = election, quiescence

    def enter(
        self,
        *,
        voters: Collection[ReplicaId],
        learners: Collection[ReplicaId],
        auto_leave: bool,
    ) -> EntryId:
        """Raises: ChangeInProgress, ChangeInvalid."""
        self._check_no_change()
        now = self._state.membership.current
        if now.is_joint:
            raise ChangeInProgress("the group is still joint")
        wanted = enter(now, voters=voters, learners=learners, auto_leave=auto_leave)
        return self._append(wanted)

    def leave(self) -> EntryId:
        """Raises: ChangeInProgress, ChangeInvalid: not joint."""
        self._check_no_change()
        now = self._state.membership.current
        if not now.is_joint:
            raise ChangeInvalid("the group is not joint")
        return self._append(leave(now))

    def _check_no_change(self) -> None:
        """One change at a time (§4.1, §4.3). And none before an entry of the own term is committed:
        else an earlier leader's change could be in force elsewhere (raft-dev, July 2015, "bug in
        single-server membership changes", an erratum to §4.1)."""
        if self._state.membership.index > self._state.log.commit:
            raise ChangeInProgress("the last configuration is not committed yet")
        if not self._state.has_committed_in_term():
            raise ChangeInProgress("the leader has not committed in its term yet")

    def _append(self, configuration: Configuration) -> EntryId:
        self._quiescence.wake()
        entry = self._replication.append(encode(configuration), EntryKind.CONFIGURATION)
        return EntryId(entry.index, entry.term)

    def committed(self) -> None:
        """The commit index rose: maybe over a configuration."""
        state, membership = self._state, self._state.membership
        if membership.index > state.log.commit:
            return
        if not membership.current.is_joint:
            self._election.step_down_if_removed()
        elif membership.current.auto_leave:
            # §4.3: C_old,new is committed, so C_new may follow; by whoever leads now.
            assert state.transfer_to is None, state.transfer_to
            self._append(leave(membership.current))
