"""Documents of OpenID Connect providers over HTTP: discovery and keys. Blocks, without a state.
Source: OpenID Connect Discovery, section 4; RFC 7517.

Anybody may send a token, and account owners name providers: only documents of a bounded size are
read, in a bounded time, over https, and redirects are not followed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from trioxygen.gateway.iam.errors import IamError
from trioxygen.gateway.iam.oidc.deadline import Deadline, pool_until
from trioxygen.gateway.iam.oidc.tokens import Jwk

_DISCOVERY: Final = "/.well-known/openid-configuration"
_ANSWER_BYTES_MAX: Final = 256 * 1024
_KEYS_MAX: Final = 100
_URL_MAX: Final = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Attributes:
    http_hosts: `host` or `host:port` that may be asked over http, beside loopback.
    ca_path: PEM of who vouches for providers; None: the system's.
    seconds_max: of a fetch as a whole: discovery and keys, from the first packet to the last.
    """

    http_hosts: tuple[str, ...] = ()
    ca_path: Path | None = None
    seconds_max: float = 5.0


class Fetching:
    """All raise IamError IDPCommunicationError."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits
        self._ca_certs = None if limits.ca_path is None else str(limits.ca_path)

    def keys_of(self, issuer: str) -> Sequence[Jwk]:
        """Args: issuer: its URL, as tokens name it."""
        # Connections are not kept: an issuer is asked once an hour.
        with (
            Deadline(self._limits.seconds_max) as deadline,
            pool_until(deadline, self._ca_certs) as pool,
        ):
            return self._keys(pool, issuer)

    def _keys(self, pool: PoolManager, issuer: str) -> Sequence[Jwk]:
        discovery = self._document(pool, issuer.rstrip("/") + _DISCOVERY)
        if not isinstance(discovery, dict) or discovery.get("issuer") != issuer:
            raise _unusable("its discovery document is not the issuer's")
        place = discovery.get("jwks_uri")
        if not isinstance(place, str):
            raise _unusable("its discovery document names no keys")
        if not _is_as_safe(place, issuer):
            raise _unusable("its keys are neither at an https URL nor where it is itself")
        document = self._document(pool, place)
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, list) or len(keys) > _KEYS_MAX:
            raise _unusable("its keys are no JSON Web Key Set")
        return [key for key in keys if isinstance(key, dict)]

    def _document(self, pool: PoolManager, url: str) -> Any:
        if not may_be_asked(url, self._limits.http_hosts):
            raise _unusable("its documents are not at https URLs")
        try:
            response = pool.request(
                "GET",
                url,
                headers={"Accept": "application/json"},
                timeout=Timeout(total=self._limits.seconds_max),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            data = response.read(_ANSWER_BYTES_MAX + 1, decode_content=True)
            status = response.status
            response.close()
        except (HTTPError, OSError, ValueError):
            raise _unusable("it does not answer") from None
        if status != 200:
            raise _unusable(f"it answers {status}")
        if len(data) > _ANSWER_BYTES_MAX:
            raise _unusable("its answer is too large")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise _unusable("its answer is not JSON") from None


def _unusable(reason: str) -> IamError:
    return IamError(
        "IDPCommunicationError",
        f"Couldn't retrieve verification key from your identity provider: {reason}.",
    )


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def may_be_asked(url: str, http_hosts: Collection[str]) -> bool:
    parts = _split(url)
    if parts is None or not parts.hostname or parts.username is not None:
        return False
    if parts.scheme == "https":
        return True
    if parts.scheme != "http":
        return False
    host = parts.hostname
    return is_loopback(host) or host in http_hosts or parts.netloc.lower() in http_hosts


def _is_as_safe(place: str, issuer: str) -> bool:
    """Keys over http are those of an issuer over http, and of the same host: whoever names a
    provider does not have others on this host asked, nor are keys less certain than it is."""
    keys, own = _split(place), _split(issuer)
    if keys is None or own is None or keys.scheme != "http":
        return True
    return (keys.scheme, keys.netloc.lower()) == (own.scheme, own.netloc.lower())


def _split(url: str) -> SplitResult | None:
    if len(url) > _URL_MAX or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
