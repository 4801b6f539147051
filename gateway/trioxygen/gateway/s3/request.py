"""One S3 request as operations see it, and what they answer with. No HTTP server, no ASGI messages
but `receive`."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    MutableMapping,
    Sequence,
)
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from trioxygen.common.disk import Buffer
from trioxygen.common.errors import Overloaded
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import ANONYMOUS, Caller, CallerKind
from trioxygen.gateway.access.decision import Decision
from trioxygen.gateway.access.documents import UNSET, BucketDocuments
from trioxygen.gateway.access.permissions import NO_PERMISSIONS, Permissions
from trioxygen.gateway.auth.claim import SignatureClaim
from trioxygen.gateway.credentials import Credential
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.post_form import PostForm
from trioxygen.gateway.protocol.proxies import Client
from trioxygen.gateway.shares import Buffers, Shares
from trioxygen.gateway.store.values.accounts import Account
from trioxygen.gateway.store.values.buckets import Bucket, BucketSetting
from trioxygen.gateway.store.values.keys import KeyPage, KeyRecord, VersionPage
from trioxygen.gateway.store.values.uploads import Upload, UploadPage

Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

# The operation of a request that asks for none.
UNROUTED: Final = "Unrouted"


class SentForm(NamedTuple):
    """Attributes: bytes_max: how long its file can be; None: the request has no Content-Length."""

    content: PostForm
    bytes_max: int | None


class Source(NamedTuple):
    """What a copy reads. Attributes:
    version_id: that was asked for; None: the current one.
    record: None: there is no such key."""

    bucket: Bucket
    key: str
    version_id: str | None
    record: KeyRecord | None


# Condition keys, in lower case, and their values.
BodyKeys = Mapping[str, Sequence[str]]
_NO_KEYS: Final[BodyKeys] = MappingProxyType({})


class Refusal(Protocol):
    """Why one of the keys that a body names may not be worked on; None: it may.

    Args: action: in place of the row's."""

    def __call__(
        self, key: str, version_id: str | None, action: str | None = None
    ) -> S3Error | None: ...


