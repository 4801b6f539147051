"""Each refusal that dialects say differently, made by what refuses: S3's answer, and Ceph's."""

import asyncio
from collections.abc import Callable

import pytest

from tests.unit.gateway.s3.one_bucket import OWNER, OneBucket, request_to
from tests.unit.gateway.s3.test_gate import Unchanged
from trioxygen.common.blocking import ThreadBlocking
from trioxygen.common.checksum import Algorithm
from trioxygen.common.clock import SystemClock
from trioxygen.common.errors import BucketAlreadyOwned, WrongCustomerKey
from trioxygen.gateway.access.asked import Asked
from trioxygen.gateway.access.caller import ANONYMOUS
from trioxygen.gateway.access.decide import decide
from trioxygen.gateway.access.decision import Decision, Reason
from trioxygen.gateway.access.documents import OWN_ACCOUNT, UNSET
from trioxygen.gateway.access.permissions import NO_PERMISSIONS
from trioxygen.gateway.access.question import Question
from trioxygen.gateway.auth.presigned import read_presigned_claim
from trioxygen.gateway.iam.context import Keys
from trioxygen.gateway.protocol.checksums import parse_digest
from trioxygen.gateway.protocol.dialect import AWS, CEPH, Case
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.locks import read_lock_configuration
from trioxygen.gateway.protocol.ranges import parse_copy_range
from trioxygen.gateway.protocol.selection import Stored, select
from trioxygen.gateway.protocol.xml.tags import check_object_tags
from trioxygen.gateway.s3.asking import Asking
from trioxygen.gateway.s3.error_response import said_in
from trioxygen.gateway.s3.gate import Gate
from trioxygen.gateway.s3.needs import not_there
from trioxygen.gateway.s3.service_errors import s3_error_of
from trioxygen.gateway.s3.services import S3Config, Services
from trioxygen.gateway.s3.table import BY_NAME
from trioxygen.gateway.select.sql.columns import CsvColumns
from trioxygen.gateway.select.sql.nodes import Name

_XMLNS = "http://s3.amazonaws.com/doc/2006-03-01/"


def refusal_of(refuse: Callable[[], object]) -> S3Error:
    with pytest.raises(S3Error) as caught:
        refuse()
    return caught.value


def lock_of_no_days() -> bytes:
    rule = "<Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>0</Days></DefaultRetention></Rule>"
    return (
        f'<ObjectLockConfiguration xmlns="{_XMLNS}">'
        f"<ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}</ObjectLockConfiguration>"
    ).encode()


def presigned(expires: int) -> RequestHead:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a/20260101/us-east-1/s3/aws4_request"
        "&X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=0"
        f"&X-Amz-Expires={expires}"
    )
    return RequestHead("GET", b"/b/k", query.encode(), [(b"host", b"h")])


def read_presigned(expires: int) -> object:
    return read_presigned_claim(
        presigned(expires), now_s=1_767_225_600, regions=None, skew_seconds_max=900
    )


def beyond_last_part() -> object:
    stored = Stored(etag="e", last_modified_ms=0, size_bytes=3, part_sizes=())
    return select(RequestHead("GET", b"/b/k", b"", []), stored, part_number="2", now_s=0)


def torrent_of_an_object() -> None:
    blocking = ThreadBlocking(pool_threads=1)
    store = OneBucket({"bucket": OWNER.account_id})
    services = Services(store.port, blocking, SystemClock(), S3Config(volume="v"))
    gate = Gate(services, Unchanged())
    try:
        asyncio.run(gate.run(BY_NAME["GetObjectTorrent"], request_to("bucket", "k", OWNER)))
    finally:
        blocking.close()


def expected_owner_is_no_number() -> S3Error:
    blocking = ThreadBlocking()
    try:
        services = Services(OneBucket({}).port, blocking, SystemClock(), S3Config(volume="v"))
        denied = Decision(False, Reason.EXPECTED_OWNER_MALFORMED)
        question = Question("s3:ListBucket", "arn:aws:s3:::b", ANONYMOUS, Keys())
        return Asking(services, decide).refusal(
            Asked(question, NO_PERMISSIONS, UNSET, OWN_ACCOUNT, denied)
        )
    finally:
        blocking.close()


