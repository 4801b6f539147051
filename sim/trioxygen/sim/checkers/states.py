"""Watches what members say and what their states become, group by group."""

from typing import Final

from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import RaftBatch
from trioxygen.sim.checkers.raft import GroupProperties
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.store import SimStore
from trioxygen.sim.trace import Trace

_NAMES: Final = {1: "om", 2: "scm"}


class StateObserver:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._digests: dict[int, int] = {}
        self.groups: dict[int, GroupProperties] = {
            number: GroupProperties(name) for number, name in _NAMES.items()
        }

    def heard(self, source: str, target: str, batch: RaftBatch) -> None:
        for messages in batch.groups:
            group = messages.group
            if messages.group_digest != self._digests.setdefault(group, messages.group_digest):
                raise Violation("one-group", f"{source} speaks for a second group {_NAMES[group]}")
            self.groups[group].heard(messages)

    def committed(self, member: str, group: GroupId, store: SimStore) -> bool:
        """Whether no state was as far before. Raises Violation."""
        if store.answered_again:
            raise Violation(
                "exactly-once",
                f"{member} carried out a request twice: {store.answered_again.hex()}",
            )
        index, term = store.applied()
        self._trace.note("applied", member, index, term)
        is_first = index > self.groups[group].committed_through
        self.groups[group].applied(member, index, term, store.row_hash)
        return is_first
