"""Ways to break what DataNodes, their readers and the SCM do with blocks, on purpose. The
simulation must notice every one."""

from collections.abc import Callable
from typing import Any, Final

from tests.sim.mutations import Mutation, Patch
from trioxygen.common.replication import RATIS_THREE
from trioxygen.hdds.container.block_file import BlockFile
from trioxygen.hdds.datanode import reads
from trioxygen.hdds.datanode.commands import Commands
from trioxygen.hdds.datanode.mending import Mending
from trioxygen.hdds.ring import persist
from trioxygen.hdds.ring.ring import Ring
from trioxygen.hdds.ring.rings import Rings
from trioxygen.hdds.ring.volume_blocks import VolumeBlocks
from trioxygen.metadata.raft.core import replication as raft_replication
from trioxygen.metadata.raft.core.types import Configuration, ReplicaId
from trioxygen.metadata.scm.replication import standing, whole_copies
from trioxygen.proto.v1.datanode_pb2 import RingEntry
from trioxygen.proto.v1.scm_pb2 import DeleteBlocksCommand
from trioxygen.sim.disk import SimFile

POWER: Final[dict[str, Any]] = {
    "network": False,
    "crashes": True,
    "disks": False,
    "pauses": False,
    "losses": False,
    "clocks": False,
    "operators": False,
    "gateways": 0,
    "faults": 200.0,
    "replication": RATIS_THREE,
    "volumes": 1,
    "slowness": False,
}
LOSSES: Final[dict[str, Any]] = {
    "network": False,
    "crashes": False,
    "disks": False,
    "pauses": False,
    "losses": True,
    "clocks": False,
    "operators": False,
    "gateways": 0,
    "faults": 600.0,
    "replication": RATIS_THREE,
    "volumes": 1,
    "slowness": False,
    "seconds": 25.0,
    "operations": 60,
}


def _never_bad(*_: Any) -> None:
    return


def block_file_not_synced() -> list[Patch]:
    def seal(self: BlockFile) -> None:
        assert self._file is not None
        self._disk.rename(self._beside, self._target)
        self._renamed = True
        self._file.close()
        self._file = None

    return [(BlockFile, "seal", seal)]


def _ring_acknowledges_alone() -> list[Patch]:
    """Before a majority of it has synced."""

    def highest(configuration: Configuration, value_of: Callable[[ReplicaId], int]) -> int:
        return max(value_of(voter) for voter in configuration.voters)

    return [(raft_replication, "reached_by_quorum", highest)]


def _nothing_synced() -> list[Patch]:
    def datasync(self: SimFile) -> None:
        return

    return [(SimFile, "datasync", datasync)]


def _reads_unchecked() -> list[Patch]:
    return [(reads, "first_bad_piece", _never_bad)]


async def _idle(*_: Any) -> bool:
    return False


def _bad_blocks_left() -> list[Patch]:
    return [(Mending, "work", _idle)]


def _missing_bytes_forgotten() -> list[Patch]:
    def put_missing(self: VolumeBlocks, *_: Any) -> None:
        return

    return [(VolumeBlocks, "put_missing", put_missing)]


def _last_good_one_too_many() -> list[Patch]:
    """Each replica counts five times: all go."""
    right = standing.safe

    def safe(container: Any) -> Any:
        return right(container) * 5

    return [(whole_copies, "safe", safe)]


def _lost_replicas_left() -> list[Patch]:
    return [(whole_copies, "lacking", lambda container: 0)]


def _deletion_confirmed_undone() -> list[Patch]:
    async def delete(self: Commands, command: DeleteBlocksCommand) -> None:
        self.deleted_transaction_ids.add(command.transaction_id)

    return [(Commands, "_delete", delete)]


def _put_applied_from_memory() -> list[Patch]:
    """The member that leads puts blocks that came in streams, and no log says so."""

    async def propose(self: Ring, entry: RingEntry) -> int:
        if entry.WhichOneof("entry") != "put_block":
            return int(await right(self, entry))
        index = self.machine.applied().index + 1
        refusal = await self.machine._apply_entry(entry.SerializeToString(), index)
        if refusal is not None:
            raise refusal
        return index

    right: Any = Ring._propose
    return [(Ring, "_propose", propose)]


def _receipts_forgotten_by_restarts() -> list[Patch]:
    return [(Rings, "_shared", lambda self: set())]


def _rows_before_bytes() -> list[Patch]:
    """Small blocks: their row is stored, and the log dropped, whatever became of their bytes."""

    def append(txn: Any, run: Any, done: Any) -> bool:
        right(txn, run, done)
        return False

    right = persist._append
    return [(persist, "_append", append)]


MUTATIONS: Final = (
    Mutation("block-file-not-synced", block_file_not_synced, POWER),
    Mutation("nothing-synced", _nothing_synced, POWER),
    Mutation("ring-acknowledges-alone", _ring_acknowledges_alone, POWER),
    Mutation("put-applied-from-memory", _put_applied_from_memory, POWER),
    Mutation("rows-before-bytes", _rows_before_bytes, POWER),
    Mutation("receipts-forgotten-by-restarts", _receipts_forgotten_by_restarts, POWER),
    Mutation("missing-bytes-forgotten", _missing_bytes_forgotten, POWER),
    Mutation("reads-unchecked", _reads_unchecked, LOSSES),
    Mutation("bad-blocks-left", _bad_blocks_left, LOSSES),
    Mutation("last-good-one-too-many", _last_good_one_too_many, LOSSES),
    Mutation("lost-replicas-left", _lost_replicas_left, LOSSES),
    Mutation("deletion-confirmed-undone", _deletion_confirmed_undone, LOSSES),
)
