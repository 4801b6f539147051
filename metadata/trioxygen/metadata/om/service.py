"""The Ozone Manager as a network service: queries behind the read barrier, commands through the
executor.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from google.protobuf.message import Message

from trioxygen.common.paging import ROW_BYTES_MAX
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler, Service
from trioxygen.common.rpc.options import methods_of
from trioxygen.common.rpc.rules.network import RULES
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import DAY_MS, HOUR_MS, MIB, MINUTE_MS
from trioxygen.common.worker import Worker
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.metadata.leases.expiry import LeaseExpiry
from trioxygen.metadata.om.commands.account_index import AccountIndexCommands
from trioxygen.metadata.om.commands.accounts import AccountCommands
from trioxygen.metadata.om.commands.buckets import BucketCommands
from trioxygen.metadata.om.commands.expiry import ExpiryCommands
from trioxygen.metadata.om.commands.iam import IamCommands
from trioxygen.metadata.om.commands.keys import KeyCommands
from trioxygen.metadata.om.commands.leases import LeaseCommands
from trioxygen.metadata.om.commands.lifecycle import LifecycleCommands
from trioxygen.metadata.om.commands.master_keys import MasterKeyCommands
from trioxygen.metadata.om.commands.orphans import OrphanCommands
from trioxygen.metadata.om.commands.renames import RenameCommands
from trioxygen.metadata.om.commands.settings import SettingCommands
from trioxygen.metadata.om.commands.transitions import TransitionCommands
from trioxygen.metadata.om.commands.uploads import UploadCommands
from trioxygen.metadata.om.commands.versions import VersionCommands
from trioxygen.metadata.om.commands.volumes import VolumeCommands
from trioxygen.metadata.om.queries.signers import Signers
from trioxygen.metadata.om.queries.table import QUERIES, Query
from trioxygen.metadata.om.sessions import SessionMint
from trioxygen.metadata.om.state.blocks import BlockKeeper
from trioxygen.metadata.om.state.schema import (
    ALL_TABLES,
    GARBAGE,
    LEASES,
    OM_TABLES,
    given_blocks,
    lease_id_of,
)
from trioxygen.metadata.om.state.settings import SettingLimits
from trioxygen.metadata.om.state.transitions import free
from trioxygen.metadata.om.state.versions import Versions
from trioxygen.metadata.om.tokens import BlockTokens
from trioxygen.metadata.om.workers.account_index import AccountIndex
from trioxygen.metadata.om.workers.expiry import Expiry
from trioxygen.metadata.om.workers.garbage import BlockDeleter, GarbageCollection
from trioxygen.metadata.om.workers.lifecycle import Lifecycle, Pace
from trioxygen.metadata.om.workers.orphans import OrphanSearch, StoredBlocks
from trioxygen.metadata.om.workers.purge import BucketPurge
from trioxygen.metadata.raft.ports import Replica
from trioxygen.metadata.replication import healed
from trioxygen.metadata.replication.batch import Handler as CommandHandler
from trioxygen.metadata.replication.executor import Executor, ExecutorConfig
from trioxygen.metadata.replication.state import SEQUENCE, get_integer
from trioxygen.metadata.store.ports import Store
from trioxygen.proto.v1 import om_pb2 as om
from trioxygen.proto.v1.replication_pb2 import MemberRow
from trioxygen.proto.v1.scm_pb2 import AllocateBlocksReply, AllocateBlocksRequest

_DESCRIPTOR: Final = om.DESCRIPTOR.services_by_name["OzoneManager"]


class Scm(BlockDeleter, Protocol):
    """The SCM, as the OM sees it."""

    async def allocate_blocks(
        self, request: AllocateBlocksRequest, *, most_ms: float
    ) -> AllocateBlocksReply:
        """Within what is left of the call that it is made for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OmConfig:
    node_id: str = "om1"
    gc_delay_ms: int = 5 * MINUTE_MS
    lease_duration_ms: int = MINUTE_MS
    leases_max: int = 10_000
    buckets_per_account_max: int = 10_000
    setting_bytes_max: int = MIB
    # Of all that a bucket has: they come in one reply, beside a page.
    settings_bytes_max: int = ROW_BYTES_MAX
    # Of one kind that a bucket has many of; as many as S3 allows.
    settings_of_kind_max: int = 1_000
    answers_kept_ms: int = 10 * MINUTE_MS
    completed_uploads_kept_ms: int = DAY_MS
    # What DataNodes have and nothing refers to is kept so long; 0: for ever.
    orphan_keep_ms: int = 7 * DAY_MS
    # Between two looks at all that they have; 0: there is none.
    orphan_search_ms: int = 6 * HOUR_MS
    lifecycle: Pace = Pace()
    worker_interval_ms: float = 1_000
    executor: ExecutorConfig = ExecutorConfig()


