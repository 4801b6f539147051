"""Block tokens for clients of namespaces: to read what is committed there, to write what they have
leased."""

from collections.abc import Callable

from trioxygen.common.block_token import BlockToken, Operation, signed
from trioxygen.common.rpc.call import Call
from trioxygen.common.rpc.network import Handler
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
from trioxygen.proto.v1.types_pb2 import BlockId, BlockRange

_WRITES = Operation.READ | Operation.WRITE


def usable_namespaces(txn: ReadTxn, caller: str) -> set[int]:
    """Ids. Args: caller: as `caller_of` says."""
    return {
        row.namespace_id
        for _, row in NAMESPACES.scan(txn, prefix=b"")
        if not (row.owner and caller) or row.owner == caller
    }


def leased_range(
    txn: ReadTxn, namespace_id: int, client_id: int, block: BlockId
) -> BlockRange | None:
    """All blocks of the client's lease that the block is of."""
    for _, lease in NAMESPACE_LEASES.scan(txn, prefix=id_key(namespace_id)):
        is_own = lease.client_id == client_id and lease.container == block.container
        if is_own and lease.first_local <= block.local < lease.first_local + lease.count:
            return BlockRange(
                container=lease.container, first_local=lease.first_local, count=lease.count
            )
    return None


def committed(txn: ReadTxn, namespace_id: int, block: BlockId) -> BlockRange | None:
    key = held_key(namespace_id, block.container, block.local)
    if not NAMESPACE_BLOCKS.exists(txn, key):
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
        reply = namespaces.GrantBlockTokensReply()
        with self._executor.store.read() as txn:
            usable = usable_namespaces(txn, caller)
            for block in request.blocks:
                blocks = None if key is None else self._granted(txn, usable, request, block)
                if key is None or blocks is None:
                    reply.tokens.append(b"")
                    continue
                token = BlockToken(
                    key.key_id,
                    blocks.container,
                    blocks.first_local,
                    blocks.count,
                    _WRITES if request.writes else Operation.READ,
                    str(call.peer),
                )
                reply.tokens.append(signed(token, key.secret))
        return reply

    def _granted(
        self,
        txn: ReadTxn,
        usable: set[int],
        request: namespaces.GrantBlockTokensRequest,
        block: BlockId,
    ) -> BlockRange | None:
        container = CONTAINERS.get(txn, id_key(block.container))
        if container is None or container.namespace_id not in usable:
            return None
        namespace_id = container.namespace_id
        if request.writes:
            return leased_range(txn, namespace_id, request.client_id, block)
        return committed(txn, namespace_id, block)
