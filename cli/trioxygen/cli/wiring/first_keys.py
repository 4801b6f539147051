"""The first account of a store and its access key."""

from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import AccountAlreadyExists
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.types_pb2 import Account

log = logs.get(__name__)

ADMIN_ACCOUNT: Final = "admin"


async def make_admin(
    om_client: OmClient, credentials: tuple[str, str] | None
) -> tuple[str, str] | None:
    """The admin account and its first access key, once; a chosen key replaces its secret.

    Returns: the access key and secret, when this call made them."""
    accounts = await om_client.list_accounts(om_pb2.ListAccountsRequest(count_max=1))
    if accounts.accounts and credentials is None:
        return None
    if not accounts.accounts:
        account = Account(account_id=ADMIN_ACCOUNT, display_name=ADMIN_ACCOUNT)
        try:
            await om_client.create_account(om_pb2.CreateAccountRequest(account=account))
        except AccountAlreadyExists:
            log.info("admin_account_was_made_meanwhile")  # by another gateway
    access_key, secret_key = credentials or ("", "")
    made = await om_client.create_access_key(
        om_pb2.CreateAccessKeyRequest(
            account_id=ADMIN_ACCOUNT, access_key=access_key, secret_key=secret_key
        )
    )
    return made.key.access_key, made.key.secret_key
