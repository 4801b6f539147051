"""A small OpenID Connect provider: discovery, keys, and tokens for whoever asks. Also a program:
`python tests/integration/iam/oidc_issuer.py PORT [PATH]` serves one, and `POST /token` with claims
as JSON answers a token of them.

Source: OpenID Connect Discovery, section 4; RFC 7517; RFC 7519."""

import json
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

_LASTS_SECONDS = 3_600
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class SigningKey:
    def __init__(self, kid: str, algorithm: str) -> None:
        self.kid, self.algorithm = kid, algorithm
        self.private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if algorithm.startswith("ES"):
            self.private = ec.generate_private_key(ec.SECP256R1())
        else:
            self.private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    @property
    def public(self) -> dict[str, Any]:
        if isinstance(self.private, rsa.RSAPrivateKey):
            jwk = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            jwk = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": self.algorithm}


class OidcIssuer:
    """Serves until `stop`. Attributes:
    url: the issuer's, as tokens name it.
    keys: those that are published; more may be added.
    asked: paths of the requests, in order.
    """

    def __init__(self, port: int = 0, path: str = "") -> None:
        self.keys = [SigningKey("first", "RS256")]
        self.asked: list[str] = []
        self.documents: dict[str, bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._path = path
        self.url = f"http://localhost:{self._server.server_port}{path}"
        # Seconds between two looks at whether it is to stop: each `stop` waits for one.
        serve = partial(self._server.serve_forever, poll_interval=0.01)
        self._thread = threading.Thread(target=serve, daemon=True)

    def start(self) -> "OidcIssuer":
        self._thread.start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def token(self, claims: Mapping[str, Any] = _NOTHING, key: SigningKey | None = None) -> str:
        """Args: claims: in place of usual ones; None: it is left out."""
        now_s = int(time.time())
        usual = {
            "iss": self.url,
            "sub": "somebody",
            "aud": "the-client",
            "iat": now_s,
            "exp": now_s + _LASTS_SECONDS,
        }
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        signer = key or self.keys[0]
        return jwt.encode(
            said, signer.private, algorithm=signer.algorithm, headers={"kid": signer.kid}
        )

    def document(self, path: str) -> bytes | None:
        self.asked.append(path)
        if path in self.documents:
            return self.documents[path]
        if path == f"{self._path}/.well-known/openid-configuration":
            discovery = {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            }
            return json.dumps(discovery).encode()
        if path == f"{self._path}/keys":
            return json.dumps({"keys": [key.public for key in self.keys]}).encode()
        return None


def _handler(issuer: OidcIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document = issuer.document(self.path)
            self._answer(404 if document is None else 200, document or b"")

        def do_POST(self) -> None:
            claims = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._answer(200, issuer.token(claims).encode())

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Its requests are in `asked`."""

    return Handler


def main() -> None:
    issuer = OidcIssuer(int(sys.argv[1]), *sys.argv[2:3]).start()
    print(issuer.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
