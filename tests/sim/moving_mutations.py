"""Ways to break, on purpose, how replicas are copied and moved. The simulation must notice every
one. Of replicas that are the only ones nothing makes up for a mistake."""

from typing import Any, Final

from tests.sim.mutations import Mutation, Patch
from tests.sim.storage_mutations import LOSSES
from trioxygen.common.replication import RATIS_ONE
from trioxygen.hdds.checksums import checksums_of
from trioxygen.hdds.container.blocks import Block
from trioxygen.hdds.copying.frames import FrameReader
from trioxygen.hdds.copying.incoming import Incoming
from trioxygen.metadata.scm.balancer.balancer import Balancer
from trioxygen.metadata.scm.balancer.plan import Move
from trioxygen.metadata.scm.replication.in_flight import Kind, Operation
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, DeleteContainerCommand

MOVES: Final[dict[str, Any]] = LOSSES | {
    "losses": False,
    "operators": True,
    "replication": RATIS_ONE,
    "faults": 2_000.0,
    "datanodes": 4,
    "newcomers": 1,
    "keys": 10,
    "seconds": 30.0,
    "operations": 90,
}


def _copy_unchecked() -> list[Patch]:
    """Who gets a copy sums up what came, whatever the sender's sums are."""

    async def receive_small(self: Incoming, local: int, block: Block, reader: FrameReader) -> None:
        data = bytearray(await reader.read(block.size_bytes))
        data[0] ^= 1
        block = block._replace(checksums=checksums_of(data))
        await right(self, local, block, _Read(bytes(data)))

    right: Any = Incoming._receive_small
    return [(Incoming, "_receive_small", receive_small)]


class _Read:
    """What was read."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, size_bytes: int) -> bytes:
        return self._data


def _source_removed_at_once() -> list[Patch]:
    """A move has its source removed when it begins, not when the copy is there."""

    def begin(self: Balancer, txn: Any, move: Move) -> None:
        right(self, txn, move)
        movable = move.movable
        if not self._in_flight.of_container(movable.container_id):
            return
        command = DeleteContainerCommand(container_id=movable.container_id, force=True)
        removal = Operation(
            kind=Kind.REMOVAL,
            container_id=movable.container_id,
            node_id=move.source,
            command=DataNodeCommand(delete_container=command),
            deadline_ms=self._clock.monotonic_ms() + 60_000,
        )
        self._in_flight.begin(removal)

    right = Balancer._begin
    return [(Balancer, "_begin", begin)]


MOVING_MUTATIONS: Final = (
    Mutation("copy-unchecked", _copy_unchecked, MOVES),
    Mutation("source-removed-at-once", _source_removed_at_once, MOVES),
)
