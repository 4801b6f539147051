"""Bytes to records and back, wherever the pieces are cut."""

import bz2
import csv
import gzip
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.gateway.select.selecting import AS_JSON, DOCUMENT, LINES, WITH_HEADER, code, select
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.records.inflating import inflater
from trioxygen.gateway.select.records.window import ScanWindow
from trioxygen.gateway.select.settings import Compression, CsvInput, CsvOutput, HeaderInfo

MIB = 1 << 20
ALL = "SELECT * FROM S3Object"
ACROSS = CsvInput(has_quoted_record_delimiters=True)
FIELDS = st.text(st.sampled_from("ab,\"'\\é "), max_size=5)


@given(st.lists(st.lists(FIELDS, min_size=2, max_size=4), max_size=5), st.integers(1, 40))
def test_csv_is_what_other_programs_write(rows: list[list[str]], piece_bytes: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    answered = select(ALL, text.getvalue().encode(), piece_bytes=piece_bytes)
    assert list(csv.reader(io.StringIO(answered, newline=""))) == rows


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 5, 1_000])
def test_delimiters_of_several_characters(piece_bytes: int) -> None:
    source = CsvInput(record_delimiter="|\r\n", field_delimiter="::", quote="'", comments="")
    data = b"a::'b::c'|\r\n#d::e|\r\n"
    assert select(ALL, data, source, piece_bytes=piece_bytes) == "a,b::c\n#d,e\n"


def test_lines_that_are_no_records_and_returns_at_their_ends() -> None:
    data = b'\xef\xbb\xbfa,b\r\n\r\n# a comment\r\n\n1,"2"\r\n3,4'
    assert select(ALL, data) == "a,b\n1,2\n3,4\n"
    assert select(ALL, data, CsvInput(header=HeaderInfo.IGNORE)) == "1,2\n3,4\n"
    assert select("SELECT b FROM S3Object", data, WITH_HEADER) == "2\n4\n"


@pytest.mark.parametrize("piece_bytes", [1, 4, 1_000])
def test_record_delimiters_between_quotes(piece_bytes: int) -> None:
    data = b'"a\r\nb ""c""",1\n2,"\n"\n'
    assert select("SELECT _1 FROM S3Object LIMIT 1", data, ACROSS, piece_bytes=piece_bytes) == (
        '"a\r\nb ""c"""\n'
    )
    assert select("SELECT COUNT(*) FROM S3Object", data, ACROSS, piece_bytes=piece_bytes) == "2\n"
    assert code(ALL, data) == "CSVUnescapedQuote"


@pytest.mark.parametrize("data", [b'"a"b,c\n', b'"a\n', b'1,"'])
def test_quotes_that_are_no_csv(data: bytes) -> None:
    assert code(ALL, data) == code(ALL, data, ACROSS) == "CSVUnescapedQuote"


def test_an_escape_of_its_own_is_for_quotes_and_itself() -> None:
    source = CsvInput(quote_escape="\\")
    assert select("SELECT _1 FROM S3Object", b'"a\\"b\\\\",c\n', source) == '"a""b\\"\n'
    output = CsvOutput(quote_escape="\\", always_quotes=True)
    assert select(ALL, b'a"b,c\\\n', output=output) == '"a\\"b","c\\\\"\n'


def test_records_that_are_too_long_or_no_text() -> None:
    assert code(ALL, b"x" * (MIB + 10)) == "OverMaxRecordSize"
    assert code(ALL, b'"' + b"x\n" * MIB, ACROSS) == "OverMaxRecordSize"
    assert code(ALL, b"x" * (MIB + 10), LINES) == "OverMaxRecordSize"
    assert code(ALL, b'["' + b"x" * 5 * MIB, DOCUMENT) == "OverMaxRecordSize"
    assert code(ALL, b"\xff\n") == "InvalidTextEncoding"
    wide = "SELECT " + ", ".join(["_1"] * 20) + " FROM S3Object"
    assert code(wide, b"x" * 100_000) == "OverMaxRecordSize"
    doubled = "_1" + " || _1" * 20
    assert code(f"SELECT {doubled} FROM S3Object", b"x" * 100_000) == "OverMaxRecordSize"


