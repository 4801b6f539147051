"""Deletions on their way from the OM to all who hold the blocks, and back as confirmations."""

from collections.abc import Iterable
from typing import Final, Protocol

from google.protobuf.message import Message

from trioxygen.common.clock import Clock
from trioxygen.common.paging import Room
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.outstanding import OutstandingDeletions
from trioxygen.metadata.scm.pipelines.pipelines import at_home, pipeline_of
from trioxygen.metadata.scm.rate import RecentRate
from trioxygen.metadata.scm.replicas import Replicas
from trioxygen.metadata.scm.schema import CONTAINERS, DELETED_BLOCKS, id_key
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.scm_pb2 import (
    AckDeletedBlocks,
    ContainerHolders,
    ContainerRow,
    DataNodeCommand,
    DeleteBlocksCommand,
    DeleteBlocksRequest,
    HeartbeatRequest,
)

# Of one node, that it has not confirmed.
_WAITING_MAX: Final = 100


class Copying(Protocol):
    """Copies of containers that are being made."""

    def targets_of(self, container_id: int) -> set[str]:
        """Nodes that are to get one."""
        ...

    def expected_at(self, node_id: str) -> frozenset[int]:
        """Containers that the node is to get one of."""
        ...


class Deletions:
    """The leader's."""

    def __init__(
        self,
        executor: Executor,
        replicas: Replicas,
        copying: Copying,
        clock: Clock,
        *,
        resend_after_ms: float,
    ) -> None:
        self._executor, self._replicas, self._clock = executor, replicas, clock
        self._copying = copying
        self._resend_after_ms = resend_after_ms
        self._sent_ms: dict[tuple[str, int], float] = {}
        self.outstanding = OutstandingDeletions(executor, copied_to=copying.targets_of)
        # What all have deleted.
        self.deleted_blocks, self.deleted_bytes = RecentRate(), RecentRate()

    def forget(self) -> None:
        """What was sent to whom."""
        self._sent_ms.clear()
        self.outstanding.forget()

    async def take(self, request: DeleteBlocksRequest) -> Message:
        """With who holds the blocks: reports say so, the state does not."""
        command = DeleteBlocksRequest()
        command.CopyFrom(request)
        del command.holders[:]
        command.holders.extend(self.holders(blocks.container for blocks in request.blocks))
        return await self._executor.execute(command)

    def holders(self, container_ids: Iterable[int]) -> list[ContainerHolders]:
        """Of each container once; none of those that nobody holds."""
        holders: list[ContainerHolders] = []
        with self._executor.store.read() as txn:
            for container_id in dict.fromkeys(container_ids):
                row = CONTAINERS.get(txn, id_key(container_id))
                if row is not None and (held := self._holders(txn, row)):
                    holders.append(ContainerHolders(container_id=container_id, node_ids=held))
        return holders

    def _holders(self, txn: ReadTxn, row: ContainerRow) -> list[str]:
        """Who has the container, and who may have it yet: what is being copied may have the blocks,
        and a disk that is out brings them back. Those stand for nobody who writes it and has not
        told of it."""
        container_id = row.container_id
        holders = set(at_home(txn, row, self._replicas.of_container(container_id)))
        others = {
            *self._copying.targets_of(container_id),
            *at_home(txn, row, self._replicas.away(container_id)),
        }
        pipeline = pipeline_of(txn, row)
        if others and pipeline is not None and len(holders) < len(pipeline.node_ids):
            others.update(pipeline.node_ids)
        return sorted(holders | others)

    def commands(self, node_id: str) -> list[DataNodeCommand]:
        now_ms = self._clock.monotonic_ms()
        expected = self._copying.expected_at(node_id)
        commands: list[DataNodeCommand] = []
        with self._executor.store.read() as txn:
            self.outstanding.follow(txn)
            waiting, room = 0, Room()
            # Rows that have gone since are among them: the next heartbeat gets on without these.
            for transaction_id in self.outstanding.of_node(node_id, 2 * _WAITING_MAX):
                # A row may hold a thousand ranges: it is parsed only to be sent, and what a node
                # has not confirmed bounds what it is sent and what each heartbeat looks at.
                if waiting >= _WAITING_MAX:
                    break
                sent = (node_id, transaction_id)
                sent_ms = self._sent_ms.get(sent)
                if sent_ms is not None and now_ms - sent_ms < self._resend_after_ms:
                    waiting += 1
                    continue
                row = DELETED_BLOCKS.get(txn, id_key(transaction_id))
                if row is None or node_id not in row.waiting_node_ids:
                    self.outstanding.waits_no_more(node_id, transaction_id)
                    self._sent_ms.pop(sent, None)
                    continue
                if expected and any(blocks.container in expected for blocks in row.blocks):
                    # Its copy is on the way. When it is here, it deletes what came with it.
                    waiting += 1
                    continue
                if not room.takes(row.ByteSize()):
                    break
                waiting += 1
                if sent_ms is not None:
                    # It may wait for long, for a disk that is out: not all others with it.
                    self.outstanding.let_others_pass(node_id, transaction_id)
                self._sent_ms[sent] = now_ms
                delete = DeleteBlocksCommand(transaction_id=row.transaction_id, blocks=row.blocks)
                commands.append(DataNodeCommand(delete_blocks=delete))
        return commands

    async def confirmed(self, heartbeat: HeartbeatRequest) -> None:
        """Raises: what the executor raises."""
        confirmed = heartbeat.deleted_transaction_ids
        if not confirmed:
            return
        node_id = heartbeat.node_id
        await self._executor.execute(AckDeletedBlocks(node_id=node_id, transaction_ids=confirmed))
        blocks, size_bytes = self.outstanding.confirmed(node_id, confirmed)
        if blocks:
            now_ms = self._clock.monotonic_ms()
            self.deleted_blocks.add(now_ms, blocks)
            self.deleted_bytes.add(now_ms, size_bytes)
        for transaction_id in confirmed:
            self._sent_ms.pop((node_id, transaction_id), None)
