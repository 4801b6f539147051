"""OpenID Connect providers: whose tokens an account takes. Source: IAM API reference.

Beside AWS's https a URL may be of http; whether it is ever asked is up to the configuration."""

import re
from typing import Final

from trioxygen.common.iam_errors import EntityAlreadyExists, LimitExceeded
from trioxygen.common.iam_limits import CLIENT_IDS_MAX, OIDC_PROVIDERS_MAX, THUMBPRINTS_MAX
from trioxygen.gateway.iam import arguments, rules
from trioxygen.gateway.iam.action import Action, Call, Subject
from trioxygen.gateway.iam.arguments import needed, text, texts
from trioxygen.gateway.iam.document import date_text
from trioxygen.gateway.iam.errors import IamError, validation_error
from trioxygen.gateway.iam.providers_lookup import PROVIDER_ARN, lookup_provider, subject_provider
from trioxygen.gateway.iam.shown import Fields, tags_shown
from trioxygen.gateway.store.values.iam import OidcProvider

_HTTPS: Final = "https://"
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?"
)
_ARN: Final = needed(text(PROVIDER_ARN, rules.ARN))
_CLIENT_ID: Final = needed(text("ClientID", rules.CLIENT_ID))
_CLIENT_IDS: Final = texts("ClientIDList", rules.CLIENT_ID, CLIENT_IDS_MAX)
# One more than may be, which is refused in words of its own.
_THUMBPRINTS: Final = texts("ThumbprintList", rules.THUMBPRINT, 100)


def _new(call: Call) -> OidcProvider:
    """Raises: ValidationError, InvalidInput."""
    url = call.arguments.text("Url")
    if _URL.fullmatch(url) is None:
        raise validation_error("Invalid Open ID Connect Provider URL")
    return OidcProvider(
        account_id=call.account_id,
        url=url.removeprefix(_HTTPS),
        client_ids=tuple(dict.fromkeys(call.arguments.texts("ClientIDList"))),
        thumbprints=_thumbprints(call),
        tags=call.arguments.tags(),
    )


def _thumbprints(call: Call) -> tuple[str, ...]:
    thumbprints = tuple(call.arguments.texts("ThumbprintList"))
    if len(thumbprints) > THUMBPRINTS_MAX:
        raise IamError("InvalidInput", "Thumbprint list must contain fewer than 5 entries.")
    return thumbprints


async def _made(call: Call) -> Subject:
    return Subject(_new(call).arn)


async def _create(call: Call) -> Fields:
    provider = _new(call)
    try:
        provider = await call.services.iam.providers.create(provider)
    except EntityAlreadyExists:
        url = call.arguments.text("Url")
        raise IamError("EntityAlreadyExists", f"Provider with url {url} already exists.") from None
    except LimitExceeded:
        raise IamError(
            "LimitExceeded",
            f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {OIDC_PROVIDERS_MAX}",
        ) from None
    return {
        "OpenIDConnectProviderArn": provider.arn,
        "Tags": tags_shown(provider.tags) or None,
    }


async def _get(call: Call) -> Fields:
    provider = await lookup_provider(call)
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": date_text(provider.created_ms),
        "Tags": tags_shown(provider.tags) or None,
    }


async def _list(call: Call) -> Fields:
    providers = await call.services.iam.providers.list(call.account_id)
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in providers]}


async def _delete(call: Call) -> None:
    provider = await lookup_provider(call)
    await call.services.iam.providers.delete(call.account_id, provider.arn)


async def _add_client(call: Call) -> None:
    """One that is there already stays."""
    provider = await lookup_provider(call)
    client_ids = (*provider.client_ids, call.arguments.text("ClientID"))
    if len(client_ids) > CLIENT_IDS_MAX:
        raise IamError(
            "LimitExceeded",
            f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS_MAX}",
        )
    await call.services.iam.providers.change(
        call.account_id, provider.arn, client_ids=tuple(dict.fromkeys(client_ids))
    )


async def _remove_client(call: Call) -> None:
    """One that is not there is no error."""
    provider, gone = await lookup_provider(call), call.arguments.text("ClientID")
    kept = tuple(client_id for client_id in provider.client_ids if client_id != gone)
    await call.services.iam.providers.change(call.account_id, provider.arn, client_ids=kept)


async def _update_thumbprints(call: Call) -> None:
    provider, thumbprints = await lookup_provider(call), _thumbprints(call)
    await call.services.iam.providers.change(call.account_id, provider.arn, thumbprints=thumbprints)


ROWS: Final = (
    Action(
        name="CreateOpenIDConnectProvider",
        arguments=(
            needed(text("Url", rules.PROVIDER_URL)),
            _CLIENT_IDS,
            _THUMBPRINTS,
            arguments.TAGS,
        ),
        subject=_made,
        handler=_create,
    ),
    Action(
        name="GetOpenIDConnectProvider",
        arguments=(_ARN,),
        subject=subject_provider,
        handler=_get,
    ),
    Action(name="ListOpenIDConnectProviders", handler=_list),
    Action(
        name="DeleteOpenIDConnectProvider",
        arguments=(_ARN,),
        subject=subject_provider,
        handler=_delete,
    ),
    Action(
        name="AddClientIDToOpenIDConnectProvider",
        arguments=(_ARN, _CLIENT_ID),
        subject=subject_provider,
        handler=_add_client,
    ),
    Action(
        name="RemoveClientIDFromOpenIDConnectProvider",
        arguments=(_ARN, _CLIENT_ID),
        subject=subject_provider,
        handler=_remove_client,
    ),
    Action(
        name="UpdateOpenIDConnectProviderThumbprint",
        arguments=(_ARN, needed(_THUMBPRINTS)),
        subject=subject_provider,
        handler=_update_thumbprints,
    ),
)
