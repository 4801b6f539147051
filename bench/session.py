"""One benchmark session: the endpoint, its bucket, the payloads, and the requests made of them."""

import base64
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from bench.signing import EMPTY_SHA256, UNSIGNED_PAYLOAD, Endpoint, Signer
from bench.sigv4_client import Answer, Client, Request, WrongAnswer

KIB: Final = 1024
MIB: Final = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to store; `etag` as S3 gives it for one PUT, quotes included; both digests in hex."""

    body: bytes
    md5: str
    sha256: str

    @classmethod
    def random(cls, size_bytes: int, rng: random.Random) -> "Payload":
        body = rng.randbytes(size_bytes)
        return cls(body, hashlib.md5(body).hexdigest(), hashlib.sha256(body).hexdigest())

    @property
    def etag(self) -> bytes:
        return f'"{self.md5}"'.encode()


def expect(answer: Answer, *statuses: int, etag: bytes | None = None) -> Answer:
    """Raises WrongAnswer: another status, or (where one is wanted) another ETag."""
    if answer.status not in statuses:
        text = answer.body[:300].decode(errors="replace")
        raise WrongAnswer(f"status {answer.status} instead of {statuses}: {text}")
    if etag is not None and answer.header(b"etag") != etag:
        raise WrongAnswer(f"ETag {answer.header(b'etag')!r} instead of {etag!r}")
    return answer


def xml_texts(body: bytes, name: str) -> list[str]:
    """Texts of all elements called `name`, whatever their namespace, in document order.

    Raises WrongAnswer: not XML.
    """
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise WrongAnswer(f"not XML ({error}): {body[:200]!r}") from error
    return [node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == name]


def _named(version: str) -> list[tuple[str, str]]:
    return [("versionId", version)] if version else []


class Session:
    """Makes signed requests for one bucket of one endpoint.

    Args: storage_class: of what is stored; empty: none is named.
    """

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        signer: Signer,
        bucket: str,
        signs_payload: bool,
        storage_class: str = "",
    ) -> None:
        self.endpoint = endpoint
        self.bucket = bucket
        self._signer = signer
        self._signs_payload = signs_payload
        self.storage_class = storage_class
        self._class_header = [("x-amz-storage-class", storage_class)] if storage_class else []

    def client(self) -> Client:
        return Client(self.endpoint)

    def put(self, key: str, payload: Payload, query: Sequence[tuple[str, str]] = ()) -> Request:
        sha256 = payload.sha256 if self._signs_payload else UNSIGNED_PAYLOAD
        head = self._signer.head(
            "PUT", f"/{self.bucket}/{key}",
            query=query, payload_sha256=sha256, size_bytes=len(payload.body),
            headers=() if query else self._class_header,
        )  # fmt: skip
        return Request(head, payload.body)

    def get(self, key: str, version: str = "") -> Request:
        return Request(self._signer.head("GET", f"/{self.bucket}/{key}", query=_named(version)))

    def head(self, key: str, version: str = "") -> Request:
        head = self._signer.head("HEAD", f"/{self.bucket}/{key}", query=_named(version))
        return Request(head, is_head=True)

    def delete(self, key: str, version: str = "") -> Request:
        return Request(self._signer.head("DELETE", f"/{self.bucket}/{key}", query=_named(version)))

    def delete_versions(self, key: str, versions: Sequence[str]) -> Request:
        """In one request."""
        listed = "".join(
            f"<Object><Key>{key}</Key><VersionId>{version}</VersionId></Object>"
            for version in versions
        )
        body = f"<Delete><Quiet>true</Quiet>{listed}</Delete>".encode()
        md5 = base64.b64encode(hashlib.md5(body).digest())
        head = self._signer.head(
            "POST", f"/{self.bucket}",
            query=[("delete", "")], payload_sha256=hashlib.sha256(body).hexdigest(),
            size_bytes=len(body),
        )  # fmt: skip
        # It need not be signed.
        return Request(head.removesuffix(b"\r\n") + b"Content-MD5: " + md5 + b"\r\n\r\n", body)

    def list_versions(
        self, *, key_marker: str = "", version_marker: str = "", keys_max: int = 1000
    ) -> Request:
        query = [("versions", ""), ("max-keys", str(keys_max))]
        if key_marker:
            query += [("key-marker", key_marker), ("version-id-marker", version_marker)]
        return Request(self._signer.head("GET", f"/{self.bucket}", query=query))

    def keep_versions(self) -> Request:
        body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        head = self._signer.head(
            "PUT", f"/{self.bucket}",
            query=[("versioning", "")], payload_sha256=hashlib.sha256(body).hexdigest(),
            size_bytes=len(body),
        )  # fmt: skip
        return Request(head, body)

    def list_page(self, *, prefix: str, start_after: str = "", keys_max: int = 1000) -> Request:
        query = [("list-type", "2"), ("max-keys", str(keys_max)), ("prefix", prefix)]
        if start_after:
            query.append(("start-after", start_after))
        return Request(self._signer.head("GET", f"/{self.bucket}", query=query))

    def post(self, key: str, query: Sequence[tuple[str, str]], body: bytes = b"") -> Request:
        sha256 = hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256
        head = self._signer.head(
            "POST", f"/{self.bucket}/{key}",
            query=query, payload_sha256=sha256, size_bytes=len(body),
            headers=self._class_header if ("uploads", "") in query else (),
        )  # fmt: skip
        return Request(head, body)

    async def create_bucket(self, client: Client) -> None:
        """Create the bucket, or take the one that this account already has."""
        request = Request(self._signer.head("PUT", f"/{self.bucket}", size_bytes=0))
        answer = await client.send(request)
        owned = answer.status == 409 and b"BucketAlreadyOwnedByYou" in answer.body
        if not owned:
            expect(answer, 200)

    def delete_bucket(self) -> Request:
        return Request(self._signer.head("DELETE", f"/{self.bucket}"))
