"""AssumeRoleWithWebIdentity: nobody signs; the token of an OpenID Connect provider vouches.

Sources: STS API reference; IAM user guide, "Available keys for AWS OIDC federation"."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.permissions import NO_PERMISSIONS
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.action import Action, Api, Call, Decides
from trioxygen.gateway.iam.arguments import needed, text
from trioxygen.gateway.iam.assume_role import (
    DURATION,
    ROLE_ARN,
    SESSION_NAME,
    SIZE_MIN,
    mint,
    role_seconds,
    session_shown,
)
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.oidc.tokens import (
    WebIdentity,
    check_signature,
    check_times,
    identity_of,
    invalid,
    read_token,
)
from trioxygen.gateway.iam.session_policies import POLICY, POLICY_ARNS, read_session_policies
from trioxygen.gateway.iam.shown import Fields
from trioxygen.gateway.iam.trust import actions_asked, check_trusted, keys_of, lookup_role
from trioxygen.gateway.store.values.iam import OidcProvider, Principal

_ACTION: Final = "sts:AssumeRoleWithWebIdentity"
_PROVIDER_KEY: Final = "aws:federatedprovider"
_SOURCE_KEY: Final = "aws:sourceidentity"


async def _assume(call: Call) -> Fields:
    role = await lookup_role(call)
    if role is None:
        raise _refused()
    provider, identity = await _prove(call, role)
    _check_trusted(call, role, provider, identity)
    seconds = role_seconds(call, role)
    policies = await read_session_policies(call, role.account_id, identity.tags)
    credentials = await mint(
        call,
        role,
        seconds=seconds,
        policies=policies,
        tags=identity.tags,
        context=_of_session(provider, identity),
    )
    return {
        **session_shown(call, role, credentials, policies),
        "SubjectFromWebIdentityToken": identity.subject,
        "Provider": provider.arn,
        "Audience": identity.client,
        "SourceIdentity": identity.source or None,
    }


def _refused() -> IamError:
    """The same whether there is such a role or not: anybody may ask."""
    return IamError("AccessDenied", f"Not authorized to perform {_ACTION}")


async def _prove(call: Call, role: Principal) -> tuple[OidcProvider, WebIdentity]:
    """Raises: IamErrors of tokens and of providers."""
    token = read_token(call.arguments.text("WebIdentityToken"))
    provider = await _provider(call, role.account_id, token.issuer)
    keys = await call.services.signing_keys.find(token.issuer, token.kid)
    check_signature(token, keys)
    check_times(token, call.services.now_s)
    identity = identity_of(token)
    clients = provider.client_ids
    if clients or call.services.config.wants_audience:
        named = (identity.client,) if identity.authorized_party else identity.audiences
        if not set(named) & set(clients):
            raise invalid("Incorrect token audience")
    return provider, identity


async def _provider(call: Call, account_id: str, issuer: str) -> OidcProvider:
    """Raises: InvalidIdentityToken."""
    place = issuer.removeprefix("https://")
    if place != issuer or issuer.startswith("http://"):
        for provider in await call.services.iam.providers.list(account_id):
            if provider.url == place:
                return provider
    raise invalid(f"No OpenIDConnect provider found in your account for {issuer}")


def _check_trusted(
    call: Call, role: Principal, provider: OidcProvider, identity: WebIdentity
) -> None:
    """Raises: AccessDenied."""
    caller = Caller(
        kind=CallerKind.ANONYMOUS, context=MappingProxyType({_PROVIDER_KEY: provider.arn})
    )
    more = {_PROVIDER_KEY: (provider.arn,), **_claims(provider, identity)}
    if identity.source:
        more["sts:sourceidentity"] = (identity.source,)
    context = keys_of(call, caller, role, identity.tags, more)
    for action in actions_asked(_ACTION, identity.tags, identity.source):
        try:
            question = Question(action, role.arn, caller, context)
            check_trusted(call, question, role, NO_PERMISSIONS)
        except IamError:
            raise _refused() from None


def _claims(provider: OidcProvider, identity: WebIdentity) -> dict[str, Sequence[str]]:
    """`issuer:sub`; `aud` is the authorized party where a token names it, and `oaud` the audience
    then; `app_id` and `azp` are Ceph's."""
    start = provider.place.lower()
    audiences = identity.audiences
    claims: dict[str, Sequence[str]] = {
        f"{start}:sub": (identity.subject,),
        f"{start}:aud": (identity.authorized_party,) if identity.authorized_party else audiences,
        f"{start}:oaud": audiences,
        f"{start}:app_id": audiences,
    }
    if identity.authorized_party:
        claims[f"{start}:azp"] = (identity.authorized_party,)
    for name, texts in identity.texts.items():
        claims[f"{start}:{name}"] = texts
    return claims


def _of_session(provider: OidcProvider, identity: WebIdentity) -> tuple[tuple[str, str], ...]:
    """What policies may ask of the session."""
    start = provider.place.lower()
    source = ((_SOURCE_KEY, identity.source),) if identity.source else ()
    return (
        (_PROVIDER_KEY, provider.arn),
        (f"{start}:sub", identity.subject),
        (f"{start}:aud", identity.client),
        *source,
    )


ROWS: Final = (
    Action(
        name="AssumeRoleWithWebIdentity",
        api=Api.STS,
        arguments=(
            ROLE_ARN,
            SESSION_NAME,
            needed(text("WebIdentityToken", rules.WEB_TOKEN)),
            text("ProviderId", rules.PROVIDER_ID),
            POLICY_ARNS,
            POLICY,
            DURATION,
            SIZE_MIN,
        ),
        decides=Decides.HANDLER,
        is_signed=False,
        handler=_assume,
    ),
)
