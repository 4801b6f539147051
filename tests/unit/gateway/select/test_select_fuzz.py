"""Whatever is asked of whatever object: an answer, or an error that is the client's."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.gateway.select.odd_queries import OBJECTS, OUTPUTS, QUERIES, SOURCES
from tests.unit.gateway.select.selecting import AS_JSON, LINES, select
from trioxygen.gateway.protocol.dialect import AWS, CEPH, Dialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.settings import Input, Output


@settings(max_examples=1_500, deadline=None)
@given(QUERIES, OBJECTS, SOURCES, OUTPUTS, st.sampled_from((AWS, CEPH)), st.integers(1, 64))
@example("SELECT CAST(s AS INT) FROM S3Object s", b"[1]", LINES, AS_JSON, AWS, 9)
def test_nothing_but_errors_of_the_client(
    query: str, data: bytes, source: Input, output: Output, dialect: Dialect, piece_bytes: int
) -> None:
    try:
        select(query, data, source, output, dialect=dialect, piece_bytes=piece_bytes)
    except S3Error as error:
        assert error.status == 400, error
