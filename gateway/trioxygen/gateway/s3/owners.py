"""Who owns what is listed, as documents show it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from trioxygen.gateway.access.ownership import uses_acls
from trioxygen.gateway.protocol.xml.document import Owner
from trioxygen.gateway.s3.owning import ANONYMOUS_ACCOUNT, ANONYMOUS_CANONICAL_ID
from trioxygen.gateway.s3.request import S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.keys import ListedKey
from trioxygen.gateway.store.values.uploads import Upload


class Owners(NamedTuple):
    """Attributes:
    bucket: its owner, and of all objects that are no other account's; None: they are not shown.
    others: by account id.
    """

    bucket: Owner | None
    others: Mapping[str, Owner] = MappingProxyType({})


NOT_SHOWN: Final = Owners(None)


async def owner_of_account(services: Services, request: S3Request, account_id: str) -> Owner:
    account = request.account
    if account is not None and account.account_id == account_id:
        return services.owner_of(account)
    if account_id == ANONYMOUS_ACCOUNT:
        return Owner(ANONYMOUS_CANONICAL_ID)
    details = await services.accounts.of(account_id)
    if details is None:
        return Owner(account_id)
    shows_name = services.config.dialect.names_owners
    return Owner(details.canonical_id, details.display_name if shows_name else None)


async def owners_of(services: Services, request: S3Request, listed: Sequence[ListedKey]) -> Owners:
    """Of a page of the bucket. Of a bucket of which nothing was ever set, all is its owner's."""
    bucket = request.bucket_record
    owner = await owner_of_account(services, request, bucket.account_id)
    if not bucket.access_revision:
        return Owners(owner)
    if not uses_acls((await services.documents.of(bucket)).ownership):
        return Owners(owner)
    others = {row.account_id for row in listed} - {"", bucket.account_id}
    return Owners(owner, {each: await owner_of_account(services, request, each) for each in others})


async def upload_owner(services: Services, request: S3Request, upload: Upload) -> Owner:
    account_id = upload.account_id or request.bucket_record.account_id
    return await owner_of_account(services, request, account_id)


async def initiator_shown(services: Services, request: S3Request, upload: Upload) -> Owner:
    """A user is shown by its ARN, and called by its name."""
    initiator = upload.initiator
    if not initiator:
        return await owner_of_account(services, request, request.bucket_record.account_id)
    if initiator.startswith("arn:"):
        shows_name = services.config.dialect.names_owners
        return Owner(initiator, initiator.rpartition("/")[2] if shows_name else None)
    return await services.owner_of_id(initiator)
