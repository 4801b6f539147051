"""Queries over objects. That the events are what SDKs read, `s3/test_select.py` shows."""

from typing import Final

from tests.integration.s3.answers.expected import gives, refuses
from trioxygen.gateway.select import event_stream
from trioxygen.gateway.select.event_stream import Counts

_ASKED: Final = "POST /{plain}/k?select&select-type=2"
_EVENTS: Final = (
    event_stream.records(b"body\n")
    + event_stream.stats(Counts(scanned=4, processed=4, returned=5))
    + event_stream.END
)


def _body(expression: str = "SELECT * FROM S3Object", source: str = "<CSV/>") -> str:
    return (
        f"<SelectObjectContentRequest><Expression>{expression}</Expression>"
        "<ExpressionType>SQL</ExpressionType>"
        f"<InputSerialization>{source}</InputSerialization>"
        "<OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>"
    )


ROWS: Final = (
    gives(
        "SelectObjectContent",
        "all of an object",
        _ASKED,
        200,
        {
            "content-type": "application/vnd.amazon.eventstream",
            "x-amz-server-side-encryption": "AES256",
        },
        content=_EVENTS,
        body=_body(),
    ),
    refuses(
        "SelectObjectContent",
        "a key that is not there",
        "POST /{plain}/none?select&select-type=2",
        "404 NoSuchKey",
        "Key=none",
        body=_body(),
    ),
    refuses(
        "SelectObjectContent",
        "of another account",
        _ASKED,
        "403 AccessDenied",
        body=_body(),
        signer="other",
    ),
    refuses("SelectObjectContent", "no document", _ASKED, "400 MalformedXML", body="x"),
    refuses(
        "SelectObjectContent",
        "an expression without a source",
        _ASKED,
        "400 ParseSelectMissingFrom",
        body=_body("SELECT a"),
        message="The SELECT list is not followed by FROM.",
    ),
    refuses(
        "SelectObjectContent",
        "of Parquet",
        _ASKED,
        "501 NotImplemented",
        "additionalMessage='Parquet in SelectObjectContent is not implemented.'",
        body=_body(source="<Parquet/>"),
        message="Parquet in SelectObjectContent is not implemented.",
    ),
)
