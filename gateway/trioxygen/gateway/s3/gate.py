"""The one way to a handler: what its row needs is fetched, it is decided, then it runs.

Nobody else calls handlers, and no handler decides: a family cannot forget to ask."""

from collections.abc import Callable
from functools import partial
from typing import Final

from trioxygen.common import logs
from trioxygen.common.errors import ConditionConflict
from trioxygen.gateway.access.decide import Decision, Reason, decide
from trioxygen.gateway.access.decide import Resource as AccessedResource
from trioxygen.gateway.auth.claim import STREAMING
from trioxygen.gateway.protocol import names
from trioxygen.gateway.protocol.errors import S3Error, not_implemented
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.s3.operation import Access, Level, Operation, Resource
from trioxygen.gateway.s3.request import Response, S3Request
from trioxygen.gateway.s3.services import Services
from trioxygen.gateway.store.values.buckets import Bucket

log = logs.get(__name__)

Decide = Callable[..., Decision]

# How S3 answers a denial, where it is not AccessDenied.
_CODES: Final = {Reason.EXPECTED_OWNER_MALFORMED: "InvalidBucketOwnerAWSAccountID"}
_EXPECTED_OWNER: Final = "x-amz-expected-bucket-owner"
_EXPECTED_SOURCE_OWNER: Final = "x-amz-source-expected-bucket-owner"


class Gate:
    """Args:
    decide: see `access.decide`."""

    def __init__(self, services: Services, decide: Decide = decide) -> None:
        self._services, self._decide = services, decide

    async def run(self, operation: Operation, request: S3Request) -> Response:
        """What the operation answers. Raises S3Errors and TrioxygenErrors."""
        self._check(operation, request)
        tries_left = operation.tries
        while True:
            await self._admit(operation, request)
            handler = operation.handler
            if handler is None:
                raise not_implemented(f"{operation.name} is not implemented.")
            tries_left -= 1
            try:
                return await handler(self._services, request)
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
        services, refuses = self._services, operation.refuses
        bucket: Bucket | None = None
        for access in operation.accesses:
            needs = access.needs
            if needs.fetch is not None:
                bucket = await needs.fetch(services, request)
            decision = self._decision(access, request, bucket)
            request.decision = decision
            if not decision.is_allowed:
                raise self._refusal(operation, access, request, bucket)
            if needs.require is not None:
                needs.require(request)
            if refuses is not None:
                self._refuse_headers(operation, refuses, request)
                refuses = None

    def _refuse_headers(
        self, operation: Operation, refuses: Callable[[RequestHead], None], request: S3Request
    ) -> None:
        try:
            refuses(request.head)
        except S3Error:
            if operation.arguments is not None:
                operation.arguments(self._services, request)
            raise

    def _decision(self, access: Access, request: S3Request, bucket: Bucket | None) -> Decision:
        account, resource = request.account, access.resource
        expected_owner = key = None
        if bucket is not None:
            header = _EXPECTED_OWNER
            if resource is Resource.OBJECT:
                key = request.key
            elif resource is Resource.SOURCE:
                key, header = request.source.key, _EXPECTED_SOURCE_OWNER
            elif resource is Resource.OBJECTS:
                request.allows = partial(self._allows, access.action, request, bucket)
            expected_owner = request.head.header(header)
        return self._decide(
            principal=None if account is None else account.account_id,
            action=access.action,
            resource=_resource(request, bucket, key),
            expected_owner=expected_owner,
        )

    def _allows(self, action: str, request: S3Request, bucket: Bucket, key: str) -> bool:
        """Of one of the keys that a body names, which could not be asked for before it was read."""
        account = request.account
        decision = self._decide(
            principal=None if account is None else account.account_id,
            action=action,
            resource=_resource(request, bucket, key),
        )
        return decision.is_allowed

    def _refusal(
        self, operation: Operation, access: Access, request: S3Request, bucket: Bucket | None
    ) -> S3Error:
        assert request.decision is not None
        reason = request.decision.reason
        log.debug(
            "request_denied",
            operation=operation.name,
            action=access.action,
            reason=reason.word,
        )
        error = S3Error(_CODES.get(reason, "AccessDenied"))
        if operation.tells_region and bucket is not None:
            self._tell_region(error, bucket)
        return error

    def _tell_region(self, error: S3Error, bucket: Bucket) -> None:
        name, region = self._services.region_header(bucket)
        error.headers[name.decode()] = region.decode()


def _resource(request: S3Request, bucket: Bucket | None, key: str | None) -> AccessedResource:
    if bucket is None:
        # The row says that it is the caller's own (`operation.OWN`).
        return AccessedResource(request.bucket, key, None)
    return AccessedResource(bucket.name, key, bucket.account_id)
