"""A server of the transit engine's HTTP API, as Vault has it: paths, JSON, status codes, texts.

Source: Vault API documentation, "Transit secrets engine", "HTTP API".
"""

import hmac
import json
import os
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
TOO_OLD: Final = "ciphertext or signature version is disallowed by policy (too old)"
Reply = tuple[int, Mapping[str, Any]]


def _refused(status: int, *errors: str) -> Reply:
    return status, {"errors": list(errors)}


@dataclass
class TransitKey:
    is_derived: bool = False
    type: str = "aes256-gcm96"
    min_decryption_version: int = 1
    versions: list[bytes] = field(default_factory=lambda: [os.urandom(32)])

    def facts(self, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": self.type,
            "derived": self.is_derived,
            "keys": {str(number): 1_700_000_000 for number in range(1, len(self.versions) + 1)},
            "latest_version": len(self.versions),
            "min_available_version": 0,
            "min_decryption_version": self.min_decryption_version,
            "min_encryption_version": 0,
            "supports_encryption": self.type.startswith("aes"),
            "deletion_allowed": False,
            "exportable": False,
        }

    def _cipher(self, version: int, context: bytes) -> AESGCM:
        secret = self.versions[version - 1]
        return AESGCM(hmac.digest(secret, context, "sha256") if self.is_derived else secret)

    def encrypted(self, item: Mapping[str, str]) -> dict[str, Any]:
        context = b64decode(item.get("context", ""))
        if self.is_derived and not context:
            return {"error": "missing 'context' for key derivation"}
        version, nonce = len(self.versions), os.urandom(_NONCE_BYTES)
        box = nonce + self._cipher(version, context).encrypt(
            nonce, b64decode(item["plaintext"]), b64decode(item.get("associated_data", ""))
        )
        return {
            "ciphertext": f"vault:v{version}:{b64encode(box).decode()}",
            "key_version": version,
        }

    def decrypted(self, item: Mapping[str, str]) -> dict[str, Any]:
        prefix, _, rest = item["ciphertext"].partition(":")
        number, _, box = rest.partition(":")
        if prefix != "vault" or not number.startswith("v"):
            return {"error": "invalid ciphertext: no prefix"}
        if not number[1:].isdecimal():
            return {"error": "invalid ciphertext: version number could not be decoded"}
        version = int(number[1:])
        if version > len(self.versions):
            return {"error": "invalid ciphertext: version is too new"}
        if version < self.min_decryption_version:
            return {"error": TOO_OLD}
        try:
            data = b64decode(box, validate=True)
        except ValueError:
            return {"error": "invalid ciphertext: could not decode base64"}
        cipher = self._cipher(version, b64decode(item.get("context", "")))
        try:
            plain = cipher.decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], b64decode(item.get("associated_data", ""))
            )
        except (InvalidTag, ValueError):
            return {"error": "cipher: message authentication failed"}
        return {"plaintext": b64encode(plain).decode()}


class TransitServer:
    """Attributes:
    calls: (method, path below the mount), in their order.
    next_replies: that come before any other: a status and a body, for each call.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.token, self.mount, self.namespace = "hvs.token-1", "transit", ""
        self.keys: dict[str, TransitKey] = {}
        self.calls: list[tuple[str, str]] = []
        self.next_replies: list[tuple[int, bytes]] = []
        self.is_sealed = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                server.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def made(self, name: str, **facts: Any) -> TransitKey:
        self.keys[name] = TransitKey(**facts)
        return self.keys[name]

    def rotate(self, name: str) -> None:
        self.keys[name].versions.append(os.urandom(32))

    def calls_of(self, what: str) -> int:
        return sum(path.startswith(what) for _, path in self.calls)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        data = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if self.next_replies:
            status, body = self.next_replies.pop(0)
        else:
            status, reply = self._reply(request, data)
            body = json.dumps({"request_id": "1", "lease_id": "", **reply}).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        if status == 307:
            request.send_header("Location", f"{body.decode()}{request.path}")
        request.end_headers()
        request.wfile.write(body)

    def _reply(self, request: BaseHTTPRequestHandler, data: bytes) -> Reply:
        if self.is_sealed:
            return _refused(503, "Vault is sealed")
        is_elsewhere = request.headers.get("X-Vault-Namespace", "") != self.namespace
        path = request.path.removeprefix(f"/v1/{self.mount}/")
        if path == request.path or is_elsewhere:
            return _refused(
                404, f'no handler for route "{request.path[4:]}". route entry not found.'
            )
        if request.headers.get("X-Vault-Token") != self.token:
            return _refused(403, "permission denied")
        self.calls.append((request.command, path))
        what, _, name = path.partition("/")
        key = self.keys.get(name)
        if request.command == "GET" and what == "keys":
            return _refused(404) if key is None else (200, {"data": key.facts(name)})
        if request.command != "POST" or what not in ("encrypt", "decrypt"):
            return _refused(405, "1 error occurred:\n\t* unsupported operation\n\n")
        return self._batch(what, name, json.loads(data)["batch_input"])

    def _batch(self, what: str, name: str, items: list[Mapping[str, str]]) -> Reply:
        if not items:
            return _refused(400, "missing batch input to process")
        if what == "encrypt" and name not in self.keys:
            # As Vault does where the token may create: a mistyped name becomes a key.
            self.made(name, is_derived="context" in items[0])
        key = self.keys.get(name)
        if key is None:
            return _refused(400, "encryption key not found")
        make = key.encrypted if what == "encrypt" else key.decrypted
        results = [make(item) for item in items]
        has_failed = any("error" in result for result in results)
        return (400 if has_failed else 200), {"data": {"batch_results": results}}
