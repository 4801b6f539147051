"""The OpenID Connect provider of the suite's tests of AssumeRoleWithWebIdentity, and tokens of it.
Where they look for it is fixed: port 8080 of this machine."""

import json
import secrets
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_ISSUER: Final = Path(__file__).parents[1] / "tests" / "integration" / "iam" / "oidc_issuer.py"
_PORT: Final = 8080
# Of the whole run, with a test that waits for 900 seconds.
_LASTS_SECONDS: Final = 6 * 3_600
_AUDIENCE, _SUBJECT, _CLIENT = "account", "3c5b0d6e-user", "conformance-client"
# Of 20 bytes; a provider that is asked over http has no certificate.
_THUMBPRINT: Final = "0" * 40
# A session has one value of a tag.
_TAGS: Final = {"principal_tags": {"Department": ["Engineering"]}}


@contextmanager
def web_identity() -> Iterator[Mapping[str, str]]:
    """The section [webidentity], while its provider runs. Where the port is taken there is none,
    and those tests fail."""
    values = dict.fromkeys(
        ("token", "aud", "sub", "azp", "user_token", "thumbprint", "KC_REALM"), "none"
    )
    if not _is_free(_PORT):
        print(f"port {_PORT} is taken: no provider of web identities", file=sys.stderr)
        yield values
        return
    # Gateways remember a provider's keys, and each run has another one.
    realm = f"conformance-{secrets.token_hex(4)}"
    process = subprocess.Popen(
        [sys.executable, str(_ISSUER), str(_PORT), f"/auth/realms/{realm}"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        yield {
            "token": _token({}),
            "user_token": _token({"https://aws.amazon.com/tags": _TAGS}),
            "aud": _AUDIENCE,
            "sub": _SUBJECT,
            "azp": _CLIENT,
            "thumbprint": _THUMBPRINT,
            "KC_REALM": realm,
        }
    finally:
        process.kill()
        process.communicate()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return not probe.connect_ex(("127.0.0.1", port)) == 0


def _token(more: Mapping[str, object]) -> str:
    claims = {
        "aud": _AUDIENCE,
        "sub": _SUBJECT,
        "azp": _CLIENT,
        "exp": int(datetime.now(UTC).timestamp()) + _LASTS_SECONDS,
        **more,
    }
    request = urllib.request.Request(
        f"http://localhost:{_PORT}/token", data=json.dumps(claims).encode()
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        token: str = answer.read().decode()
    return token
