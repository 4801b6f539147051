"""AssumeRoleWithWebIdentity, with tokens of an issuer of the tests' own."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import policy, refused, trust
from tests.integration.iam.conftest import Site
from tests.integration.iam.oidc_issuer import OidcIssuer, SigningKey

ACTION = "sts:AssumeRoleWithWebIdentity"
TAGS_CLAIM = "https://aws.amazon.com/tags"


@pytest.fixture(scope="module")
def issuer() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer(path="/realm").start()
    yield issuer
    issuer.stop()


@pytest.fixture(scope="module")
def provider(iam: Any, issuer: OidcIssuer) -> str:
    """The ARN."""
    made = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["the-client"])
    return str(made["OpenIDConnectProviderArn"])


def make_role(site: Site, iam: Any, provider: str, *actions: str, **condition: Any) -> str:
    name = site.name("web")
    trusted = trust(
        {"Federated": provider},
        ACTION,
        *actions,
        condition={"StringEquals": condition} if condition else None,
    )
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy("s3:ListAllMyBuckets"))
    return str(role["Arn"])


def assume(site: Site, role: str, token: str, **more: Any) -> Any:
    return site.client("sts").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="web", WebIdentityToken=token, **more
    )


def test_token_of_the_provider_opens_the_role(
    site: Site, iam: Any, issuer: OidcIssuer, provider: str
) -> None:
    role = make_role(site, iam, provider)
    answer = assume(site, role, issuer.token())
    assert answer["SubjectFromWebIdentityToken"] == "somebody"
    assert (answer["Provider"], answer["Audience"]) == (provider, "the-client")
    assert answer["AssumedRoleUser"]["Arn"].endswith("/web")
    assert site.session("s3", answer["Credentials"]).list_buckets()


def test_claims_are_conditions(site: Site, iam: Any, issuer: OidcIssuer, provider: str) -> None:
    place = issuer.url.removeprefix("http://")
    for key, value, claims in (
        (f"{place}:sub", "ann", {"sub": "ann"}),
        (f"{place}:aud", "the-client", {}),
        (f"{place}:app_id", "the-client", {}),
        (f"{place}:azp", "the-client", {"aud": "else", "azp": "the-client"}),
    ):
        role = make_role(site, iam, provider, **{key: value})
        assert assume(site, role, issuer.token(claims))["Credentials"]
    role = make_role(site, iam, provider, **{f"{place}:sub": "bob"})
    with pytest.raises(ClientError) as error:
        assume(site, role, issuer.token())
    assert refused(error) == (
        "AccessDenied",
        403,
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    )


def test_tags_of_a_token_are_the_sessions(
    site: Site, iam: Any, issuer: OidcIssuer, provider: str
) -> None:
    tags = {"principal_tags": {"Department": ["Engineering"]}, "transitive_tag_keys": []}
    condition = {"aws:RequestTag/Department": "Engineering"}
    role = make_role(site, iam, provider, "sts:TagSession", **condition)
    token = issuer.token({TAGS_CLAIM: tags})
    assert assume(site, role, token)["Credentials"]
    with pytest.raises(ClientError):
        assume(site, role, issuer.token())
    with pytest.raises(ClientError) as error:
        assume(site, role, issuer.token({TAGS_CLAIM: {"principal_tags": 1}}))
    assert refused(error)[0] == "InvalidIdentityToken"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "another"}, "InvalidIdentityToken"),
        ({"azp": "another"}, "InvalidIdentityToken"),
        ({"sub": None}, "InvalidIdentityToken"),
        ({"exp": None}, "InvalidIdentityToken"),
        ({"iss": "https://nobody.example.com"}, "InvalidIdentityToken"),
        ({"exp": int(time.time()) - 5}, "ExpiredTokenException"),
        ({"nbf": int(time.time()) + 4_000}, "InvalidIdentityToken"),
    ],
)
def test_token_that_does_not_hold_is_refused(
    site: Site,
    iam: Any,
    issuer: OidcIssuer,
    provider: str,
    claims: dict[str, Any],
    code: str,
) -> None:
    role = make_role(site, iam, provider)
    with pytest.raises(ClientError) as error:
        assume(site, role, issuer.token(claims))
    assert refused(error)[:2] == (code, 400)


def test_token_of_another_key_is_refused(
    site: Site, iam: Any, issuer: OidcIssuer, provider: str
) -> None:
    role = make_role(site, iam, provider)
    stranger = SigningKey("first", "RS256")
    with pytest.raises(ClientError) as error:
        assume(site, role, issuer.token(key=stranger))
    assert refused(error)[:2] == ("InvalidIdentityToken", 400)
    with pytest.raises(ClientError) as error:
        assume(site, role, "abcdef")
    assert refused(error)[0] == "InvalidIdentityToken"


def test_keys_of_every_kind_are_fetched_once(site: Site, iam: Any) -> None:
    issuer = OidcIssuer().start()
    made = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["the-client"])
    role = make_role(site, iam, made["OpenIDConnectProviderArn"])
    issuer.keys.append(SigningKey("elliptic", "ES256"))
    assert assume(site, role, issuer.token())["Credentials"]
    assert assume(site, role, issuer.token(key=issuer.keys[1]))["Credentials"]
    # Keys of the first token served the second as well.
    assert issuer.asked == ["/.well-known/openid-configuration", "/keys"]
    issuer.stop()


def test_role_that_is_not_there_is_not_told_from_others(site: Site, issuer: OidcIssuer) -> None:
    with pytest.raises(ClientError) as error:
        assume(site, f"arn:aws:iam::{site.account_id}:role/none", issuer.token())
    assert refused(error)[:2] == ("AccessDenied", 403)


def test_provider_that_does_not_answer_is_named_as_the_cause(site: Site, iam: Any) -> None:
    issuer = OidcIssuer()
    made = iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["the-client"])
    role = make_role(site, iam, made["OpenIDConnectProviderArn"])
    issuer.documents["/.well-known/openid-configuration"] = b"no json"
    issuer.start()
    with pytest.raises(ClientError) as error:
        assume(site, role, issuer.token())
    issuer.stop()
    assert refused(error)[:2] == ("IDPCommunicationError", 400)
