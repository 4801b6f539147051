"""What the SCM tells a DataNode to do, in the answers to heartbeats."""

from collections.abc import Coroutine
from typing import Any, Final

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.errors import TrioxygenError, Unavailable
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.hdds.copying.copies import Copies
from trioxygen.hdds.datanode.homes import Homes
from trioxygen.hdds.datanode.joins import Joins
from trioxygen.hdds.datanode.replicas import Replicas
from trioxygen.hdds.reconstruction.rebuilds import Rebuilds
from trioxygen.hdds.ring.ring import Ring
from trioxygen.proto.v1.scm_pb2 import (
    CloseContainerCommand,
    DataNodeCommand,
    DeleteBlocksCommand,
    HeartbeatReply,
)
from trioxygen.proto.v1.types_pb2 import BlockRange

log = logs.get(__name__)

# Deletions that are tried again here. Others the SCM sends again.
_WAITING_MAX: Final = 1_000


class Commands:
    """Shared by the senders to all SCMs: what one was told is done once."""

    def __init__(self, clock: Clock, homes: Homes, copies: Copies, rebuilds: Rebuilds) -> None:
        self._clock, self._homes = clock, homes
        self._copies, self._rebuilds = copies, rebuilds
        self._joins, self._replicas = Joins(clock, homes), Replicas(homes)
        self._term = 0
        # Deletions that are in the log and that the SCM has not been told of yet.
        self.deleted_transaction_ids: set[int] = set()
        # By transaction: another member's log entry is to bring them, or none could be written.
        self._waiting: dict[int, DeleteBlocksCommand] = {}

    def follow(self, term: int) -> None:
        """Commands count from this term on: that of the leader that has taken the node in."""
        self._term = term
        self._waiting.clear()

    async def try_again(self) -> None:
        """Deletions that waited: the leaders of their rings may have carried them out by now."""
        for command in list(self._waiting.values()):
            await self._delete(command)

    async def carry_out(self, reply: HeartbeatReply, *, asked_ms: float) -> None:
        """What the answer to a heartbeat says; see `execute`."""
        if reply.leader:
            self._joins.keep_wanted(reply.commands)
        for command in reply.commands:
            await self.execute(command, asked_ms=asked_ms)

    async def execute(self, command: DataNodeCommand, *, asked_ms: float) -> None:
        """Idempotent: the SCM sends a command again until a report shows its effect. One that
        breaks its rules is refused; the others are not to wait for it.

        Args:
            asked_ms: when the heartbeat that it answers was sent, by the monotonic clock. How old a
                command is, is not a question to two machines' wall clocks.
        """
        fault = RULES.fault(command)
        if fault is not None and command.WhichOneof("command") != "delete_blocks":
            log.error("command_refused", term=command.term, reason=fault)
            return
        if command.term < self._term:
            log.warning("command_of_former_leader_dropped", term=command.term)
            return
        self._term = command.term
        age_ms = self._clock.monotonic_ms() - asked_ms
        if command.valid_ms and age_ms > command.valid_ms:
            log.warning("command_expired", term=command.term, age_ms=int(age_ms))
            return
        kind = command.WhichOneof("command")
        if kind == "close_container":
            await self._close(command.close_container)
        elif kind == "delete_blocks":
            await self._delete(command.delete_blocks)
        elif kind == "create_pipeline":
            await self._joins.join(command.create_pipeline)
        elif kind == "close_pipeline":
            left = command.close_pipeline
            self._homes.leave(left.pipeline_id, by_force=left.force)
        elif kind == "replicate_container":
            valid_ms = command.valid_ms
            expires_ms = asked_ms + valid_ms if valid_ms else None
            self._copies.ask(command.replicate_container, expires_ms=expires_ms)
        elif kind == "reconstruct_container":
            valid_ms = command.valid_ms
            expires_ms = asked_ms + valid_ms if valid_ms else None
            self._rebuilds.ask(command.reconstruct_container, expires_ms=expires_ms)
        elif kind == "delete_container":
            await self._try("delete_container", self._replicas.delete(command.delete_container))
        else:
            log.warning("command_unknown", term=command.term)

    async def _try(self, name: str, doing: Coroutine[Any, Any, None]) -> None:
        """The SCM tells it again until a report shows it; others are not to wait for it."""
        try:
            await doing
        except (TrioxygenError, OSError) as error:
            log.warning("command_not_carried_out", command=name, error=error)

    async def _close(self, command: CloseContainerCommand) -> None:
        """The SCM tells it again until a report shows it."""
        ring = self._homes.ring_of(command.container_id)
        if ring is not None:
            await self._try("close_container", ring.close_container(command.container_id))
        if command.force:
            await self._try("close_container", self._replicas.close_by_force(command))

    async def _delete(self, command: DeleteBlocksCommand) -> None:
        """Confirmed when it is in the logs of all that it names. Where another member leads a ring,
        the deletion comes through its log; until then it waits. So it does while a container is
        not here and a disk is out, which would bring back what was confirmed: the SCM sends it
        again until the disk is in, or another one in its place."""
        by_ring: dict[Ring, list[BlockRange]] = {}
        is_done, is_all_here = True, True
        for blocks in command.blocks:
            try:
                ring = await self._homes.governing(blocks.container)
            except (TrioxygenError, OSError) as error:
                log.warning("deletion_waits", transaction=command.transaction_id, reason=error)
                is_done = False
                continue
            fault = RULES.fault(blocks)
            if fault is not None:
                # Its transaction is confirmed all the same: it would come again for ever.
                log.error("deletion_refused", transaction=command.transaction_id, reason=fault)
                if ring is not None:
                    ring.refusals.entries += 1
                continue
            if ring is not None:
                by_ring.setdefault(ring, []).append(blocks)
            elif self._homes.may_come_back():
                is_all_here = False
        for ring, ranges in by_ring.items():
            if not ring.replica.is_leader() and not ring.holds_any(ranges):
                continue
            wanted = DeleteBlocksCommand(transaction_id=command.transaction_id, blocks=ranges)
            try:
                await ring.delete_blocks(wanted)
            except Unavailable as error:
                log.info("deletion_waits", transaction=command.transaction_id, reason=error)
                is_done = False
        self._waiting.pop(command.transaction_id, None)
        if is_done and is_all_here:
            self.deleted_transaction_ids.add(command.transaction_id)
        elif not is_done and len(self._waiting) < _WAITING_MAX:
            self._waiting[command.transaction_id] = command
