"""What the SCM tells a DataNode to do, in the answers to heartbeats."""

from collections.abc import Callable

from trioxygen.common import logs
from trioxygen.common.clock import Clock
from trioxygen.common.rules.network import RULES
from trioxygen.hdds.datanode.pipeline import Pipeline
from trioxygen.proto.v1.scm_pb2 import DataNodeCommand, DeleteBlocksCommand
from trioxygen.proto.v1.types_pb2 import BlockRange

log = logs.get(__name__)


class Commands:
    """Args: home: the pipeline of a container, None for one that this node does not have."""

    def __init__(self, clock: Clock, home: Callable[[int], Pipeline | None]) -> None:
        self._clock, self._home = clock, home
        self._term = 0
        # Deletions that are in the log and that the SCM has not been told of yet.
        self.deleted_transaction_ids: set[int] = set()

    def follow(self, term: int) -> None:
        """Commands count from this term on: that of the leader that has taken the node in."""
        self._term = term

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
            container_id = command.close_container.container_id
            home = self._home(container_id)
            if home is not None:
                await home.close_container(container_id)
        elif kind == "delete_blocks":
            await self._delete(command.delete_blocks)
        elif kind == "create_pipeline":
            # A ring of one has its log from the start; a container's first write makes it.
            log.info("pipeline_created", pipeline=command.create_pipeline.pipeline.pipeline_id)
        else:
            log.warning("command_unknown", term=command.term)

    async def _delete(self, command: DeleteBlocksCommand) -> None:
        by_home: dict[Pipeline, list[BlockRange]] = {}
        for blocks in command.blocks:
            fault = RULES.fault(blocks)
            if fault is not None:
                # Its transaction is confirmed all the same: it would come again for ever.
                log.error("deletion_refused", transaction=command.transaction_id, reason=fault)
                if (known := self._home(blocks.container)) is not None:
                    known.refusals.entries += 1
                continue
            home = self._home(blocks.container)
            if home is not None:
                by_home.setdefault(home, []).append(blocks)
        for home, ranges in by_home.items():
            await home.delete_blocks(
                DeleteBlocksCommand(transaction_id=command.transaction_id, blocks=ranges)
            )
        self.deleted_transaction_ids.add(command.transaction_id)