def command_handlers(config: OmConfig) -> Mapping[type[Message], CommandHandler]:
    blocks = BlockKeeper(config.gc_delay_ms)
    versions = Versions(blocks)
    limits = SettingLimits(
        bytes_max=config.setting_bytes_max,
        bucket_bytes_max=config.settings_bytes_max,
        ids_max=config.settings_of_kind_max,
    )
    handlers: dict[type[Message], CommandHandler] = {}
    for family in (
        VolumeCommands(),
        SettingCommands(limits),
        BucketCommands(buckets_max=config.buckets_per_account_max, limits=limits),
        KeyCommands(blocks, versions),
        UploadCommands(blocks, versions),
        VersionCommands(versions),
        RenameCommands(versions),
        LeaseCommands(blocks, leases_max=config.leases_max, duration_ms=config.lease_duration_ms),
        AccountCommands(),
        AccountIndexCommands(),
        IamCommands(),
        MasterKeyCommands(),
        ExpiryCommands(blocks),
        OrphanCommands(blocks),
        LifecycleCommands(blocks, versions),
        TransitionCommands(blocks, versions),
    ):
        handlers.update(family.handlers())
    return handlers


class OzoneManager:
    """One OM. `start` before serving `service`. Args: token_keys: None: tokens are not used."""

    def __init__(
        self,
        *,
        runtime: Runtime,
        store: Store,
        replica: Replica,
        scm: Scm,
        config: OmConfig,
        first_members: Sequence[MemberRow] = (),
        token_keys: KnownTokenKeys | None = None,
        stored: StoredBlocks | None = None,
    ) -> None:
        """Args: stored: where orphans are looked for; None: nowhere."""
        self._runtime, self._config, self._scm = runtime, config, scm
        self._stored = stored
        handlers = command_handlers(config)
        self._commands = frozenset(handlers)
        self._executor = Executor(
            name="om",
            runtime=runtime,
            store=store,
            replica=replica,
            tables=OM_TABLES,
            handlers=handlers,
            config=config.executor,
            first_members=first_members,
            protos=(om.DESCRIPTOR,),
        )
        self._token_keys = token_keys
        self._tokens = BlockTokens(self._executor, token_keys) if token_keys else None
        self._followed_in_term = -1
        self._workers: list[asyncio.Task[Any]] = []
        self.service = self._service()

    @property
    def executor(self) -> Executor:
        return self._executor

    async def start(self) -> None:
        await self._executor.start()
        interval_ms = self._config.worker_interval_ms
        workers: list[Worker] = [
            LeaseExpiry(
                "om-lease-expiry",
                self._executor,
                LEASES,
                leads=self._executor.replica.is_leader,
                ending=lambda keys: om.ExpireLeases(lease_ids=map(lease_id_of, keys)),
                interval_ms=interval_ms,
            ),
            GarbageCollection(self._executor, self._scm, interval_ms=interval_ms),
            Expiry(
                self._executor,
                answers_kept_ms=self._config.answers_kept_ms,
                completed_uploads_kept_ms=self._config.completed_uploads_kept_ms,
                interval_ms=5 * interval_ms,
            ),
            BucketPurge(self._executor, interval_ms=interval_ms),
            AccountIndex(self._executor, interval_ms=5 * interval_ms),
            Lifecycle(self._executor, self._runtime.clock, self._config.lifecycle),
        ]
        if self._stored is not None:
            workers.append(
                OrphanSearch(
                    self._executor,
                    self._stored,
                    keep_ms=self._config.orphan_keep_ms,
                    every_ms=self._config.orphan_search_ms,
                    interval_ms=interval_ms,
                )
            )
        if self._token_keys is not None:
            workers.append(self._token_keys)
        self._workers += map(self._runtime.tasks.start_worker, workers)

    async def stop(self) -> None:
        await self._runtime.tasks.end(*self._workers)
        await self._executor.stop()

    def _service(self) -> Service:
        signers = Signers(self._runtime.clock)
        calls: dict[str, Handler] = {
            "DeriveSigningKey": self._linearizable(signers.derive_signing_key),
            "VerifySignatureV2": self._linearizable(signers.verify_signature_v2),
            "MintSession": SessionMint(self._executor, self._runtime).mint,
            "LeaseBlocks": self._lease_blocks,
            "DescribeOm": self._describe,
            "GrantTokens": self._grant_tokens,
            "TakeTransitions": healed.served(self._executor, self._take_transitions),
        }
        for method in methods_of(_DESCRIPTOR):
            name = method.name.partition("/")[2]
            if method.request in self._commands:
                calls[name] = self._execute
            elif method.request in QUERIES:
                calls[name] = self._linearizable(QUERIES[method.request])
        if self._tokens is not None:
            calls["LookupKey"] = _with_tokens(calls["LookupKey"], self._tokens)
        return Service(_DESCRIPTOR, calls, {}, {})

    def _linearizable(self, query: Query) -> Handler:
        executor, store = self._executor, self._executor.store

        def ask(request: Any) -> Message:
            with store.read() as txn:
                return query(txn, request)

        async def answer(request: Any, call: Call) -> Message:
            return await healed.query(executor, ask, request)

        return answer

    async def _execute(self, command: Message, call: Call) -> Message:
        return await healed.execute_early(self._executor, command)

    async def _lease_blocks(self, request: om.LeaseBlocksRequest, call: Call) -> Message:
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
                replication=request.replication if request.HasField("replication") else None,
                excluded_node_ids=request.excluded_node_ids,
            ),
            most_ms=call.left_ms(asyncio.get_running_loop().time() * 1_000),
        )
        RULES.check(allocated, "StorageContainerManager/AllocateBlocks")
        grant = om.GrantLease(
            client_id=request.client_id,
            request_id=request.request_id,
            is_retry=request.is_retry,
            blocks=allocated.blocks,
            pipeline=allocated.pipeline,
            other_pipelines=allocated.other_pipelines,
            # Each leader once: the state may be an earlier one than what was given away of it.
            last_id=0 if term == self._followed_in_term else allocated.om_last_id,
        )
        granted = await healed.execute_early(self._executor, grant)
        self._followed_in_term = term
        if self._tokens is not None and isinstance(granted, om.LeaseBlocksReply):
            return await self._tokens.for_lease(granted, call)
        return granted

    async def _grant_tokens(self, request: om.GrantTokensRequest, call: Call) -> Message:
        if self._tokens is None:
            return om.GrantTokensReply(tokens=[b"" for _ in request.blocks])
        return await self._tokens.grant(request, call)

    async def _take_transitions(self, request: om.TakeTransitionsRequest, call: Call) -> Message:
        self._executor.check_leader()
        with self._executor.store.read() as txn:
            first = next(free(txn, request.after, self._executor.group_ms()), None)
        if first is None or not request.count_max:
            # Most are told so, and nothing is written for it.
            return om.TakeTransitionsReply()
        return await self._executor.execute(
            om.LeaseTransitions(
                count_max=request.count_max,
                after=request.after,
                day_ms=self._config.lifecycle.day_ms,
            )
        )

    async def _describe(self, request: om.DescribeOmRequest, call: Call) -> om.DescribeOmReply:
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
            kept=GARBAGE.kept(store, self._executor.group_ms()),
        )


def _with_tokens(look_up: Handler, tokens: BlockTokens) -> Handler:
    async def answer(request: Any, call: Call) -> Message:
        reply = await look_up(request, call)
        assert isinstance(reply, om.LookupKeyReply)
        tokens.for_key(reply, call)
        return reply

    return answer
