"""What DataNodes hold, seen from outside: whether every block that is referred to is there as often
as its class promises, and whether nothing else is."""

from collections.abc import Iterable, Sequence

from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import Replication
from trioxygen.hdds.checksums import first_bad_piece
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key, block_of_key
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ring.pending import PendingBlock
from trioxygen.proto.v1.types_pb2 import BlockSlice
from trioxygen.sim.disk import SimDisk
from trioxygen.sim.storage.machine import DataNodeMachine

_READABLE = frozenset(
    {
        ContainerState.OPEN,
        ContainerState.CLOSING,
        ContainerState.CLOSED,
        ContainerState.QUASI_CLOSED,
    }
)


def missing_replicas(
    machines: Sequence[DataNodeMachine], slices: Iterable[BlockSlice], replication: Replication
) -> str:
    """The first block that is not whole on enough DataNodes; empty: none."""
    for piece in slices:
        holders = [machine.name for machine in machines if _holds(machine, piece)]
        if len(holders) < replication.members:
            return f"{piece.container}/{piece.local} is on {holders} alone"
    return ""


def left_over(machines: Sequence[DataNodeMachine], wanted: Iterable[BlockSlice]) -> str:
    """A block that nobody refers to; empty: there is none."""
    keys = {block_key(piece.container, piece.local) for piece in wanted}
    for machine in machines:
        for work in machine.works():
            rest = work.blocks.pending_keys()
            rest |= {key for key, _ in work.volume.index.whole_after(b"", count_max=100_000)}
            for key in sorted(rest - keys):
                if work.blocks.find(key) is not None:
                    container, local = block_of_key(key)
                    return f"{machine.name} holds {container}/{local}"
    return ""


def _holds(machine: DataNodeMachine, piece: BlockSlice) -> bool:
    key = block_key(piece.container, piece.local)
    for work in machine.works():
        container = work.volume.containers.get(piece.container)
        stored = work.blocks.find(key) if container is not None else None
        if container is None or stored is None or container.state not in _READABLE:
            continue
        if isinstance(stored, PendingBlock) and stored.data is not None:
            return True
        block = stored.block if isinstance(stored, PendingBlock) else stored
        return _is_whole(machine, work, piece, block)
    return False


def _is_whole(machine: DataNodeMachine, work: VolumeWork, piece: BlockSlice, block: Block) -> bool:
    layout = work.volume.layout
    path = (
        layout.block(piece.container, piece.local)
        if block.segment == OWN_FILE
        else layout.segment(piece.container, block.segment)
    )
    assert isinstance(work.volume.disk, SimDisk)
    inode = machine.node.platter.names.get(path)
    if inode is None:
        return False
    data = bytes(inode.data[block.offset_bytes : block.offset_bytes + block.size_bytes])
    return len(data) == block.size_bytes and first_bad_piece(data, block.checksums) is None
