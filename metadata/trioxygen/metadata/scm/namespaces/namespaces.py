"""Namespaces of blocks: what the SCM does for who keeps blocks without an OM.

A namespace is to such a client what the OM is to a gateway: blocks are leased, written, and
committed; what a client that died has not committed is collected when its leases end."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from google.protobuf.message import Message
from prometheus_client import CollectorRegistry

from trioxygen.common.errors import InvalidRequest, NoSuchNamespace
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.common.worker import Worker
from trioxygen.metadata.leases.expiry import LeaseExpiry
from trioxygen.metadata.replication.batch import Handler as CommandHandler
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.containers.allocator import Allocator
from trioxygen.metadata.scm.containers.deletion import Deletions
from trioxygen.metadata.scm.namespaces import queries
from trioxygen.metadata.scm.namespaces.access import caller_of
from trioxygen.metadata.scm.namespaces.block_commands import BlockCommands
from trioxygen.metadata.scm.namespaces.commands import NamespaceCommands
from trioxygen.metadata.scm.namespaces.config import NamespaceLimits
from trioxygen.metadata.scm.namespaces.held_blocks import HeldBlocks
from trioxygen.metadata.scm.namespaces.metrics import NamespaceCollector
from trioxygen.metadata.scm.namespaces.workers import (
    NamespaceGarbageCollection,
    NamespacePurge,
)
from trioxygen.metadata.scm.schema import NAMESPACE_LEASES
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1.scm_pb2 import AllocateBlocksRequest

_Query = Callable[[ReadTxn, Any, str], Message]

_QUERIES: Final[dict[str, _Query]] = {
    "ListNamespaces": queries.list_namespaces,
    "ListNamespaceBlocks": queries.list_blocks,
}
_COMMANDS: Final = (
    "DeleteNamespace",
    "RenewNamespaceLeases",
    "ReleaseNamespaceLeases",
    "CommitNamespaceBlocks",
    "DeleteNamespaceBlocks",
)


def command_handlers(limits: NamespaceLimits) -> dict[type, CommandHandler]:
    held = HeldBlocks(limits.gc_delay_ms)
    return {
        **NamespaceCommands(held, limits).handlers(),
        **BlockCommands(held, limits).handlers(),
    }


class Namespaces:
    """Of one SCM.

    Args:
    lead: raises NotLeader.
    may_give_ids: as `SafeModeWatch.may_give_ids`.
    replication: of blocks whose namespace does not say it.
    """

    def __init__(
        self,
        executor: Executor,
        allocator: Allocator,
        deletions: Deletions,
        limits: NamespaceLimits,
        *,
        lead: Callable[[], None],
        leads: Callable[[], bool],
        may_give_ids: Callable[[], Awaitable[bool]],
        replication: Replication,
        registry: CollectorRegistry,
    ) -> None:
        self._executor, self._allocator = executor, allocator
        self._lead, self._may_give_ids = lead, may_give_ids
        self._block_bytes_max = limits.block_bytes_max
        self._replication = replication
        registry.register(NamespaceCollector(executor.store))
        interval_ms = limits.interval_ms
        self.workers: tuple[Worker, ...] = (
            LeaseExpiry(
                "scm-namespace-lease-expiry",
                executor,
                NAMESPACE_LEASES,
                leads=leads,
                ending=lambda keys: namespaces.ExpireNamespaceLeases(row_keys=keys),
                interval_ms=interval_ms,
            ),
            NamespaceGarbageCollection(executor, deletions, leads, interval_ms),
            NamespacePurge(executor, leads, interval_ms),
        )

    def handlers(self) -> dict[str, Handler]:
        return {
            "CreateNamespace": self._create,
            "DescribeNamespace": self._answering(self._describe),
            "LeaseNamespaceBlocks": self._lease,
            **dict.fromkeys(_COMMANDS, self._execute),
            **{name: self._answering(query) for name, query in _QUERIES.items()},
        }

    def _answering(self, query: _Query) -> Handler:
        async def answer(request: Message, call: Call) -> Message:
            caller = caller_of(call)
            await self._executor.read_barrier()
            with self._executor.store.read() as txn:
                return query(txn, request, caller)

        return answer

    def _describe(
        self, txn: ReadTxn, request: namespaces.DescribeNamespaceRequest, caller: str
    ) -> namespaces.DescribeNamespaceReply:
        reply = queries.describe(txn, request, caller)
        reply.block_bytes_max = self._block_bytes_max
        return reply

    async def _execute(self, request: Any, call: Call) -> Message:
        """With who calls: the request is the caller's own, where both are in one process."""
        self._lead()
        command = type(request)()
        command.CopyFrom(request)
        command.caller = caller_of(call)
        return await self._executor.execute_early(command)

    async def _create(self, request: namespaces.CreateNamespaceRequest, call: Call) -> Message:
        """Raises: InvalidRequest: a replication that is not offered."""
        command = namespaces.CreateNamespaceRequest()
        command.CopyFrom(request)
        if request.HasField("replication"):
            Replication.of_proto(request.replication)
        else:
            command.replication.CopyFrom(self._replication.proto)
        return await self._execute(command, call)

    def _usable(self, name: str, caller: str) -> namespaces.NamespaceRow:
        with self._executor.store.read() as txn:
            return queries.usable(txn, name, caller)

    async def _lease(self, request: namespaces.LeaseNamespaceBlocksRequest, call: Call) -> Message:
        # Before blocks are allocated that could not be leased.
        self._lead()
        self._executor.check_room()
        if request.block_bytes_max > self._block_bytes_max:
            raise InvalidRequest(
                "larger than a block may be",
                bytes=request.block_bytes_max,
                most=self._block_bytes_max,
            )
        caller = caller_of(call)
        try:
            row = self._usable(request.namespace, caller)
        except NoSuchNamespace:
            # That it was created is answered before it is applied here.
            await self._executor.read_barrier()
            row = self._usable(request.namespace, caller)
        has_own = request.HasField("replication")
        allocated = await self._allocator.allocate(
            AllocateBlocksRequest(
                count=request.count,
                block_bytes_max=request.block_bytes_max,
                replication=request.replication if has_own else row.replication,
                excluded_node_ids=request.excluded_node_ids,
            ),
            safe_mode=not await self._may_give_ids(),
            namespace_id=row.namespace_id,
        )
        return await self._executor.execute_early(
            namespaces.GrantNamespaceLease(
                client_id=request.client_id,
                request_id=request.request_id,
                is_retry=request.is_retry,
                caller=caller,
                namespace=request.namespace,
                namespace_id=row.namespace_id,
                blocks=allocated.blocks,
                pipeline=allocated.pipeline,
                other_pipelines=allocated.other_pipelines,
            )
        )
