"""S3 calls over boto3, each noted with its times and with what the client learnt of its outcome.

Clients do not retry: a call repeated after an unknown outcome would be two calls. Who got no
answer, or one of the 500s, does not know what became of his call."""

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from trioxygen.sim.checkers.linearizability import check
from trioxygen.sim.history import History, Kind, Operation, Outcome

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET: Final = "history"
_REFUSED: Final = {404: Outcome.MISSING, 412: Outcome.FAILED}
# 409: two conditional writes met; S3 tells one of them to try again.
_SAYS_NOTHING: Final = 409
# The search may take long over many unknown outcomes; nothing may be left undecided.
_STEPS_MAX: Final = 5_000_000


def now_ms() -> float:
    return time.monotonic() * 1_000


def etag_of(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


class Recorder:
    """One for all clients. Keys are `SCOPE/NAME`; a list is of a scope, which the checker sees as a
    bucket: short histories are checked faster."""

    def __init__(self) -> None:
        self.history = History()

    def put(self, client: str, s3: "S3Client", key: str, body: bytes) -> Operation:
        return self._put(Operation(client, Kind.PUT, *_names(key), 0), s3, body)

    def create(self, client: str, s3: "S3Client", key: str, body: bytes) -> Operation:
        """If-None-Match: *"""
        return self._put(Operation(client, Kind.CREATE, *_names(key), 0), s3, body, IfNoneMatch="*")

    def replace(
        self, client: str, s3: "S3Client", key: str, body: bytes, expected: str
    ) -> Operation:
        """If-Match. Args: expected: ETag without quotes."""
        operation = Operation(client, Kind.REPLACE, *_names(key), 0, expected=expected)
        return self._put(operation, s3, body, IfMatch=f'"{expected}"')

    def _put(
        self, operation: Operation, s3: "S3Client", body: bytes, **conditions: str
    ) -> Operation:
        operation.value = etag_of(body)

        def call(key: str) -> None:
            answer = s3.put_object(Bucket=BUCKET, Key=key, Body=body, **conditions)  # type: ignore[arg-type]
            assert answer["ETag"].strip('"') == operation.value

        return self._do(operation, call)

    def delete(self, client: str, s3: "S3Client", key: str) -> Operation:
        return self._do(
            Operation(client, Kind.DELETE, *_names(key), 0),
            lambda key: s3.delete_object(Bucket=BUCKET, Key=key),
        )

    def get(self, client: str, s3: "S3Client", key: str) -> Operation:
        """Found nothing: an OK without a value."""
        operation = Operation(client, Kind.GET, *_names(key), 0)

        def call(key: str) -> None:
            try:
                answer = s3.get_object(Bucket=BUCKET, Key=key)
            except s3.exceptions.NoSuchKey:
                return
            body = answer["Body"].read()
            operation.value = answer["ETag"].strip('"')
            assert etag_of(body) == operation.value, (str(operation), len(body))

        return self._do(operation, call)

    def list(self, client: str, s3: "S3Client", scope: str) -> Operation:
        operation = Operation(client, Kind.LIST, scope, "", 0)

        def call(_: str) -> None:
            answer = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{scope}/")
            assert not answer["IsTruncated"]
            operation.listed = {
                entry["Key"].partition("/")[2]: entry["ETag"].strip('"')
                for entry in answer.get("Contents", [])
            }

        return self._do(operation, call)

    def _do(self, operation: Operation, call: Callable[[str], Any]) -> Operation:
        operation.start = now_ms()
        outcome = Outcome.OK
        try:
            call(f"{operation.bucket}/{operation.key}")
        except EndpointConnectionError:
            return operation  # nothing was sent: nothing happened
        except ClientError as error:
            status: Any = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status != _SAYS_NOTHING and status < 500:
                outcome = _REFUSED[status]
            else:
                outcome = Outcome.UNKNOWN
        except BotoCoreError:
            outcome = Outcome.UNKNOWN
        if outcome is not Outcome.UNKNOWN:
            operation.end, operation.outcome = now_ms(), outcome
        self.history.begin(operation)
        return operation

    def check(self) -> str:
        """Raises Violation: no order of the calls explains it. What was checked, for people."""
        started = time.monotonic()
        checked = check(self.history, steps_max=_STEPS_MAX)
        assert checked.undecided == 0, checked
        return (
            f"{len(self.history.operations)} calls {self.history.counts()}, {checked.registers} "
            f"keys, {checked.buckets} scopes, checked in {time.monotonic() - started:.1f} s"
        )


def _names(key: str) -> tuple[str, str]:
    scope, _, name = key.partition("/")
    return scope, name