class S3Request:
    """Attributes:
    bucket, key: what the request addresses; None: not at that level.
    account: of the access key that signed it; None: anonymous.
    caller, permissions: who asks, and the policies that come with it.
    credential: what said so of a Signature Version 4; None: another one, or anonymous.
    signing_key: what verified the signature; signed chunks need it.
    operation: the S3 API's name of it, once it is known.
    request_id, host_id: of this one answer, and which gateway it came from; S3's x-amz-request-id
        and x-amz-id-2.
    peer, scheme: the client's address ("": a socket without one), and what it speaks: where trusted
        proxies passed it on, as they say.
    connection: the same of the connection that it came over.
    tls_version: of the connection, as TLS writes it (0x0304: 1.3); 0: none that ends here.
    shares, holder: what the request is counted in, and as whose.
    bytes_in, bytes_out: of the two bodies, as read and sent so far.
    form: that a browser sent the object in; None: it is none.
    cors: what a browser is told in whatever is answered.
    late_error_code: of an error that was answered behind a status of 200; "": none.

    The gate's, before the handler runs:
    decision: the last one that was made; None: none yet.
    asked: all that was asked, in order.
    is_charged: the caller pays for it, who said that he would: of the bucket, or of the one that is
        copied from.
    lacks: actions that it goes on without, for they were not allowed.
    documents: what decides about access to the bucket that it addresses.
    ahead, body_keys: of a body that was read because policies may ask what it says; what came of
        it, and what it says.
    bucket_record, key_record, upload_record, source, key_page, version_page, upload_page,
        settings: what the row of the operation needs to know.
    refusal: of one of the keys that the body names."""

    bucket_record: Bucket
    key_record: KeyRecord | None
    source: Source
    key_page: KeyPage
    version_page: VersionPage
    upload_page: UploadPage
    settings: Sequence[BucketSetting]
    refusal: Refusal

    __slots__ = (
        "account",
        "ahead",
        "asked",
        "body_keys",
        "bucket",
        "bucket_record",
        "bytes_in",
        "bytes_out",
        "caller",
        "claim",
        "connection",
        "cors",
        "credential",
        "decision",
        "documents",
        "form",
        "head",
        "holder",
        "host_id",
        "is_charged",
        "key",
        "key_page",
        "key_record",
        "lacks",
        "late_error_code",
        "operation",
        "peer",
        "permissions",
        "receive",
        "refusal",
        "request_id",
        "scheme",
        "shares",
        "signing_key",
        "source",
        "settings",
        "tls_version",
        "upload_page",
        "upload_record",
        "version_page",
    )

    def __init__(
        self,
        head: RequestHead,
        receive: Receive,
        request_id: str,
        host_id: str,
        scheme: str,
        shares: Shares,
        peer: str = "",
        tls_version: int = 0,
    ) -> None:
        self.shares, self.holder = shares, ""
        self.head, self.receive = head, receive
        self.peer, self.scheme = self.connection = Client(peer, scheme)
        self.request_id, self.host_id = request_id, host_id
        self.tls_version = tls_version
        self.bucket: str | None = None
        self.key: str | None = None
        self.claim: SignatureClaim | None = None
        self.account: Account | None = None
        self.credential: Credential | None = None
        self.caller: Caller = ANONYMOUS
        self.permissions: Permissions = NO_PERMISSIONS
        self.signing_key: bytes | None = None
        self.operation = UNROUTED
        self.form: SentForm | None = None
        self.cors: Headers = []
        self.late_error_code = ""
        self.is_charged = False
        self.decision: Decision | None = None
        self.asked: list[Asked] = []
        self.upload_record: Upload | None = None
        self.lacks: tuple[str, ...] = ()
        self.ahead: object | None = None
        self.body_keys: BodyKeys = _NO_KEYS
        self.documents: BucketDocuments = UNSET
        self.bytes_in = self.bytes_out = 0

    @property
    def is_of_owners_root(self) -> bool:
        """Whether no policy but the bucket's own says what it may."""
        caller = self.caller
        return (
            caller.kind is CallerKind.ROOT
            and caller.account_id == self.bucket_record.account_id
            and self.permissions is NO_PERMISSIONS
        )

    def identify(self, credential: Credential) -> None:
        """Whose key signed it."""
        self.account, self.caller = credential.account, credential.caller
        self.permissions = credential.permissions

    @property
    def bucket_name(self) -> str:
        assert self.bucket is not None, "an operation without a bucket asked for it"
        return self.bucket

    @property
    def known_bucket(self) -> Bucket | None:
        """None: it was not fetched (yet)."""
        return getattr(self, "bucket_record", None)

    @property
    def key_name(self) -> str:
        assert self.key is not None, "an operation without a key asked for it"
        return self.key

    @property
    def record(self) -> KeyRecord:
        """Of the key, which the gate has seen is there."""
        assert self.key_record is not None, "the row does not need the key"
        return self.key_record

    @property
    def upload(self) -> Upload:
        """Which the gate has seen is there."""
        assert self.upload_record is not None, "the row does not need the upload"
        return self.upload_record

    def uploading(self) -> AbstractContextManager[None]:
        """While it writes blocks. Raises Overloaded: its holder writes enough already."""
        return self.shares.uploads.holding(self.holder, "uploads under way")

    @property
    def buffers(self) -> Buffers:
        return Buffers(self.shares.buffers, self.holder)

    async def held(self, document: Buffer) -> AsyncGenerator[Buffer, None]:
        """An answer that is made already, for as long as its client takes to read it.

        Raises: Overloaded: slow readers of its holder hold enough; a first one always may.
        """
        documents, holder, size_bytes = self.shares.documents, self.holder, len(document)
        if not documents.take(holder, size_bytes):
            if documents.held(holder):
                raise Overloaded("too many answers that are not read", held=documents.held(holder))
            documents.take_anyway(holder, size_bytes)
        try:
            yield document
        finally:
            documents.give_back(holder, size_bytes)

    @property
    def signer(self) -> Account:
        """The account, of operations that nobody may ask for who does not sign."""
        assert self.account is not None, "the gate let an anonymous request in"
        return self.account


@dataclass(slots=True)
class Response:
    """Attributes:
    body: sent with the head in one write.
    stream: in its place; in chunks where the headers do not say how long it is.
    length_bytes: of what is sent, where the headers say it already."""

    status: int = 200
    headers: Headers | None = None
    body: Buffer = b""
    stream: AsyncIterator[Buffer] | None = None
    length_bytes: int | None = None


def xml_response(document: bytes, headers: Sequence[tuple[bytes, bytes]] = ()) -> Response:
    return Response(200, [(b"content-type", b"application/xml"), *headers], document)


def no_content() -> Response:
    return Response(204)
