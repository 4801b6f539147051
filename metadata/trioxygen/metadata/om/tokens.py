"""Block tokens that an OM gives to gateways: with leases, with keys that are looked up, and anew
where those count no more."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from google.protobuf.message import Message

from trioxygen.common.block_token import Operation
from trioxygen.common.errors import Unavailable
from trioxygen.common.rpc.call import Call
from trioxygen.common.token_keys import signed_token
from trioxygen.metadata.client.token_keys import KnownTokenKeys
from trioxygen.metadata.leases.rows import holds
from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.om.state.schema import BLOCK_REFERENCES, LEASES
from trioxygen.metadata.replication import healed
from trioxygen.metadata.replication.executor import Executor
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1 import om_pb2 as om

# Of a key that is looked up: those of 16 GiB. Who reads on asks for more.
_LOOKED_UP_MAX: Final = 64
_WRITES: Final = Operation.READ | Operation.WRITE


class _Block(NamedTuple):
    container: int
    local: int


def first_blocks(row: om.KeyRow, blocks_max: int) -> list[_Block]:
    """Each block once, as the slices name them."""
    blocks: dict[_Block, None] = {}
    for piece in row.blocks:
        blocks[_Block(piece.container, piece.local)] = None
        if len(blocks) == blocks_max:
            break
    return list(blocks)


def referred_to(txn: ReadTxn, blocks: Iterable[_Block]) -> set[_Block]:
    return {block for block in blocks if BLOCK_REFERENCES.exists(txn, block_key(*block))}


def leased_to(txn: ReadTxn, client_id: int, blocks: Iterable[_Block]) -> set[_Block]:
    """Looks through all leases: it is asked seldom, and there are not many."""
    wanted, leased = set(blocks), set[_Block]()
    for _, lease in LEASES.scan(txn, prefix=b""):
        if lease.client_id == client_id:
            leased |= {block for block in wanted if holds(lease, block)}
    return leased


class BlockTokens:
    def __init__(self, executor: Executor, keys: KnownTokenKeys) -> None:
        self._executor, self._keys = executor, keys

    async def for_lease(self, granted: om.LeaseBlocksReply, call: Call) -> om.LeaseBlocksReply:
        """The answer is kept for retries, the token is not.

        Raises: Unavailable: there is no key."""
        if not len(self._keys.ring):
            await self._keys.refresh()
        if not len(self._keys.ring):
            raise Unavailable("no key of block tokens is known yet")
        blocks = granted.blocks
        reply = om.LeaseBlocksReply()
        reply.CopyFrom(granted)
        reply.token = signed_token(
            self._keys.ring,
            str(call.peer),
            _WRITES,
            blocks.container,
            first_local=blocks.first_local,
            blocks=blocks.count,
        )
        return reply

    def for_key(self, reply: om.LookupKeyReply, call: Call) -> None:
        """None where there is no key: not all who look it up want to read."""
        if not reply.exists or not len(self._keys.ring):
            return
        client = str(call.peer)
        for block in first_blocks(reply.row, _LOOKED_UP_MAX):
            reply.read_tokens.append(self._signed(client, Operation.READ, block))

    def _signed(self, client: str, operations: Operation, block: _Block) -> bytes:
        container, local = block
        return signed_token(
            self._keys.ring, client, operations, container, first_local=local, blocks=1
        )

    async def grant(self, request: om.GrantTokensRequest, call: Call) -> Message:
        """Raises: Unavailable: there is no key."""
        ring = self._keys.ring
        signing = ring.signing()
        if signing is None or signing.key_id == request.refused_key_id:
            # Another one is wanted: the SCM may have begun anew.
            await self._keys.refresh()
        if not len(ring):
            raise Unavailable("no key of block tokens is known yet")
        blocks = [_Block(block.container, block.local) for block in request.blocks]
        operations = _WRITES if request.writes else Operation.READ

        def question(_: om.GrantTokensRequest) -> Message:
            with self._executor.store.read() as txn:
                if request.writes:
                    granted = leased_to(txn, request.client_id, blocks)
                else:
                    granted = referred_to(txn, blocks)
            client = str(call.peer)
            return om.GrantTokensReply(
                tokens=[
                    self._signed(client, operations, block) if block in granted else b""
                    for block in blocks
                ]
            )

        return await healed.query(self._executor, question, request)
