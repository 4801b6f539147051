"""Watches what members say and what their states become, group by group."""

from typing import Final

from trioxygen.metadata.raft.ports import GroupId
from trioxygen.proto.v1.raft_pb2 import RaftBatch
from trioxygen.sim.checkers.raft import OF_LEADERS, GroupProperties
from trioxygen.sim.checkers.violation import Violation
from trioxygen.sim.store import SimStore
from trioxygen.sim.trace import Trace

_NAMES: Final = {1: "om", 2: "scm"}


class StateObserver:
    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        # Of each group: the digest that a leader was heard with, and what is known by digest. Who
        # began a group and lost its disk before anybody else did, has begun nothing.
        self._led: dict[int, int] = {}
        self._properties: dict[tuple[int, int], GroupProperties] = {}

    def heard(self, source: str, target: str, batch: RaftBatch) -> None:
        for messages in batch.groups:
            group, digest = messages.group, messages.group_digest
            if any(message.kind in OF_LEADERS for message in messages.messages):
                led = self._led.setdefault(group, digest)
                if led != digest:
                    raise Violation(
                        "one-group", f"{source} speaks for a second group {_NAMES[group]}"
                    )
            self._of(group, digest).heard(messages)

    def _of(self, group: int, digest: int) -> GroupProperties:
        properties = self._properties.get((group, digest))
        if properties is None:
            properties = self._properties[group, digest] = GroupProperties(_NAMES[group])
        return properties

    def committed(self, member: str, group: GroupId, store: SimStore) -> bool:
        """Whether no state was as far before. Raises Violation."""
        if store.answered_again:
            raise Violation(
                "exactly-once",
                f"{member} carried out a request twice: {store.answered_again.hex()}",
            )
        index, term = store.applied()
        self._trace.note("applied", member, index, term)
        # Groups of one voter send nothing.
        properties = self._of(group, self._led.get(group, 0))
        is_first = index > properties.committed_through
        properties.applied(member, index, term, store.row_hash)
        return is_first
