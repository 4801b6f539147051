"""A replica's hard state as the log keeps it. To the log itself it is bytes."""

from trioxygen.metadata.raft.core.types import HardState, ReplicaId
from trioxygen.proto.v1 import raft_pb2


def encode_hard_state(state: HardState, *, installing: tuple[int, int] = (0, 0)) -> bytes:
    """Args: installing: index and term of the snapshot that is about to replace the state."""
    return raft_pb2.HardState(
        term=state.term,
        voted_for=state.voted_for or 0,
        commit=state.commit,
        installing_index=installing[0],
        installing_term=installing[1],
    ).SerializeToString()


def decode_hard_state(data: bytes) -> tuple[HardState, tuple[int, int]]:
    stored = raft_pb2.HardState.FromString(data)
    voted_for = ReplicaId(stored.voted_for) if stored.voted_for else None
    state = HardState(stored.term, voted_for, stored.commit)
    return state, (stored.installing_index, stored.installing_term)
