"""Web identities: what a token claims, and whether a provider's key has signed it. Pure.

Sources: OpenID Connect Core, section 3.1.3.7; RFC 7519; STS API reference,
AssumeRoleWithWebIdentity. The names of algorithms are RFC 7518's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from trioxygen.common.iam_limits import TAGS_MAX
from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.store.values.iam import Tags

# Signed by a key whose public half everybody may know; never by a shared secret, or not at all.
ALGORITHMS: Final = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
)
_SKEW_SECONDS: Final = 300
_TAGS_CLAIM: Final = "https://aws.amazon.com/tags"
_SOURCE_CLAIM: Final = "https://aws.amazon.com/source_identity"
_SUBJECT_MAX: Final = 255

Jwk = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnprovedToken:
    """What a token says; nothing of it is proved.

    Attributes: kid: of the key; None: it does not say it."""

    text: str
    algorithm: str
    kid: str | None
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        return str(self.claims["iss"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WebIdentity:
    """Whom a provider vouches for. Attributes:
    audiences: whom the token is for. authorized_party: which client asked for it; "": not said.
    tags: of the session. source: the source identity; "": none.
    texts: further claims that conditions may ask for: values by name.
    """

    subject: str
    audiences: tuple[str, ...]
    authorized_party: str = ""
    tags: Tags = ()
    source: str = ""
    texts: Mapping[str, Sequence[str]]

    @property
    def client(self) -> str:
        """What AWS compares with a provider's client ids."""
        return self.authorized_party or self.audiences[0]


def invalid(message: str) -> IamError:
    return IamError("InvalidIdentityToken", message)


def read_token(text: str) -> UnprovedToken:
    """Raises: IamError InvalidIdentityToken."""
    try:
        header = jwt.get_unverified_header(text)
        claims = jwt.decode(text, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _no_token() from None
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise invalid("The ID Token is not signed by an algorithm that is supported.")
    if not isinstance(claims.get("iss"), str) or not isinstance(kid, str | None):
        raise invalid("Missing a required claim: iss")
    return UnprovedToken(text=text, algorithm=str(algorithm), kid=kid, claims=claims)


def _no_token() -> IamError:
    return invalid(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access"
        " Token)"
    )


def check_signature(token: UnprovedToken, keys: Sequence[Jwk]) -> None:
    """Args: keys: of the issuer; one of them has to be the signer's.

    Raises: IamError InvalidIdentityToken."""
    for key in keys:
        if token.kid is not None and key.get("kid") not in (None, token.kid):
            continue
        if key.get("use", "sig") != "sig" or key.get("alg", token.algorithm) != token.algorithm:
            continue
        if _has_signed(token, key):
            return
    raise invalid("The ID Token's signature is not one of a key of its identity provider.")


def _has_signed(token: UnprovedToken, key: Jwk) -> bool:
    try:
        public = jwt.PyJWK(dict(key), algorithm=token.algorithm)
        jwt.decode(
            token.text,
            public,
            algorithms=[token.algorithm],
            # Times and audience are ours to check: by the clock of the gateway.
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
                "verify_iss": False,
                "verify_sub": False,
                "verify_jti": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True


def check_times(token: UnprovedToken, now_s: int) -> None:
    """Raises: IamError ExpiredTokenException, InvalidIdentityToken."""
    ends_s = _seconds(token, "exp")
    if ends_s is None:
        raise invalid("Missing a required claim: exp")
    if now_s >= ends_s:
        raise IamError(
            "ExpiredTokenException",
            f"Token expired: current date/time {_date(now_s)} must be before the expiration"
            f" date/time {_date(ends_s)}",
        )
    for name in ("nbf", "iat"):
        begins_s = _seconds(token, name)
        if begins_s is not None and begins_s > now_s + _SKEW_SECONDS:
            raise invalid(f"The ID Token is not valid yet: its {name} is in the future.")


def _seconds(token: UnprovedToken, name: str) -> int | None:
    value = token.claims.get(name)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < 2**40:
        raise invalid(f"The claim {name} is no time.")
    return int(value)


def _date(seconds: int) -> str:
    # Years that no calendar has are not written.
    return datetime.fromtimestamp(min(seconds, 2**37), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def identity_of(token: UnprovedToken) -> WebIdentity:
    """Raises: IamError InvalidIdentityToken."""
    claims = token.claims
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _SUBJECT_MAX:
        raise invalid("Missing a required claim: sub")
    audiences = _texts(claims.get("aud"))
    if not audiences:
        raise invalid("Missing a required claim: aud")
    party, source = claims.get("azp"), claims.get(_SOURCE_CLAIM)
    return WebIdentity(
        subject=subject,
        audiences=audiences,
        authorized_party=party if isinstance(party, str) else "",
        tags=_tags(claims.get(_TAGS_CLAIM)),
        source=source if isinstance(source, str) else "",
        texts={name: texts for name in ("amr", "email") if (texts := _texts(claims.get(name)))},
    )


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    return ()


def _tags(claim: object) -> Tags:
    """Source: IAM user guide, "Passing session tags using AssumeRoleWithWebIdentity"."""
    if claim is None:
        return ()
    if isinstance(claim, str):
        try:
            claim = json.loads(claim)
        except (ValueError, RecursionError):
            raise _no_tags() from None
    named = claim.get("principal_tags") if isinstance(claim, dict) else None
    if not isinstance(named, dict) or len(named) > TAGS_MAX:
        raise _no_tags()
    tags = []
    for key, value in named.items():
        values = _texts(value)
        if len(values) != 1 or not key or len(key) > 128 or len(values[0]) > 256:
            raise _no_tags()
        tags.append((key, values[0]))
    return tuple(tags)


def _no_tags() -> IamError:
    return invalid(f"The claim {_TAGS_CLAIM} does not hold session tags.")
