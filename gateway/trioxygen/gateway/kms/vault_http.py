"""The transit engine of HashiCorp Vault (or OpenBao) over its HTTP API. Blocks; no state but its
connections. Source: Vault API documentation, "Transit secrets engine", "HTTP API".

Which answer is which error is decided in `vault_answers`.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError

from trioxygen.common.disk import Disk
from trioxygen.common.errors import KmsUnavailable, TrioxygenError
from trioxygen.gateway.kms.keyring_file import NOT_EVERYBODY, KeyringUnusable, read_secret
from trioxygen.gateway.kms.vault_answers import (
    Answer,
    TransitKey,
    VaultBusy,
    batch_of,
    error_of_answer,
    error_of_item,
    key_of,
)

# A standby may name the active node.
_REDIRECTS_MAX: Final = 2
_ANSWER_BYTES_MAX: Final = 4 * 1024 * 1024
_CONNECTIONS_MAX: Final = 4
# Keys that derive want a context, and others take none; what is wrapped is said to be ours.
_CONTEXT: Final = b64encode(b"trioxygen").decode()
_ASSOCIATED: Final = b64encode(b"trioxygen intermediate key 1").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPlace:
    """Attributes:
    token_path: read before each call: an agent renews it.
    ca_path: PEM of who vouches for the server; None: the system's.
    """

    url: str
    token_path: Path
    mount: str = "transit"
    namespace: str = ""
    ca_path: Path | None = None


class VaultTransit:
    """All raise TrioxygenError; KmsUnavailable of what may succeed if it is tried again."""

    def __init__(self, disk: Disk, place: VaultPlace) -> None:
        self._disk, self._place = disk, place
        ca_certs = None if place.ca_path is None else str(place.ca_path)
        # What is in the environment of the process (proxies, addresses) is not asked.
        self._pool = urllib3.PoolManager(
            num_pools=2,
            maxsize=_CONNECTIONS_MAX,
            block=False,
            cert_reqs="CERT_REQUIRED",
            ca_certs=ca_certs,
        )
        if place.url.startswith("https:"):
            # Where a redirect went to http, the token and what is to be encrypted would be read.
            del self._pool.key_fn_by_scheme["http"]

    def close(self) -> None:
        self._pool.clear()

    def read_key(self, name: str, timeout_s: float) -> TransitKey:
        answer = self._call("GET", f"keys/{name}", None, timeout_s)
        if answer.status != 200:
            raise error_of_answer(answer, name)
        return key_of(answer, name)

    def encrypt(self, key: TransitKey, plain: bytes, timeout_s: float) -> str:
        """The ciphertext, as Vault writes it: `vault:v2:...`"""
        item = {"plaintext": b64encode(plain).decode(), **_bound(is_derived=key.is_derived)}
        [result] = self._batch("encrypt", key.name, [item], timeout_s)
        if not isinstance(result.get("ciphertext"), str):
            raise error_of_item(result, key.name)
        return str(result["ciphertext"])

    def decrypt(
        self, name: str, ciphertexts: Sequence[str], timeout_s: float
    ) -> list[bytes | TrioxygenError]:
        """In their order; of each that is refused, why."""
        # A context that a key has no use for is not looked at.
        bound = _bound(is_derived=True)
        items = [{"ciphertext": each, **bound} for each in ciphertexts]
        results = self._batch("decrypt", name, items, timeout_s)
        return [_plain_of(result, name) for result in results]

    def _batch(
        self, what: str, name: str, items: Sequence[Mapping[str, str]], timeout_s: float
    ) -> Sequence[Mapping[str, Any]]:
        body = json.dumps({"batch_input": items}).encode()
        answer = self._call("POST", f"{what}/{name}", body, timeout_s)
        results = batch_of(answer)
        if results is None:
            raise error_of_answer(answer, name)
        if len(results) != len(items):
            raise KmsUnavailable("Vault's answer is not one of the transit engine")
        return results

    def _headers(self) -> dict[str, str]:
        try:
            token = read_secret(
                self._disk, self._place.token_path, "the file of Vault's token", NOT_EVERYBODY
            )
            headers = {"X-Vault-Token": token.decode("ascii"), "X-Vault-Request": "true"}
        except (KeyringUnusable, OSError) as error:
            raise KmsUnavailable(f"no token for Vault: {error}") from error
        except UnicodeDecodeError:
            raise KmsUnavailable("no token for Vault: its file is not text") from None
        if self._place.namespace:
            headers["X-Vault-Namespace"] = self._place.namespace
        return headers

    def _call(self, method: str, path: str, body: bytes | None, timeout_s: float) -> Answer:
        place = self._place
        headers = self._headers()
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._pool.request(
                method,
                f"{place.url}/v1/{place.mount}/{path}",
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(total=timeout_s),
                retries=urllib3.Retry(
                    total=None, connect=0, read=0, status=0, other=0, redirect=_REDIRECTS_MAX
                ),
                preload_content=False,
            )
            data = response.read(_ANSWER_BYTES_MAX + 1)
            response.release_conn()
        except (HTTPError, OSError) as error:
            # The text names the place, and never a header or a body.
            raise VaultBusy(f"Vault does not answer: {error}") from None
        if len(data) > _ANSWER_BYTES_MAX:
            response.close()
            raise KmsUnavailable("Vault's answer is too large")
        return Answer(response.status, data)


def _bound(*, is_derived: bool) -> dict[str, str]:
    return {"associated_data": _ASSOCIATED, **({"context": _CONTEXT} if is_derived else {})}


def _plain_of(result: Mapping[str, Any], name: str) -> bytes | TrioxygenError:
    plain = result.get("plaintext")
    if not isinstance(plain, str) or not plain:
        return error_of_item(result, name)
    try:
        return b64decode(plain, validate=True)
    except ValueError:
        return KmsUnavailable("Vault's answer is not one of the transit engine")
