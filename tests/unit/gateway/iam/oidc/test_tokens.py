"""Tokens: what is proved, and what is not believed."""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jwt
import pytest

from tests.integration.iam.oidc_issuer import OidcIssuer, SigningKey
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.oidc.tokens import (
    check_signature,
    check_times,
    identity_of,
    read_token,
)

RSA = SigningKey("rsa", "RS256")
ELLIPTIC = SigningKey("elliptic", "ES256")
NOW_S = int(time.time())
_NOTHING: Mapping[str, Any] = MappingProxyType({})
CLAIMS = {"iss": "https://idp.example.com", "sub": "ann", "aud": "client", "exp": NOW_S + 60}


def signed(claims: Mapping[str, Any] = _NOTHING, key: SigningKey = RSA) -> str:
    said = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(said, key.private, algorithm=key.algorithm, headers={"kid": key.kid})


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises(IamError) as error:
        call(*arguments)
    return error.value.code


@pytest.mark.parametrize("key", [RSA, ELLIPTIC], ids=lambda key: key.kid)
def test_key_of_the_issuer_proves_a_token(key: SigningKey) -> None:
    check_signature(read_token(signed(key=key)), [RSA.public, ELLIPTIC.public])


def test_key_of_nobody_proves_nothing() -> None:
    token = read_token(signed())
    sets: list[list[dict[str, Any]]] = [
        [],
        [ELLIPTIC.public],
        [SigningKey("rsa", "RS256").public],
        [RSA.public | {"kid": "other"}],
        [RSA.public | {"use": "enc"}],
        [RSA.public | {"alg": "RS512"}],
        [{"kid": "rsa", "kty": "oct", "k": "c2VjcmV0"}],
        [{"kid": "rsa", "kty": "nonsense"}],
        [{}],
    ]
    for keys in sets:
        assert code_of(check_signature, token, keys) == "InvalidIdentityToken", keys


def test_public_key_is_no_shared_secret() -> None:
    """Nor does a token without a signature hold."""
    secret = "what-everybody-knows-of-the-issuer"
    for algorithm, key in (("HS256", secret), ("none", None)):
        forged = jwt.encode(CLAIMS, key, algorithm=algorithm)  # type: ignore[arg-type]
        assert code_of(read_token, forged) == "InvalidIdentityToken"


@pytest.mark.parametrize("text", ["", "abc", "e30.e30.e30", "a.b.c", ".".join(["e30"] * 5)])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    assert code_of(read_token, text) == "InvalidIdentityToken"


def test_times_are_those_of_the_gateway() -> None:
    token = read_token(signed({"nbf": NOW_S, "iat": NOW_S}))
    check_times(token, NOW_S)
    assert code_of(check_times, token, NOW_S + 60) == "ExpiredTokenException"
    assert code_of(check_times, token, NOW_S - 301) == "InvalidIdentityToken"
    for odd in ("soon", True, -1, 2**60, 1e300):
        assert (
            code_of(check_times, read_token(signed({"exp": odd})), NOW_S) == "InvalidIdentityToken"
        )


def test_claims_give_the_identity() -> None:
    tags = {"principal_tags": {"team": ["blue"], "cost": "7"}}
    identity = identity_of(
        read_token(
            signed(
                {
                    "aud": ["one", "two"],
                    "azp": "one",
                    "amr": ["pwd"],
                    "https://aws.amazon.com/tags": tags,
                }
            )
        )
    )
    assert (identity.subject, identity.audiences, identity.client) == ("ann", ("one", "two"), "one")
    assert identity.tags == (("team", "blue"), ("cost", "7"))
    assert identity.texts == {"amr": ("pwd",)}


@pytest.mark.parametrize("claims", [{"sub": ""}, {"sub": "s" * 256}, {"aud": None}, {"aud": []}])
def test_identity_without_a_name_is_none(claims: dict[str, Any]) -> None:
    assert code_of(identity_of, read_token(signed(claims))) == "InvalidIdentityToken"


def test_issuer_of_the_tests_signs_as_it_publishes() -> None:
    issuer = OidcIssuer().start()
    check_signature(read_token(issuer.token()), [issuer.keys[0].public])
    issuer.stop()