@pytest.mark.parametrize("source", [LINES, DOCUMENT])
@pytest.mark.parametrize("piece_bytes", [1, 7, 1_000])
def test_json_comes_back_as_it_was(source: object, piece_bytes: int) -> None:
    values = [
        {"a": [1, 2.50, None, True, {"b": '\\"]}{['}], "é": {}},
        {"n": 12345678901234567890, "f": 1e-7},
        {},
    ]
    data = "\n".join(json.dumps(each) for each in values).encode()
    assert isinstance(source, type(LINES))
    answered = select(ALL, data, source, AS_JSON, piece_bytes=piece_bytes)
    assert [json.loads(line) for line in answered.splitlines()] == values


def test_documents_need_nothing_between_them() -> None:
    data = b'{"a":1}{"a":2}\n\n {"a":\n3} '
    assert select("SELECT s.a FROM S3Object s", data, DOCUMENT) == "1\n2\n3\n"


@pytest.mark.parametrize(
    "data", [b"{", b'{"a":1}}', b"{a:1}", b"[" * 100_000, b"NaN", b"1" * 5_000]
)
def test_what_is_no_json(data: bytes) -> None:
    for source in (LINES, DOCUMENT):
        assert code(ALL, data, source) == "JSONParsingError"
    assert code(ALL, b"1e99999", LINES) == "NumberFormatError"


@pytest.mark.parametrize(
    ("expression", "answered"),
    [
        ("SELECT id FROM S3Object[*].Rules[*].id", '{"id":"1"}\n{}\n{"id":"2"}\n{}\n'),
        (
            "SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING",
            '{"id":"1"}\n{"id":"2"}\n',
        ),
        ("SELECT d.created FROM S3Object[*] d", '{}\n{"created":"June 27"}\n'),
        ("SELECT _1.Rules[2].expr FROM S3Object[*]", '{"expr":"z = DEBUG"}\n{}\n'),
        ("SELECT COUNT(*) FROM S3Object[*].Rules[*] r WHERE r.id = 2", '{"_1":1}\n'),
        ("SELECT CREATED AS c FROM S3Object LIMIT 1", "{}\n"),
    ],
)
def test_paths_as_the_user_guide_has_them(expression: str, answered: str) -> None:
    data = (
        b'{"Rules": [{"id": "1"}, {"expr": "y > x"}, {"id": "2", "expr": "z = DEBUG"}]}\n'
        b'{"created": "June 27", "modified": "July 6"}\n'
    )
    assert select(expression, data, DOCUMENT, AS_JSON) == answered


@given(
    st.lists(st.text("cd", max_size=3), min_size=1, max_size=8),
    st.sampled_from(("\n", "|\n", "ab")),
    st.integers(1, 9),
    st.integers(1, 5),
)
def test_windows_part_the_records(
    lines: list[str], delimiter: str, step: int, piece_bytes: int
) -> None:
    data = delimiter.join(lines).encode()
    source = CsvInput(record_delimiter=delimiter, comments="", quote="")
    windows = [
        ScanWindow(delimiter.encode(), first, min(first + step, len(data)))
        for first in range(0, len(data), step)
    ]
    whole = select(ALL, data, source)
    parts = [
        select(ALL, data, source, piece_bytes=piece_bytes, window=window) for window in windows
    ]
    assert "".join(parts) == whole


@pytest.mark.parametrize(
    ("compression", "compress"),
    [(Compression.GZIP, gzip.compress), (Compression.BZIP2, bz2.compress)],
)
def test_a_bomb_is_expanded_piece_by_piece(
    compression: Compression, compress: Callable[[bytes], bytes]
) -> None:
    bomb = compress(bytes(20 * MIB))
    stream = inflater(compression)
    sizes = [len(piece) for piece in stream.pieces(bomb)]
    stream.finish()
    assert sum(sizes) == 20 * MIB
    assert max(sizes) <= 64 * 1_024


def test_padding_and_ends_of_compressed_streams() -> None:
    whole = gzip.compress(b"a\n") + gzip.compress(b"b\n") + bytes(512)
    for at in range(len(whole)):
        stream = inflater(Compression.GZIP)
        pieces = [*stream.pieces(whole[:at]), *stream.pieces(whole[at:])]
        stream.finish()
        assert b"".join(pieces) == b"a\nb\n"
    cut = inflater(Compression.GZIP)
    list(cut.pieces(whole[:15]))
    with pytest.raises(S3Error, match="TruncatedInput"):
        cut.finish()
    inflater(Compression.GZIP).finish()
