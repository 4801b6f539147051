import pytest

from trioxygen.gateway.protocol.trace import trace_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "actual"),
    [
        (f"00-{TRACE}-{PARENT}-01", TRACE),
        # A later version may have more fields.
        (f"cc-{TRACE}-{PARENT}-01-what-comes", TRACE),
        (f"ff-{TRACE}-{PARENT}-01", ""),
        (f"00-{'0' * 32}-{PARENT}-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (f"00-{TRACE.upper()}-{PARENT}-01", ""),
        (f"00-{TRACE}-{PARENT}", ""),
        (f" 00-{TRACE}-{PARENT}-01", ""),
        (f"00-{TRACE}-{PARENT}-01\n", ""),
        ("", ""),
    ],
)
def test_trace_id_is_the_second_field_of_a_whole_traceparent(header: str, actual: str) -> None:
    assert trace_id(header.encode()) == actual


def test_request_without_the_header_has_no_trace() -> None:
    assert trace_id(None) == ""
