"""Expressions and objects of all kinds, most of them wrong."""

from typing import Final

from hypothesis import strategies as st

from tests.unit.gateway.select.selecting import AS_JSON, DOCUMENT, LINES, WITH_HEADER
from trioxygen.gateway.select.settings import CsvInput, CsvOutput

WORDS: Final = (
    "SELECT FROM S3Object WHERE LIMIT AND OR NOT IN LIKE ESCAPE BETWEEN IS NULL MISSING TRUE CASE"
    " WHEN THEN ELSE END CAST AS INT FLOAT DECIMAL STRING BOOL TIMESTAMP ( ) ( ) , . * + - / % = <>"
    " < || [ ] [*] ; _1 _2 s \"s\" 'x' '%_[a-b]' 'yyyy' '2020-01-02T' `2017T` 0 1 2.5 1e300 1e-300"
    " 9223372036854775807 SUM( COUNT( AVG( MIN( TO_STRING( TO_TIMESTAMP( EXTRACT( YEAR DATE_ADD("
    " DATE_DIFF( MONTH TRIM( LEADING SUBSTRING( COALESCE( NULLIF( LOWER( CHAR_LENGTH( UTCNOW() int("
).split()
LEAVES: Final = st.sampled_from(
    (
        *("_1", "_2", "_3.a[0]", "NULL", "MISSING", "TRUE", "'x'", "'5'", "'1e400'", "'%a'"),
        *("0", "-1", "2.5", "1e300", "-1e-300", "9223372036854775807", "'2020-02-29T01:02:03.4Z'"),
        *("`2020-02-29T`", "UTCNOW()", "'yyyy MMM'", "'\U0001f600'", "''"),
    )
)


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    forms = (
        *("({} + {})", "({} - {})", "({} * {})", "({} / {})", "({} % {})", "({} || {})"),
        *("({} = {})", "({} < {})", "({} AND {})", "(NOT {} OR {})", "({} LIKE {})"),
        *("({} IN ({}, 1))", "({} IS NULL = {})", "NULLIF({}, {})", "COALESCE({}, {})"),
        *("CASE WHEN {} THEN {} END", "CASE {} WHEN {} THEN 1 END", "SUBSTRING({}, {})"),
        *("DATE_ADD(month, {}, {})", "DATE_DIFF(year, {}, {})", "TO_STRING({}, {})"),
        *("TO_TIMESTAMP({}, {})", "TRIM({} FROM {})", "({} BETWEEN {} AND 3)"),
        *("CAST({} AS INT) + {}", "CAST({} AS FLOAT) + {}", "CAST({} AS DECIMAL(5, 2)) + {}"),
        *("CAST({} AS BOOL) = {}", "CAST({} AS STRING) || {}", "CAST({} AS TIMESTAMP) = {}"),
        *("UPPER({}) || {}", "CHAR_LENGTH({}) + {}", "EXTRACT(day FROM {}) + {}"),
        *("(SUM({}) + AVG({}))", "(MIN({}) = MAX({}))", "COUNT({}) + {}"),
    )
    return st.tuples(st.sampled_from(forms), inner, inner).map(
        lambda each: each[0].format(*each[1:])
    )


VALUES: Final = st.recursive(LEAVES, _deeper, max_leaves=8)
QUERIES: Final = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join),
    st.lists(st.sampled_from(WORDS), max_size=12).map(
        lambda words: f"SELECT {' '.join(words)} FROM S3Object s"
    ),
    st.tuples(VALUES, VALUES).map(
        lambda each: f"SELECT {each[0]}, 1 FROM S3Object s WHERE {each[1]} IS NOT NULL"
    ),
    VALUES.map(lambda value: f"SELECT {value} FROM S3Object"),
    st.text(max_size=30),
)
OBJECTS: Final = st.one_of(
    st.lists(st.sampled_from((b"a,b", b"1,2,3", b'"x', b'"', b"\r", b",", b"\xff", b"#"))).map(
        b"\n".join
    ),
    st.lists(
        st.sampled_from(
            (
                *(b'{"a":1,"_2":"5"}', b"[", b"]", b"{", b'"', b"\\", b"1e999", b"-1.5", b"[[1]]"),
                *(
                    b'{"_1":"x","_3":{"a":[2.5,null]}}',
                    b"\n",
                    b" ",
                    b"NaN",
                    b"99999999999999999999",
                ),
                *(b'"\\ud800"', b"true"),
            )
        )
    ).map(b"\n".join),
    st.binary(max_size=40),
)
SOURCES: Final = st.sampled_from(
    (CsvInput(), WITH_HEADER, CsvInput(has_quoted_record_delimiters=True), LINES, DOCUMENT)
)
OUTPUTS: Final = st.sampled_from((CsvOutput(), CsvOutput(always_quotes=True, quote=""), AS_JSON))
