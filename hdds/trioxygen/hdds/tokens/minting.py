"""Block tokens that a DataNode makes for itself: to copy replicas to others, and to read from them
what it lacks. It has the keys to check those of clients; it is given none for work that may begin
when their keys count no more."""

from collections.abc import Awaitable, Callable
from typing import Final

from trioxygen.common.block_token import Access
from trioxygen.common.rpc.call import Peer, Role
from trioxygen.common.token_keys import KeyRing, signed_token


class OwnTokens:
    """A `TokenSource`. Args: node_id: as others know this node. refresh: see `TokenGate`."""

    def __init__(self, ring: KeyRing, node_id: str, refresh: Callable[[], Awaitable[bool]]) -> None:
        self._ring, self._refresh = ring, refresh
        self._client: Final = str(Peer(Role.DATANODE, node_id))

    async def token(self, access: Access) -> bytes:
        if not len(self._ring):
            await self._refresh()
        return signed_token(self._ring, self._client, access.operation, access.container)

    async def renewed(self, access: Access, refused: bytes) -> bytes:
        await self._refresh()
        return await self.token(access)
