"""Block tokens of a gateway, or of another client: kept as they come with leases and with what is
looked up, asked for where they are missing, or count no more."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final

from trioxygen.common.block_token import Access, BlockToken, Operation, unchecked
from trioxygen.common.shared_ask import SharedAsk
from trioxygen.common.worker import Tasks
from trioxygen.proto.v1.types_pb2 import BlockId

# Of blocks that are read, and of those that are written: whose tokens came last.
_BLOCKS_MAX: Final = 20_000

# (blocks, whether they are written, the key by which a token was refused, or 0) -> a token for each
# block; empty: there is none for this client.
GrantTokens = Callable[[Sequence[BlockId], bool, int], Awaitable[Sequence[bytes]]]

_Block = tuple[int, int]


class GrantedTokens:
    """A `TokenSource`.

    Args:
    grant: asks who gives them.
    asks_first: False: nobody is asked before a DataNode has wanted a token. Who does not know
        whether they are used finds out so.
    blocks_max: of each kind.
    """

    def __init__(
        self,
        grant: GrantTokens,
        tasks: Tasks,
        *,
        asks_first: bool = True,
        blocks_max: int = _BLOCKS_MAX,
    ) -> None:
        self._grant, self._tasks, self._blocks_max = grant, tasks, blocks_max
        self._asks_first = asks_first
        self._read: OrderedDict[_Block, bytes] = OrderedDict()
        self._written: OrderedDict[_Block, bytes] = OrderedDict()
        self._asking: dict[tuple[Operation, _Block], SharedAsk] = {}

    def learn(self, tokens: Iterable[bytes]) -> None:
        for data in tokens:
            token = unchecked(data)
            if token is not None:
                self._keep(token, data)

    def _keep(self, token: BlockToken, data: bytes) -> None:
        kept = self._written if token.operations & Operation.WRITE else self._read
        for local in range(token.first_local, token.first_local + token.blocks):
            block = (token.container, local)
            kept[block] = data
            kept.move_to_end(block)
        while len(kept) > self._blocks_max:
            kept.popitem(last=False)

    async def token(self, access: Access) -> bytes:
        token = self._known(access)
        if token or not self._asks_first:
            return token
        return await self._asked(access, refused=b"")

    async def renewed(self, access: Access, refused: bytes) -> bytes:
        self._asks_first = True
        token = self._known(access)
        # Somebody else may have been refused, and asked, before.
        return token if token not in (b"", refused) else await self._asked(access, refused=refused)

    def _known(self, access: Access) -> bytes:
        assert access.local is not None, "clients copy no replicas"
        kept = self._written if access.operation & Operation.WRITE else self._read
        return kept.get((access.container, access.local), b"")

    async def _asked(self, access: Access, *, refused: bytes) -> bytes:
        """All who wait for it share one call."""
        assert access.local is not None
        key = access.operation, (access.container, access.local)
        asking = self._asking.get(key)
        if asking is None or not asking.is_under_way:
            asking = self._asking[key] = SharedAsk(
                self._tasks,
                partial(self._ask, access, refused),
                name="grant tokens",
                for_request=True,
            )
        try:
            await asking.ended()
        finally:
            if self._asking.get(key) is asking and not asking.is_under_way:
                del self._asking[key]
        return self._known(access)

    async def _ask(self, access: Access, refused: bytes) -> None:
        assert access.local is not None
        token = unchecked(refused)
        block = BlockId(container=access.container, local=access.local)
        writes, key_id = access.operation is Operation.WRITE, 0 if token is None else token.key_id
        self.learn(await self._grant([block], writes, key_id))
