"""Where who asks DataNodes has its block tokens from."""

from typing import Protocol

from trioxygen.common.block_token import Access


class TokenSource(Protocol):
    async def token(self, access: Access) -> bytes:
        """One that covers it; empty: there is none to be had now.

        Raises: what those raise who give them."""
        ...

    async def renewed(self, access: Access, refused: bytes) -> bytes:
        """As `token`, where a DataNode has refused that one because its key does not count, or has
        wanted one where none was brought."""
        ...
