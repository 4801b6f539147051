"""The OM's own commands about blocks that nothing refers to."""

from trioxygen.common import logs
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.state.blocks import BlockKeeper, range_of
from trioxygen.metadata.om.state.orphans import orphans_among, put_orphan_search
from trioxygen.metadata.om.state.schema import ORPHANS
from trioxygen.metadata.replication.batch import Handler, Now
from trioxygen.metadata.store.delta import CapturingTxn
from trioxygen.proto.v1.om_pb2 import CollectOrphanBlocks, ForgetOrphanBlocks, NoteOrphanBlocks
from trioxygen.proto.v1.replication_pb2 import WorkReply

log = logs.get(__name__)


class OrphanCommands:
    def __init__(self, blocks: BlockKeeper) -> None:
        self._blocks = blocks

    def handlers(self) -> dict[type, Handler]:
        return {
            NoteOrphanBlocks: self.note,
            ForgetOrphanBlocks: self.forget,
            CollectOrphanBlocks: self.collect,
        }

    def note(self, txn: CapturingTxn, command: NoteOrphanBlocks, now: Now) -> WorkReply:
        """What is known already is as old as it was."""
        for row in command.blocks:
            key = block_key(row.block.container, row.block.local)
            before = ORPHANS.get(txn, key)
            row.since_ms = now.group_ms if before is None else before.since_ms
            row.seen_ms = now.group_ms
            ORPHANS.put(txn, key, row)
        put_orphan_search(txn, command.search)
        return WorkReply()

    def forget(self, txn: CapturingTxn, command: ForgetOrphanBlocks, now: Now) -> WorkReply:
        for key in command.row_keys:
            ORPHANS.delete(txn, key)
        return WorkReply()

    def collect(self, txn: CapturingTxn, command: CollectOrphanBlocks, now: Now) -> WorkReply:
        """To the queue of what goes; looked at once more: what is somebody's by now stays."""
        rows = [row for key in command.row_keys if (row := ORPHANS.get(txn, key)) is not None]
        sizes = {(row.block.container, row.block.local): row.size_bytes for row in rows}
        for block in orphans_among(txn, [row.block for row in rows]):
            log.warning("orphan_block_goes", container=block.container, local=block.local)
            size_bytes = sizes[block.container, block.local]
            self._blocks.collect(txn, range_of(block, size_bytes), now, was_visible=True)
        return self.forget(txn, ForgetOrphanBlocks(row_keys=command.row_keys), now)
