"""The first account of a store and its access key."""

from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import AccountAlreadyExists
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import iam_pb2, om_pb2
from trioxygen.proto.v1.types_pb2 import Account

log = logs.get(__name__)

# Of 12 digits, as ARNs want it. Every gateway of a new store has to think of the same one.
ADMIN_ACCOUNT: Final = "100000000001"
_ADMIN: Final = "admin"


async def make_admin(
    om_client: OmClient, credentials: tuple[str, str] | None
) -> tuple[str, str] | None:
    """The admin account and its first access key, once; a chosen key replaces another secret.

    Returns: the access key and secret, when this call made them."""
    accounts = await om_client.list_accounts(om_pb2.ListAccountsRequest(count_max=1))
    if accounts.accounts and credentials is None:
        return None
    if accounts.accounts:
        account_id = await _admin_of(om_client)
    else:
        account = Account(account_id=ADMIN_ACCOUNT, display_name=_ADMIN)
        account_id = account.account_id
        try:
            await om_client.create_account(om_pb2.CreateAccountRequest(account=account))
        except AccountAlreadyExists:
            log.info("admin_account_was_made_meanwhile")  # by another gateway
    access_key, secret_key = credentials or ("", "")
    made = await om_client.create_access_key(
        om_pb2.CreateAccessKeyRequest(
            account_id=account_id, access_key=access_key, secret_key=secret_key
        )
    )
    if made.key.is_inactive:
        log.warning("environment_key_is_disabled", access_key=made.key.access_key)
    return made.key.access_key, made.key.secret_key


async def _admin_of(om_client: OmClient) -> str:
    """The account's id; stores that were made before ids had to be numbers call it by its name."""
    former = await om_client.read_iam(
        iam_pb2.ReadIamRequest(account_id=_ADMIN, account=iam_pb2.FindAccount())
    )
    return _ADMIN if former.HasField("account") else ADMIN_ACCOUNT