REFUSALS: dict[Case, tuple[Callable[[], S3Error | None], tuple[str, int], tuple[str, int]]] = {
    Case.BUCKET_IS_OWN: (
        lambda: s3_error_of(BucketAlreadyOwned(bucket="films")),
        ("BucketAlreadyOwnedByYou", 409),
        ("BucketAlreadyExists", 409),
    ),
    Case.CHECKSUM_IS_ILL_FORMED: (
        lambda: refusal_of(lambda: parse_digest(Algorithm.SHA256, "bad")),
        ("InvalidRequest", 400),
        ("BadDigest", 400),
    ),
    Case.COPY_RANGE_BEYOND_SOURCE: (
        lambda: refusal_of(lambda: parse_copy_range("bytes=0-21", 5)),
        ("InvalidArgument", 400),
        ("InvalidRange", 416),
    ),
    Case.CUSTOMER_KEY_IS_ANOTHER: (
        lambda: s3_error_of(WrongCustomerKey()),
        ("AccessDenied", 403),
        ("InvalidRequest", 400),
    ),
    Case.DEFAULT_RETENTION_IS_NOTHING: (
        lambda: refusal_of(lambda: read_lock_configuration(lock_of_no_days())),
        ("InvalidArgument", 400),
        ("InvalidRetentionPeriod", 400),
    ),
    Case.EXPECTED_OWNER_IS_NO_ID: (
        expected_owner_is_no_number,
        ("InvalidBucketOwnerAWSAccountID", 400),
        ("AccessDenied", 403),
    ),
    Case.EXPIRY_OUT_OF_RANGE: (
        lambda: refusal_of(lambda: read_presigned(604_801)),
        ("AuthorizationQueryParametersError", 400),
        ("AccessDenied", 403),
    ),
    Case.KEY_NEVER_WAS: (lambda: not_there("k", None), ("NoSuchKey", 404), ("NoSuchKey", 404)),
    Case.PART_NUMBER_BEYOND_LAST: (
        lambda: refusal_of(beyond_last_part),
        ("InvalidPartNumber", 416),
        ("InvalidPart", 400),
    ),
    Case.SELECT_COLUMN_IS_UNKNOWN: (
        lambda: refusal_of(lambda: CsvColumns(("a",), None).getter((Name("b"),))),
        ("MissingHeaders", 400),
        ("ProcessingTimeError", 400),
    ),
    Case.TORRENT_IS_NOT_MADE: (
        lambda: refusal_of(torrent_of_an_object),
        ("NotImplemented", 501),
        ("NoSuchKey", 404),
    ),
    Case.TOO_MANY_OBJECT_TAGS: (
        lambda: refusal_of(lambda: check_object_tags([(str(n), "") for n in range(11)])),
        ("BadRequest", 400),
        ("InvalidTag", 400),
    ),
}


@pytest.mark.parametrize("case", Case)
def test_refusal_is_said_as_s3_or_as_ceph(case: Case) -> None:
    make, as_s3, as_ceph = REFUSALS[case]
    error = make()
    assert error is not None and error.case is case
    assert said_in(AWS, error) is error
    assert (error.code, error.status) == as_s3
    said = said_in(CEPH, error)
    assert (said.code, said.status) == as_ceph
    assert said.message == error.message


def test_negative_expiry_is_out_of_range_too() -> None:
    assert refusal_of(lambda: read_presigned(-1)).case is Case.EXPIRY_OUT_OF_RANGE


def test_header_says_that_a_missing_key_has_no_marker() -> None:
    error = not_there("k", None)
    assert "x-amz-delete-marker" not in said_in(AWS, error).headers
    assert said_in(CEPH, error).headers == {"x-amz-delete-marker": "false"}
    assert not said_in(CEPH, not_there("k", "null")).headers


def test_what_is_of_no_case_is_said_alike() -> None:
    error = S3Error("NoSuchBucket", details={"BucketName": "films"})
    assert said_in(CEPH, error) is error


def test_details_that_the_other_code_has_not_are_left_out() -> None:
    error = refusal_of(lambda: parse_copy_range("bytes=0-21", 5))
    assert error.details.keys() == {"ArgumentName", "ArgumentValue"}
    assert not said_in(CEPH, error).details
