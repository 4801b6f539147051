"""SelectObjectContent as boto3 asks for it; its parser of the event stream checks the CRCs."""

import bz2
import gzip
import json
import secrets
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import EventStreamError

from tests.integration.endpoint import Endpoint, refused
from tests.integration.s3.wire import Request, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CSV: Final = {"CSV": {"FileHeaderInfo": "USE"}}
PEOPLE: Final = b'name,age\nAda,36\n"Blaise ""P""",39\nCarl,77\n'


def asked(bucket: str, key: str, expression: str, **changed: Any) -> dict[str, Any]:
    return {
        "Bucket": bucket,
        "Key": key,
        "ExpressionType": "SQL",
        "Expression": expression,
        "InputSerialization": CSV,
        "OutputSerialization": {"CSV": {}},
        **changed,
    }


def events(s3: "S3Client", **arguments: Any) -> list[Any]:
    return list(s3.select_object_content(**arguments)["Payload"])


def selected(
    s3: "S3Client", bucket: str, key: str, expression: str, **changed: Any
) -> tuple[bytes, dict[str, Any]]:
    """(the records, the numbers of Stats)"""
    answered = events(s3, **asked(bucket, key, expression, **changed))
    records = b"".join(each["Records"]["Payload"] for each in answered if "Records" in each)
    assert "End" in answered[-1]
    return records, answered[-2]["Stats"]["Details"]


def test_records_and_what_they_took(s3: "S3Client", shared_bucket: str) -> None:
    s3.put_object(Bucket=shared_bucket, Key="people", Body=PEOPLE)
    records, stats = selected(
        s3, shared_bucket, "people", "SELECT s.name FROM S3Object s WHERE CAST(s.age AS INT) < 50"
    )
    assert records == b'Ada\n"Blaise ""P"""\n'
    assert stats == {
        "BytesScanned": len(PEOPLE),
        "BytesProcessed": len(PEOPLE),
        "BytesReturned": len(records),
    }
    records, _ = selected(s3, shared_bucket, "people", "SELECT COUNT(*), AVG(age) FROM S3Object")
    assert records.startswith(b"3,50.66666")


@pytest.mark.parametrize(
    ("compression", "compress"), [("GZIP", gzip.compress), ("BZIP2", bz2.compress)]
)
def test_compressed_objects(
    s3: "S3Client", shared_bucket: str, compression: str, compress: Any
) -> None:
    lines = b"".join(b"%d,%d\n" % (number, number % 7) for number in range(200_000))
    body = compress(lines[:1_000_000]) + compress(lines[1_000_000:])
    s3.put_object(Bucket=shared_bucket, Key=compression, Body=body)
    source = {"CSV": {}, "CompressionType": compression}
    expression = "SELECT COUNT(*) FROM S3Object WHERE _2 = 3"
    records, stats = selected(s3, shared_bucket, compression, expression, InputSerialization=source)
    assert records == b"%d\n" % sum(number % 7 == 3 for number in range(200_000))
    assert (stats["BytesScanned"], stats["BytesProcessed"]) == (len(body), len(lines))
    s3.put_object(Bucket=shared_bucket, Key="cut", Body=body[:-20])
    arguments = asked(shared_bucket, "cut", expression, InputSerialization=source)
    assert refused(s3.select_object_content, **arguments) == (400, "TruncatedInput")
    s3.put_object(Bucket=shared_bucket, Key="plain", Body=lines[:100])
    arguments = asked(shared_bucket, "plain", expression, InputSerialization=source)
    assert refused(s3.select_object_content, **arguments) == (400, "InvalidCompressionFormat")


@pytest.mark.parametrize("kind", ["LINES", "DOCUMENT"])
def test_json(s3: "S3Client", shared_bucket: str, kind: str) -> None:
    rows = [{"a": number, "b": {"c": [number, "é"]}} for number in range(3_000)]
    body = "\n".join(json.dumps(row) for row in rows)
    s3.put_object(Bucket=shared_bucket, Key=kind, Body=body.encode())
    records, _ = selected(
        s3,
        shared_bucket,
        kind,
        "SELECT s.a, s.b.c[1] AS d FROM S3Object s WHERE s.a >= 2998",
        InputSerialization={"JSON": {"Type": kind}},
        OutputSerialization={"JSON": {"RecordDelimiter": ";"}},
    )
    assert records.decode() == '{"a":2998,"d":"é"};{"a":2999,"d":"é"};'


def test_scan_ranges_part_the_object(s3: "S3Client", shared_bucket: str) -> None:
    lines = [b"%d" % (number * 37) for number in range(10_000)]
    body = b"number\n" + b"\n".join(lines) + b"\n"
    s3.put_object(Bucket=shared_bucket, Key="scanned", Body=body)
    parts: list[bytes] = []
    step = len(body) // 5 + 1
    for start in range(0, len(body), step):
        records, stats = selected(
            s3,
            shared_bucket,
            "scanned",
            "SELECT number FROM S3Object",
            ScanRange={"Start": start, "End": start + step - 1},
        )
        parts.append(records)
    assert b"".join(parts).split() == lines
    records, _ = selected(
        s3, shared_bucket, "scanned", "SELECT number FROM S3Object", ScanRange={"End": 7}
    )
    assert records.split() == lines[-1:]


