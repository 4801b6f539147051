"""Messages of the event stream, as the SDK reads them."""

from typing import Any

from botocore.eventstream import EventStreamBuffer

from trioxygen.gateway.select import event_stream
from trioxygen.gateway.select.event_stream import Counts


def read(data: bytes) -> list[Any]:
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return list(buffer)


def test_events_are_read_by_the_sdk_which_checks_their_sums() -> None:
    counts = Counts(scanned=3, processed=2, returned=1)
    messages = read(
        event_stream.records("é".encode())
        + event_stream.progress(counts)
        + event_stream.CONTINUATION
        + event_stream.stats(counts)
        + event_stream.END
    )
    kinds = [message.headers[":event-type"] for message in messages]
    assert kinds == ["Records", "Progress", "Cont", "Stats", "End"]
    assert {message.headers[":message-type"] for message in messages} == {"event"}
    assert messages[0].payload == "é".encode()
    assert messages[0].headers[":content-type"] == "application/octet-stream"
    assert b"<BytesScanned>3</BytesScanned><BytesProcessed>2</BytesProcessed>" in (
        messages[3].payload
    )
    assert messages[2].payload == messages[4].payload == b""


def test_an_error_has_its_code_and_a_message_that_fits() -> None:
    [message] = read(event_stream.error("CastFailed", "é\ud800" * 10_000))
    assert message.headers[":message-type"] == "error"
    assert message.headers[":error-code"] == "CastFailed"
    assert len(message.headers[":error-message"]) == 1_024
