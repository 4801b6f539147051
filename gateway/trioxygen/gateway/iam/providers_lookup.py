"""The OpenID Connect provider that a request names."""

from typing import Final

from trioxygen.common.iam_errors import NoSuchEntity
from trioxygen.gateway.iam.action import Call, Subject
from trioxygen.gateway.iam.errors import no_such_entity
from trioxygen.gateway.store.values.iam import OidcProvider

PROVIDER_ARN: Final = "OpenIDConnectProviderArn"


async def lookup_provider(call: Call) -> OidcProvider:
    """Raises: NoSuchEntity."""
    arn = call.arguments.text(PROVIDER_ARN)
    try:
        return await call.services.iam.providers.lookup(call.account_id, arn)
    except NoSuchEntity:
        raise no_such_entity(f"OpenIDConnect Provider not found for arn {arn}") from None


async def subject_provider(call: Call) -> Subject:
    arn = call.arguments.text(PROVIDER_ARN)
    try:
        provider = await call.services.iam.providers.lookup(call.account_id, arn)
    except NoSuchEntity:
        return Subject(arn)
    return Subject(arn, provider.tags)