def test_progress_when_it_is_asked_for(s3: "S3Client", shared_bucket: str) -> None:
    s3.put_object(Bucket=shared_bucket, Key="people", Body=PEOPLE)
    arguments = asked(shared_bucket, "people", "SELECT * FROM S3Object")
    kinds = [
        next(iter(each)) for each in events(s3, **arguments, RequestProgress={"Enabled": True})
    ]
    assert kinds == ["Records", "Progress", "Stats", "End"]
    assert [next(iter(each)) for each in events(s3, **arguments)] == ["Records", "Stats", "End"]


def test_error_after_records_is_the_last_event(s3: "S3Client", shared_bucket: str) -> None:
    body = b"1\n" * 500_000 + b"x\n"
    s3.put_object(Bucket=shared_bucket, Key="late", Body=body)
    arguments = asked(
        shared_bucket,
        "late",
        "SELECT CAST(_1 AS INT) FROM S3Object",
        InputSerialization={"CSV": {}},
    )
    taken = b""
    with pytest.raises(EventStreamError, match="CastFailed"):
        for event in s3.select_object_content(**arguments)["Payload"]:
            taken += event["Records"]["Payload"]
    assert taken.startswith(b"1\n1\n")


def test_an_object_under_a_customers_key(s3: "S3Client", shared_bucket: str) -> None:
    key: dict[str, Any] = {
        "SSECustomerAlgorithm": "AES256",
        "SSECustomerKey": secrets.token_bytes(32),
    }
    s3.put_object(Bucket=shared_bucket, Key="sealed", Body=PEOPLE, **key)
    records, _ = selected(s3, shared_bucket, "sealed", "SELECT age FROM S3Object LIMIT 1", **key)
    assert records == b"36\n"
    arguments = asked(shared_bucket, "sealed", "SELECT * FROM S3Object")
    assert refused(s3.select_object_content, **arguments) == (400, "InvalidRequest")
    key["SSECustomerKey"] = secrets.token_bytes(32)
    assert refused(s3.select_object_content, **arguments, **key) == (403, "AccessDenied")


def test_who_may_not_read_may_not_ask(endpoint: Endpoint, s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=PEOPLE)
    arguments = asked(bucket, "k", "SELECT * FROM S3Object")
    with endpoint.client(endpoint.other) as other:
        assert refused(other.select_object_content, **arguments) == (403, "AccessDenied")
    assert refused(s3.select_object_content, **{**arguments, "Key": "none"}) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"ExpressionType": "XPATH"}, "InvalidExpressionType"),
        ({"Expression": "SELECT"}, "ParseExpectedExpression"),
        ({"Expression": "SELECT x FROM S3Object"}, "MissingHeaders"),
        ({"InputSerialization": {}}, "MissingRequiredParameter"),
        ({"OutputSerialization": {}}, "MissingRequiredParameter"),
        ({"InputSerialization": {"Parquet": {}}}, "NotImplemented"),
        (
            {"InputSerialization": {"CSV": {}, "JSON": {"Type": "LINES"}}},
            "ObjectSerializationConflict",
        ),
        ({"InputSerialization": {"JSON": {"Type": "ROWS"}}}, "InvalidJsonType"),
        ({"InputSerialization": {"JSON": {"Type": "LINES"}}}, "JSONParsingError"),
        (
            {"InputSerialization": {"CSV": {}, "CompressionType": "ZSTD"}},
            "InvalidCompressionFormat",
        ),
        ({"InputSerialization": {"CSV": {"FileHeaderInfo": "X"}}}, "InvalidFileHeaderInfo"),
        ({"InputSerialization": {"CSV": {"FieldDelimiter": "\n"}}}, "InvalidRequestParameter"),
        ({"OutputSerialization": {"CSV": {"QuoteFields": "NEVER"}}}, "InvalidQuoteFields"),
        ({"ScanRange": {"Start": 5, "End": 4}}, "InvalidScanRange"),
        (
            {
                "ScanRange": {"Start": 5},
                "InputSerialization": {"CSV": {}, "CompressionType": "GZIP"},
            },
            "UnsupportedScanRangeInput",
        ),
    ],
)
def test_what_is_wrong_is_said_by_its_code(
    s3: "S3Client", shared_bucket: str, changed: dict[str, Any], wanted: str
) -> None:
    s3.put_object(Bucket=shared_bucket, Key="people", Body=PEOPLE)
    arguments = {**asked(shared_bucket, "people", "SELECT * FROM S3Object"), **changed}
    status = 501 if wanted == "NotImplemented" else 400
    assert refused(s3.select_object_content, **arguments) == (status, wanted)


def test_what_no_sdk_sends(endpoint: Endpoint, s3: "S3Client", shared_bucket: str) -> None:
    s3.put_object(Bucket=shared_bucket, Key="people", Body=PEOPLE)
    path = f"/{shared_bucket}/people"
    answer = send(endpoint, Request("POST", path, "select=&select-type=2", b"x"))
    assert (answer.status, answer.code) == (400, "MalformedXML")
    answer = send(endpoint, Request("POST", path, "select=", b"x"))
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    ranged = Request("POST", path, "select=&select-type=2", b"x", {"Range": "bytes=0-1"})
    assert send(endpoint, ranged).code == "UnsupportedRangeHeader"


def test_empty_objects(s3: "S3Client", shared_bucket: str) -> None:
    s3.put_object(Bucket=shared_bucket, Key="empty", Body=b"")
    assert selected(s3, shared_bucket, "empty", "SELECT * FROM S3Object")[0] == b""
    records, stats = selected(s3, shared_bucket, "empty", "SELECT COUNT(*) FROM S3Object")
    assert (records, stats["BytesScanned"]) == (b"0\n", 0)
