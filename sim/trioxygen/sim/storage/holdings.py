"""What DataNodes hold, seen from outside: whether every block that is referred to is there as often
as its class promises, and whether nothing else is."""

from collections.abc import Iterable, Mapping, Sequence

from trioxygen.common.container_state import ContainerState
from trioxygen.common.replication import Replication
from trioxygen.hdds.checksums import first_bad_piece, tag_of
from trioxygen.hdds.container.blocks import OWN_FILE, Block, block_key, block_of_key
from trioxygen.hdds.datanode.work import VolumeWork
from trioxygen.hdds.ec.layout import GroupLayout
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
        held = {machine.name: _held(machine, piece) for machine in machines}
        wrong = _coded_fault(piece, held, replication) if replication.is_ec else ""
        holders = [name for name, parts in held.items() if parts]
        if not replication.is_ec and len(holders) < replication.members:
            wrong = f"on {holders} alone"
        if wrong:
            return f"{piece.container}/{piece.local} is {wrong}"
    return ""


def _coded_fault(
    piece: BlockSlice, held: Mapping[str, Mapping[int, Block]], replication: Replication
) -> str:
    """Every index that has bytes of it is there, on a DataNode of its own, and together they are
    the block that the reference names."""
    layout = GroupLayout.of(replication, piece.block_bytes)
    parts = {index: part for own in held.values() for index, part in own.items()}
    absent = [index for index in layout.indexes if layout.index_bytes(index) and index not in parts]
    if absent:
        holders = {name: sorted(own) for name, own in held.items() if own}
        return f"without {absent}: {holders}"
    crowded = [name for name, own in held.items() if len(own) > 1]
    if crowded:
        return f"twice on {crowded}"
    sums = b"".join(parts[index].checksums for index in layout.indexes if index in parts)
    is_right = tag_of(piece.container, piece.local, sums) == piece.tag
    return "" if is_right else "another one"


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


def _held(machine: DataNodeMachine, piece: BlockSlice) -> dict[int, Block]:
    """What it has of it, whole, by index; 0: all of it."""
    held: dict[int, Block] = {}
    key = block_key(piece.container, piece.local)
    for work in machine.works():
        if machine.is_failing(work.volume.layout.root):
            continue
        container = work.volume.containers.get(piece.container)
        stored = work.blocks.find(key) if container is not None else None
        if container is None or stored is None or container.state not in _READABLE:
            continue
        block = stored.block if isinstance(stored, PendingBlock) else stored
        if block.group is not None and block.group.tag != piece.tag:
            # Of a write that was given up.
            continue
        is_in_memory = isinstance(stored, PendingBlock) and stored.data is not None
        if is_in_memory or _is_whole(machine, work, piece, block):
            held[container.replica_index] = block
    return held


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
