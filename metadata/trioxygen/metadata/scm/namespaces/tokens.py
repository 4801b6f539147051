"""Block tokens for clients of namespaces: to read what is committed there, to write what they have
leased."""

from collections.abc import Callable

from trioxygen.common.block_token import BlockToken, Operation, signed
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
from trioxygen.metadata.leases.rows import holds
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.scm.namespaces.access import caller_of
from trioxygen.metadata.scm.namespaces.keys import held_key
from trioxygen.metadata.scm.schema import (
    CONTAINERS,
    NAMESPACE_BLOCKS,
    NAMESPACE_LEASES,
    NAMESPACES,
    id_key,
)
from trioxygen.metadata.scm.token_keys import TokenKeys
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import namespaces_pb2 as namespaces
from trioxygen.proto.v1.namespaces_pb2 import NamespaceLeaseRow
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

_WRITES = Operation.READ | Operation.WRITE


def usable_namespaces(txn: ReadTxn, caller: str) -> set[int]:
    """Ids. Args: caller: as `caller_of` says."""
    return {
        row.namespace_id
        for _, row in NAMESPACES.scan(txn, prefix=b"")
        if not (row.owner and caller) or row.owner == caller
    }


class _Granted:
    """What a client may do, by one snapshot."""

    def __init__(self, txn: ReadTxn, caller: str, client_id: int) -> None:
        self._txn, self._client_id = txn, client_id
        self._usable = usable_namespaces(txn, caller)
        # By namespace and container: read once, however many blocks are asked for.
        self._leases: dict[int, dict[int, list[NamespaceLeaseRow]]] = {}

    def of(self, block: BlockId, *, writes: bool) -> BlockRange | None:
        """Blocks that one token is given for, the block among them. None: it may not."""
        container = CONTAINERS.get(self._txn, id_key(block.container))
        if container is None or container.namespace_id not in self._usable:
            return None
        namespace_id = container.namespace_id
        return self._leased(namespace_id, block) if writes else self._committed(namespace_id, block)

    def _leased(self, namespace_id: int, block: BlockId) -> BlockRange | None:
        """All blocks of the client's lease that the block is of."""
        if namespace_id not in self._leases:
            own = self._leases[namespace_id] = {}
            for _, lease in NAMESPACE_LEASES.scan(self._txn, prefix=id_key(namespace_id)):
                if lease.client_id == self._client_id:
                    own.setdefault(lease.container, []).append(lease)
        for lease in self._leases[namespace_id].get(block.container, ()):
            if holds(lease, block):
                return BlockRange(
                    container=lease.container, first_local=lease.first_local, count=lease.count
                )
        return None

    def _committed(self, namespace_id: int, block: BlockId) -> BlockRange | None:
        key = held_key(namespace_id, block.container, block.local)
        if not NAMESPACE_BLOCKS.exists(self._txn, key):
            return None
        return BlockRange(container=block.container, first_local=block.local, count=1)


class NamespaceTokens:
    """Args: lead: raises NotLeader."""

    def __init__(self, executor: Executor, keys: TokenKeys, lead: Callable[[], None]) -> None:
        self._executor, self._keys, self._lead = executor, keys, lead

    def handlers(self) -> dict[str, Handler]:
        return {"GrantBlockTokens": self._grant}

    async def _grant(
        self, request: namespaces.GrantBlockTokensRequest, call: Call
    ) -> namespaces.GrantBlockTokensReply:
        self._lead()
        caller = caller_of(call)
        key = await self._keys.signing()
        if key is None:
            return namespaces.GrantBlockTokensReply(tokens=[b"" for _ in request.blocks])
        ranges = self._ranges(request, caller)
        if None in ranges:
            # Leases and commits are answered before they are applied here.
            await self._executor.read_barrier()
            ranges = self._ranges(request, caller)
        operations = _WRITES if request.writes else Operation.READ
        reply = namespaces.GrantBlockTokensReply()
        for blocks in ranges:
            if blocks is None:
                reply.tokens.append(b"")
                continue
            token = BlockToken(
                key.key_id,
                blocks.container,
                blocks.first_local,
                blocks.count,
                operations,
                str(call.peer),
            )
            reply.tokens.append(signed(token, key.secret))
        return reply

    def _ranges(
        self, request: namespaces.GrantBlockTokensRequest, caller: str
    ) -> list[BlockRange | None]:
        with self._executor.store.read() as txn:
            granted = _Granted(txn, caller, request.client_id)
            return [granted.of(block, writes=request.writes) for block in request.blocks]
