"""The Ozone Manager as a network service: queries behind the read barrier, commands through the
executor.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from google.protobuf.message import Message

from trioxygen.common.network import Handler, Service
from trioxygen.common.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import DAY_MS, MINUTE_MS
from trioxygen.metadata import healed
from trioxygen.metadata.execution import Executor, ExecutorConfig, register_reply
from trioxygen.metadata.execution import Handler as CommandHandler
from trioxygen.metadata.om.blocks import BlockKeeper
from trioxygen.metadata.om.commands.accounts import AccountCommands
from trioxygen.metadata.om.commands.buckets import BucketCommands
from trioxygen.metadata.om.commands.keys import KeyCommands
from trioxygen.metadata.om.commands.leases import LeaseCommands
from trioxygen.metadata.om.commands.uploads import UploadCommands
from trioxygen.metadata.om.orphans import find_orphans
from trioxygen.metadata.om.queries import Queries
from trioxygen.metadata.om.schema import ALL_TABLES, OM_TABLES, given_blocks
from trioxygen.metadata.om.workers import (
    BlockDeleter,
    BucketPurge,
    Expiry,
    GarbageCollection,
    Initialization,
    LeaseExpiry,
)
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.replicated_state import SEQUENCE, get_integer
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.raft_pb2 import MemberRow
from trioxygen.proto.v1.scm_pb2 import AllocateBlocksReply, AllocateBlocksRequest

_DESCRIPTOR: Final = om.DESCRIPTOR.services_by_name["OzoneManager"]

_COMMANDS: Final[dict[type[Message], type[Message]]] = {
    om.CreateBucketRequest: om.CreateBucketReply,
    om.DeleteBucketRequest: om.DeleteBucketReply,
    om.CommitKeyRequest: om.CommitKeyReply,
    om.DeleteKeysRequest: om.DeleteKeysReply,
    om.CreateUploadRequest: om.CreateUploadReply,
    om.CommitPartRequest: om.CommitPartReply,
    om.CompleteUploadRequest: om.CompleteUploadReply,
    om.AbortUploadRequest: om.AbortUploadReply,
    om.RenewLeasesRequest: om.RenewLeasesReply,
    om.ReleaseLeasesRequest: om.ReleaseLeasesReply,
    om.CreateAccountRequest: om.CreateAccountReply,
    om.CreateAccessKeyRequest: om.CreateAccessKeyReply,
    om.RevokeAccessKeyRequest: om.RevokeAccessKeyReply,
}
for _command, _reply in _COMMANDS.items():
    register_reply(_command, _reply)
register_reply(om.GrantLease, om.LeaseBlocksReply)
# CompleteUpload takes no more than it frees.
_GROWING: Final = (
    om.CreateBucketRequest,
    om.CommitKeyRequest,
    om.CreateUploadRequest,
    om.CommitPartRequest,
    om.GrantLease,
)


class Scm(BlockDeleter, Protocol):
    """The SCM, as the OM sees it."""

    async def allocate_blocks(self, request: AllocateBlocksRequest) -> AllocateBlocksReply: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OmConfig:
    node_id: str = "om1"
    gc_delay_ms: int = 5 * MINUTE_MS
    lease_duration_ms: int = MINUTE_MS
    leases_max: int = 10_000
    buckets_per_account_max: int = 10_000
    answers_kept_ms: int = 10 * MINUTE_MS
    completed_uploads_kept_ms: int = DAY_MS
    worker_interval_ms: float = 1_000
    executor: ExecutorConfig = ExecutorConfig()


class OzoneManager:
    """One OM. `start` before serving `service`."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        store: Store,
        replica: Replica,
        scm: Scm,
        config: OmConfig,
        first_members: Sequence[MemberRow] = (),
    ) -> None:
        self._runtime, self._config, self._scm = runtime, config, scm
        blocks = BlockKeeper(config.gc_delay_ms)
        handlers: dict[type[Message], CommandHandler] = {}
        for family in (
            BucketCommands(blocks, buckets_max=config.buckets_per_account_max),
            KeyCommands(blocks),
            UploadCommands(blocks),
            LeaseCommands(
                blocks, leases_max=config.leases_max, duration_ms=config.lease_duration_ms
            ),
            AccountCommands(),
        ):
            handlers.update(family.handlers())
        self._executor = Executor(
            name="om",
            runtime=runtime,
            store=store,
            replica=replica,
            tables=OM_TABLES,
            handlers=handlers,
            config=config.executor,
            first_members=first_members,
            growing=_GROWING,
        )
        self._queries = Queries(store)
        self._followed_in_term = -1
        self._workers: list[asyncio.Task[Any]] = []
        self.service = self._service()

    @property
    def executor(self) -> Executor:
        return self._executor

    async def start(self) -> None:
        await self._executor.start()
        initialization = Initialization(self._executor, interval_ms=self._config.worker_interval_ms)
        await initialization.work()
        interval_ms = self._config.worker_interval_ms
        for worker in (
            initialization,
            LeaseExpiry(self._executor, interval_ms=interval_ms),
            GarbageCollection(self._executor, self._scm, interval_ms=interval_ms),
            Expiry(
                self._executor,
                answers_kept_ms=self._config.answers_kept_ms,
                completed_uploads_kept_ms=self._config.completed_uploads_kept_ms,
                interval_ms=5 * interval_ms,
            ),
            BucketPurge(self._executor, interval_ms=interval_ms),
        ):
            self._workers.append(self._runtime.tasks.start_worker(worker))

    async def stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._executor.stop()

    def _service(self) -> Service:
        queries = self._queries
        calls: dict[str, Handler] = {
            command.__name__.removesuffix("Request"): partial(healed.execute_early, self._executor)
            for command in _COMMANDS
        }
        calls["LeaseBlocks"] = self._lease_blocks
        calls["DescribeOm"] = self._describe
        answers: dict[str, Callable[[Any], Message]] = {
            "LookupBucket": queries.lookup_bucket,
            "LookupKey": queries.lookup_key,
            "ListBuckets": queries.list_buckets,
            "ListKeys": queries.list_keys,
            "LookupUpload": queries.lookup_upload,
            "ListUploads": queries.list_uploads,
            "ListParts": queries.list_parts,
            "DeriveSigningKey": queries.derive_signing_key,
            "VerifySignatureV2": queries.verify_signature_v2,
            "ListAccounts": queries.list_accounts,
            "ListAccessKeys": queries.list_access_keys,
            "FindOrphans": partial(find_orphans, self._executor.store),
        }
        for name, query in answers.items():
            calls[name] = self._linearizable(query)
        return Service(_DESCRIPTOR, calls, {}, {})

    def _linearizable(self, query: Callable[[Any], Message]) -> Callable[[Any], Awaitable[Message]]:
        executor = self._executor

        async def answer(request: Any) -> Message:
            return await healed.query(executor, query, request)

        return answer

    async def _lease_blocks(self, request: om.LeaseBlocksRequest) -> Message:
        # Before blocks are allocated that could not be leased.
        self._executor.check_leader()
        self._executor.check_room()
        term = self._executor.replica.term
        with self._executor.store.read() as txn:
            container_id, local = given_blocks(txn)
            last_id = get_integer(txn, SEQUENCE)
        allocated = await self._scm.allocate_blocks(
            AllocateBlocksRequest(
                count=request.count,
                block_bytes_max=request.block_bytes_max,
                given_container_id=container_id,
                given_local=local,
                om_last_id=last_id,
            )
        )
        RULES.check(allocated, "StorageContainerManager/AllocateBlocks")
        grant = om.GrantLease(
            client_id=request.client_id,
            request_id=request.request_id,
            blocks=allocated.blocks,
            pipeline=allocated.pipeline,
            other_pipelines=allocated.other_pipelines,
            # Each leader once: the state may be an earlier one than what was given away of it.
            last_id=0 if term == self._followed_in_term else allocated.om_last_id,
        )
        granted = await healed.execute_early(self._executor, grant)
        self._followed_in_term = term
        return granted

    async def _describe(self, request: om.DescribeOmRequest) -> om.DescribeOmReply:
        self._executor.check_leader()
        store = self._executor.store
        sizes = [om.TableSize(name=table.name, rows=store.count(table)) for table in ALL_TABLES]
        return om.DescribeOmReply(
            node_id=self._config.node_id,
            leader=self._executor.replica.is_leader(),
            applied_index=self._executor.applied_index(),
            term=self._executor.replica.term,
            refused_entries=self._executor.state.refused_entries,
            tables=sizes if request.count_rows else [],
            full=self._executor.is_full(),
        )
