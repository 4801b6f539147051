"""POST forms on their way in: the fields are read and their signer is known before anything else is
asked, then the request is as one that puts the form's file.

What is kept of a form are its fields, at most 20 KiB; the file passes through."""

from collections import deque
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from trioxygen.common.clock import Clock
from trioxygen.gateway.authentication import Authentication
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.dialect import Dialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.numbers import read_natural
from trioxygen.gateway.protocol.post_form import POLICY, as_put, read_form
from trioxygen.gateway.protocol.post_form_parts import FIELDS_BYTES_MAX, FormParts, read_boundary
from trioxygen.gateway.protocol.post_policy import PostPolicy, read_policy
from trioxygen.gateway.s3.body import ended_early
from trioxygen.gateway.s3.request import Receive, S3Request, SentForm

_NO_POLICY: Final = PostPolicy(0, (), None, None)


class Forms:
    def __init__(self, authentication: Authentication, clock: Clock, dialect: Dialect) -> None:
        self._authentication, self._clock = authentication, clock
        self._dialect = dialect

    async def open(self, request: S3Request) -> None:
        """Puts the signer, the key and the form on the request; its fields are headers then, and
        what it receives is the file.

        Raises: S3Errors of forms, of their signatures and policies; Unavailable errors."""
        boundary = read_boundary(request.head.header("content-type"))
        if request.account is not None:
            raise S3Error(
                "InvalidRequest",
                "A form is signed in its fields, neither in headers nor in the query.",
            )
        parts = FormParts(boundary)
        file = FormFile(parts, request)
        await file.read_fields()
        form = read_form(parts.fields, parts.file_name)
        await self._authentication.identify_form(request, form.fields)
        file.policy = self._policy(request, form.fields)
        names.check_key(form.key)
        request.head = as_put(request.head, form)
        request.key = form.key
        request.form = SentForm(form, file.bytes_max)
        request.receive = file.receive
        file.check_length()

    def _policy(self, request: S3Request, fields: Mapping[str, str]) -> PostPolicy:
        """Of a form that is signed; what nobody signs has none."""
        if POLICY not in fields:
            return _NO_POLICY
        policy = read_policy(fields[POLICY])
        policy.check(
            fields,
            bucket=request.bucket_name,
            now_ms=self._clock.wall_ms(),
            dialect=self._dialect,
        )
        return policy


class FormFile:
    """The file of a form, received as a body is.

    Attributes: policy: what is checked of its size."""

    def __init__(self, parts: FormParts, request: S3Request) -> None:
        self._parts, self._request = parts, request
        self._receive: Receive = request.receive
        self._pieces: deque[bytes | memoryview] = deque()
        self._is_last = False
        self._length_bytes = read_natural(request.head.header("content-length") or "")
        self._file_bytes = 0
        self.policy = _NO_POLICY

    @property
    def bytes_max(self) -> int | None:
        """How long it can be, by the length of the body."""
        if self._length_bytes is None:
            return None
        parts = self._parts
        return max(0, self._length_bytes - parts.file_offset_bytes - parts.closing_bytes)

    async def read_fields(self) -> None:
        """Raises: S3Errors of forms; IncompleteBody, RequestTimeout."""
        while not self._parts.is_at_file:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ended_early(message.get("reason", ""))
            self._take(message)
            if self._is_last and not self._parts.is_at_file:
                self._parts.finish()
        # The file's bytes are counted when they are read as a body.
        self._request.bytes_in = self._parts.file_offset_bytes

    def check_length(self) -> None:
        """Nothing of a file is asked for that must be too large: at most as much as the fields may
        hold can follow it. Raises: EntityTooLarge."""
        if self.bytes_max is not None:
            self.policy.check_size(self.bytes_max - 2 * FIELDS_BYTES_MAX, is_whole=False)

    async def receive(self) -> MutableMapping[str, Any]:
        """As `S3Request.receive`. Raises: S3Errors of forms; EntityTooLarge, EntityTooSmall."""
        while not self._pieces:
            if self._is_last:
                self._parts.finish()
                self.policy.check_size(self._file_bytes, is_whole=True)
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            self._take(message)
            del message
        piece = self._pieces.popleft()
        self._file_bytes += len(piece)
        self.policy.check_size(self._file_bytes, is_whole=False)
        return {"type": "http.request", "body": piece, "more_body": True}

    def _take(self, message: MutableMapping[str, Any]) -> None:
        data: bytes = message["body"]
        if not self._parts.is_at_file:
            self._request.bytes_in += len(data)
        self._pieces.extend(self._parts.feed(data))
        self._is_last = not message["more_body"]
