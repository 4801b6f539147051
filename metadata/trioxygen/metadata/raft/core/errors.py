"""What the core refuses. The driver turns these into the errors that cross the wire.

RaftError
  NotLeader            ask `leader`
  ProposalsFull        too many bytes wait for a commit
  ReadsFull            too many reads wait for a confirmation
  TransferInProgress   the leader is handing over
  ChangeInProgress     the previous membership change is not committed yet
  ChangeInvalid        the membership asked for makes no sense
  TransferInvalid      the target cannot become leader
EntriesNotLoaded       not an answer: see `log.LogReader.entries`
"""

from trioxygen.metadata.raft.core.types import ReplicaId


class RaftError(Exception):
    """Base of the refusals; nothing was changed."""


class NotLeader(RaftError):
    """Attributes:
    leader: as far as this replica knows.
    """

    def __init__(self, leader: ReplicaId | None) -> None:
        super().__init__(f"not the leader, try {leader if leader is not None else 'another'}")
        self.leader = leader


class ProposalsFull(RaftError):
    pass


class ReadsFull(RaftError):
    pass


class TransferInProgress(RaftError):
    pass


class TransferInvalid(RaftError):
    pass


class ChangeInProgress(RaftError):
    pass


class ChangeInvalid(RaftError):
    pass


class EntriesNotLoaded(Exception):
    """The entries are on disk only; the driver loads them and calls `Node.entries_loaded`."""
