"""Which expressions are queries, and what the others are refused with."""

import pytest

from tests.unit.gateway.select.selecting import WITH_HEADER, code, select
from trioxygen.gateway.protocol.dialect import AWS, CEPH
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.parser import parse_query

CSV = b"a,b,B\n1,2,x\n3,4,y\n"


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("", "ParseUnsupportedSelect"),
        ("DELETE FROM S3Object", "ParseUnsupportedSelect"),
        ("SELECT", "ParseExpectedExpression"),
        ("SELECT FROM S3Object", "ParseEmptySelect"),
        ("SELECT a", "ParseSelectMissingFrom"),
        ("SELECT *, a FROM S3Object", "ParseAsteriskIsNotAloneInSelectList"),
        ("SELECT a FROM t", "UnsupportedSqlStructure"),
        ("SELECT a FROM stdin", "UnsupportedSqlStructure"),
        ("SELECT a FROM S3Object, S3Object", "MultipleDataSourcesUnsupported"),
        ("SELECT a FROM S3Object JOIN S3Object", "UnsupportedSqlOperation"),
        ("SELECT a FROM S3Object GROUP BY a", "UnsupportedSqlOperation"),
        ("SELECT a FROM S3Object ORDER BY a", "UnsupportedSqlOperation"),
        ("SELECT DISTINCT a FROM S3Object", "UnsupportedSqlOperation"),
        ("SELECT a FROM S3Object WHERE", "ParseExpectedExpression"),
        ("SELECT a FROM S3Object WHERE SUM(a) = 1", "UnsupportedSqlStructure"),
        ("SELECT a FROM S3Object LIMIT -1", "EvaluatorNegativeLimit"),
        ("SELECT a FROM S3Object LIMIT x", "ParseExpectedNumber"),
        ("SELECT a AS 1 FROM S3Object", "ParseExpectedIdentForAlias"),
        ("SELECT a b c FROM S3Object", "ParseSelectMissingFrom"),
        ("SELECT (a FROM S3Object", "ParseExpectedTokenType"),
        ("SELECT a FROM S3Object WHERE a LIKE 'x' LIKE", "ParseExpectedExpression"),
        ("SELECT a FROM S3Object WHERE a BETWEEN 1", "ParseExpectedKeyword"),
        ("SELECT a FROM S3Object WHERE a IN 1", "ParseExpectedLeftParenValueConstructor"),
        ("SELECT a FROM S3Object WHERE a IS 1", "ParseUnexpectedToken"),
        ("SELECT CASE END FROM S3Object", "ParseUnExpectedKeyword"),
        ("SELECT CAST a AS INT FROM S3Object", "ParseExpectedLeftParenAfterCast"),
        ("SELECT CAST(a) FROM S3Object", "ParseCastArity"),
        ("SELECT CAST(a AS DECIMAL(99)) FROM S3Object", "ParseInvalidTypeParam"),
        ("SELECT a.1 FROM S3Object", "ParseSelectMissingFrom"),
        ("SELECT a. FROM S3Object", "ParseInvalidPathComponent"),
        ("SELECT 'a FROM S3Object", "LexerInvalidLiteral"),
        ("SELECT a ? b FROM S3Object", "LexerInvalidChar"),
        ("SELECT a FROM S3Object; SELECT", "ParseUnExpectedKeyword"),
        ("SELECT c FROM S3Object", "MissingHeaders"),
        ('SELECT "A" FROM S3Object', "MissingHeaders"),
        ("SELECT _0 FROM S3Object", "InvalidColumnIndex"),
        ("SELECT a.b FROM S3Object", "InvalidKeyPath"),
        ("SELECT a FROM S3Object[*].a", "InvalidKeyPath"),
        ("SELECT " + "(" * 40 + "a" + ")" * 40 + " FROM S3Object", "MaxOperatorsExceeded"),
        ("SELECT 1" + "+1" * 5_000 + " FROM S3Object", "MaxOperatorsExceeded"),
        ("SELECT 1" + ",1" * 60_000 + " FROM S3Object", "MaxOperatorsExceeded"),
        ("SELECT '" + "x" * (256 * 1_024) + "' FROM S3Object", "ExpressionTooLong"),
    ],
)
def test_refusals(expression: str, wanted: str) -> None:
    assert code(expression, CSV, WITH_HEADER) == wanted


def test_names_are_met_in_any_case_unless_they_are_quoted() -> None:
    data = b"Name,x y\n1,2\n"
    assert select('SELECT name, s."x y" FROM s3object s', data, WITH_HEADER) == "1,2\n"
    assert code('SELECT "name" FROM S3Object', data, WITH_HEADER) == "MissingHeaders"
    assert select("SELECT B FROM S3Object", CSV, WITH_HEADER) == "x\ny\n"
    assert code("SELECT aB FROM S3Object", b"AB,ab\n", WITH_HEADER) == "AmbiguousFieldName"


def test_comments_case_and_a_last_semicolon() -> None:
    text = "select a -- of all\n from s3object as t wHeRe t.a > 1 ;"
    assert select(text, CSV, WITH_HEADER) == "3\n"


def test_a_long_condition_is_no_deep_one() -> None:
    condition = " OR ".join(f"a = {number}" for number in range(5_000))
    assert select(f"SELECT a FROM S3Object WHERE {condition}", CSV, WITH_HEADER) == "1\n3\n"


def test_ceph_knows_aliases_and_finds_those_that_are_made_of_themselves() -> None:
    expression = "select int(a) as x, x + 1 as y from stdin where y > 2"
    assert select(expression, CSV, WITH_HEADER, dialect=CEPH) == "3,4\n"
    with pytest.raises(S3Error, match="cyclic reference to alias"):
        select("select b1 + 1 as a1, a1 + 1 as b1 from s3object", CSV, dialect=CEPH)
    with pytest.raises(S3Error, match="multiple definition of column"):
        select("select int(a) as b, b from s3object", CSV, WITH_HEADER, dialect=CEPH)
    doubled = ", ".join(f"a{number} + a{number} as a{number + 1}" for number in range(60))
    assert code(f"select 1 as a0, {doubled} from s3object", CSV, dialect=CEPH) == (
        "MaxOperatorsExceeded"
    )


def test_other_values_of_the_dialect_are_not_taken_from_s3s_clients() -> None:
    for expression in ("select int(a) from s3object", "select a from stdin"):
        with pytest.raises(S3Error):
            parse_query(expression, AWS.select)
