"""No query and no object makes an error of the store, before its answer has begun or after."""

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError, EventStreamError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.unit.gateway.select.odd_queries import OBJECTS, QUERIES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import InputSerializationTypeDef, OutputSerializationTypeDef

SOURCES: Final[tuple["InputSerializationTypeDef", ...]] = (
    {"CSV": {}},
    {"CSV": {"FileHeaderInfo": "USE", "AllowQuotedRecordDelimiter": True}},
    {"JSON": {"Type": "LINES"}},
    {"JSON": {"Type": "DOCUMENT"}},
    {"CSV": {}, "CompressionType": "GZIP"},
    {"JSON": {"Type": "DOCUMENT"}, "CompressionType": "BZIP2"},
)
OUTPUTS: Final[tuple["OutputSerializationTypeDef", ...]] = ({"CSV": {}}, {"JSON": {}})
# As deep as expressions may be, on the stack of a request.
DEEP: Final = (
    "SELECT " + "CASE WHEN 1=1 THEN " * 31 + "1" + " END" * 31 + " FROM S3Object",
    "SELECT " + "(" * 200 + "1" + ")" * 200 + " FROM S3Object",
    "SELECT " + "1+" * 126 + "1 FROM S3Object",
)
# What XML cannot carry is not sent.
SENT: Final = QUERIES.filter(lambda query: all(" " <= character < "\ud800" for character in query))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SENT, OBJECTS, st.sampled_from(SOURCES), st.sampled_from(OUTPUTS))
@example(DEEP[0], b"1\n", SOURCES[0], OUTPUTS[0])
@example(DEEP[1], b"1\n", SOURCES[0], OUTPUTS[0])
@example(DEEP[2], b"1\n", SOURCES[0], OUTPUTS[0])
def test_odd_queries(
    s3: "S3Client",
    shared_bucket: str,
    query: str,
    data: bytes,
    source: "InputSerializationTypeDef",
    output: "OutputSerializationTypeDef",
) -> None:
    s3.put_object(Bucket=shared_bucket, Key="odd", Body=data)
    try:
        answer = s3.select_object_content(
            Bucket=shared_bucket,
            Key="odd",
            ExpressionType="SQL",
            Expression=query,
            InputSerialization=source,
            OutputSerialization=output,
        )
        assert [next(iter(event)) for event in answer["Payload"]][-1] == "End"
    except EventStreamError as error:
        assert "InternalError" not in str(error)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
