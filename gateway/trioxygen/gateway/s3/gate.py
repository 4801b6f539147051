"""The one way to a handler: what its row needs is fetched, it is decided, then it runs.

Nobody else calls handlers, and no handler decides: a family cannot forget to ask."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from trioxygen.common import logs
from trioxygen.common.errors import ConditionConflict
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import CallerKind
from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.auth.claim import STREAMING, SignatureClaim
from trioxygen.gateway.credentials import Credential
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.settings.request_payment import CHARGED
from trioxygen.gateway.s3.asking import Asking, Decide
from trioxygen.gateway.s3.operation import Level, Operation, Resource
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket

log = logs.get(__name__)


class Identities(Protocol):
    """Who knows them: `credentials.Credentials`."""

    async def renewed(self, claim: SignatureClaim, *, revision: int | None) -> Credential: ...


class Gate:
    """Args:
    decide: see `access.decide`."""

    def __init__(self, services: Services, identities: Identities, decide: Decide = decide) -> None:
        self._services, self._identities = services, identities
        self._asking = Asking(services, decide)

    async def run(self, operation: Operation, request: S3Request) -> Response:
        """What the operation answers. Raises S3Errors and TrioxygenErrors."""
        self._check(operation, request)
        tries_left = operation.tries
        while True:
            await self._admit(operation, request)
            handler = operation.handler
            if handler is None:
                what = f"{operation.name} is not implemented."
                raise not_implemented(what, case=operation.absent_as)
            tries_left -= 1
            try:
                response = await handler(self._services, request)
                if request.is_charged:
                    response.headers = [*(response.headers or ()), *CHARGED]
                return response
            except S3Error as error:
                if operation.tells_region:
                    self._tell_region(error, request.bucket_record)
                raise
            except ConditionConflict as error:
                if not tries_left:
                    raise
                log.debug("operation_repeated", operation=operation.name, reason=error)

    def _check(self, operation: Operation, request: S3Request) -> None:
        """Raises what the request itself is refused for."""
        claim = request.claim
        if (
            claim is not None
            and not operation.reads_body
            and claim.payload_hash.startswith(STREAMING)
        ):
            raise S3Error("InvalidRequest", "The value of x-amz-content-sha256 header is invalid.")
        if operation.check is not None:
            operation.check(request)
        if operation.route.level is Level.OBJECT:
            names.check_key(request.key_name)

    async def _admit(self, operation: Operation, request: S3Request) -> None:
        """Returns when it may run, with what the row needs on the request."""
        services, refuses, asking = self._services, operation.refuses, self._asking
        about = asking.about_account(operation, request)
        for access in operation.accesses:
            if access.when is not None and not access.when(request):
                continue
            needs = access.needs
            if needs.fetch is not None:
                bucket = await needs.fetch(services, request)
                known = request.credential
                # Another one, not a later one: a store that was loaded from a dump has its own.
                if known is not None and known.revision != bucket.identity_revision:
                    await self._renew(request, bucket.identity_revision)
                about = await asking.about(access, request, bucket)
            elif about.bucket is None and request.caller.kind is not CallerKind.ROOT:
                # Nothing is fetched that would tell of a change.
                await self._renew(request, None)
            if access.reads is not None and asking.may_ask_of_body(request, about):
                await access.reads(services, request)
            asked = asking.decided(access, request, about)
            if not asked.decision.is_allowed:
                if access.is_optional:
                    request.lacks += (access.action,)
                    continue
                raise self._refused(operation, asked, about.bucket)
            if needs.require is not None:
                needs.require(request)
            if refuses is not None:
                self._refuse_headers(operation, refuses, request)
                refuses = None
            if access.resource is Resource.OBJECTS:
                request.refusal = partial(asking.refusal_of_key, access, request, about)

    async def _renew(self, request: S3Request, revision: int | None) -> None:
        """Reads again who signed. revision: None: as identities are now."""
        claim = request.claim
        if claim is not None:
            request.credential = await self._identities.renewed(claim, revision=revision)
            request.identify(request.credential)

    def _refuse_headers(
        self, operation: Operation, refuses: Callable[[RequestHead], None], request: S3Request
    ) -> None:
        try:
            refuses(request.head)
        except S3Error:
            if operation.arguments is not None:
                operation.arguments(self._services, request)
            raise

    def _refused(self, operation: Operation, asked: Asked, bucket: Bucket | None) -> S3Error:
        log.debug(
            "request_denied",
            operation=operation.name,
            action=asked.question.action,
            reason=asked.decision.reason.word,
        )
        error = self._asking.refusal(asked)
        if operation.tells_region and bucket is not None:
            self._tell_region(error, bucket)
        return error

    def _tell_region(self, error: S3Error, bucket: Bucket) -> None:
        name, region = self._services.region_header(bucket)
        error.headers[name.decode()] = region.decode()
