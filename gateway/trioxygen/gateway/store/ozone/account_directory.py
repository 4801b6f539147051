"""Accounts by whatever names them, as the OM lists them: few, and whoever asks remembers them."""

from typing import Final

from trioxygen.gateway.store.values.iam import AccountDetails
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2

_PAGE: Final = 1_000


class OzoneAccountDirectory:
    def __init__(self, om: OmClient) -> None:
        self._om = om

    @property
    def directory(self) -> "OzoneAccountDirectory":
        return self

    async def find(
        self, *, account_id: str = "", canonical_id: str = "", email: str = ""
    ) -> AccountDetails | None:
        wanted = (account_id, canonical_id, email)
        after, more = "", True
        while more:
            reply = await self._om.list_accounts(
                om_pb2.ListAccountsRequest(after=after, count_max=_PAGE)
            )
            for row in reply.accounts:
                names = (row.account_id, row.canonical_id, row.email)
                if any(name and name == known for name, known in zip(wanted, names, strict=True)):
                    return AccountDetails(
                        account_id=row.account_id,
                        canonical_id=row.canonical_id,
                        display_name=row.display_name,
                        email=row.email,
                        created_ms=row.created_ms,
                    )
                after = row.account_id
            more = reply.truncated
        return None

    async def get_setting(self, account_id: str, kind: str) -> bytes | None:
        """Accounts have none yet."""
        return None
