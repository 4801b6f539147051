"""What expressions are worth. Examples are those of the S3 user guide where it has some."""

import pytest

from tests.unit.gateway.select.selecting import code, value
from trioxygen.gateway.protocol.dialect import CEPH
from trioxygen.gateway.protocol.errors import S3Error


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("7.0 / 2", "3.5"),
        ("0.1 + 0.2", "0.3"),
        ("1e2 + 0.5", "100.5"),
        ("-(-9223372036854775807)", "9223372036854775807"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("'a' || 'b' || 1", "ab1"),
        ("_1 + 1", "2"),
        ("NULL + 1", ""),
        ("CAST('1.50' AS DECIMAL(3, 1))", "1.5"),
        ("CAST('12' AS INT) + 1", "13"),
        ("CAST(1.9 AS INT)", "1"),
        ("CAST('1e3' AS FLOAT)", "1000.0"),
        ("CAST(0 AS BOOL)", "false"),
        ("CAST('TRUE' AS BOOLEAN)", "true"),
        ("CAST(NULL AS INT)", ""),
        ("CAST(12 AS STRING) || '!'", "12!"),
        ("CAST('2020-01-02T03:04:05Z' AS TIMESTAMP)", "2020-01-02T03:04:05Z"),
        ("CASE WHEN 1 = 2 THEN 'a' WHEN _1 = 1 THEN 'b' END", "b"),
        ("CASE _1 WHEN 2 THEN 'a' ELSE 'b' END", "b"),
        ("COALESCE(NULL, MISSING, 3)", "3"),
        ("COALESCE(NULL)", ""),
        ("NULLIF(1, 1)", ""),
        ("NULLIF(1, 2)", "1"),
    ],
)
def test_arithmetic_conversions_and_conditionals(expression: str, shown: str) -> None:
    assert value(expression) == shown


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("1 = 1.0", "true"),
        ("'a' <> 'b'", "true"),
        ("'a' != 'a'", "false"),
        ("_1 < 10", "true"),
        ("'x' = 1", "false"),
        ("'x' < 1", ""),
        ("NULL = NULL", ""),
        ("NULL AND FALSE", "false"),
        ("NULL OR TRUE", "true"),
        ("NULL AND TRUE", ""),
        ("NOT NULL", ""),
        ("NOT NOT TRUE", "true"),
        ("NULL IS NULL", "true"),
        ("MISSING IS NULL", "true"),
        ("NULL IS MISSING", "false"),
        ("_2 IS MISSING", "true"),
        ("_1 IS NOT MISSING", "true"),
        ("5 BETWEEN 1 AND 5", "true"),
        ("5 NOT BETWEEN 1 AND 5", "false"),
        ("2 BETWEEN 3 AND NULL", "false"),
        ("2 IN (1, 2, 3)", "true"),
        ("2 NOT IN (1, 3)", "true"),
        ("2 IN (1, NULL)", ""),
        ("1 = 1 = true", "true"),
        ("`2017-01-01T` < '2017-02-01T'", "true"),
    ],
)
def test_conditions_have_three_values(condition: str, shown: str) -> None:
    assert value(condition) == shown


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("CHAR_LENGTH('héllo')", "5"),
        ("CHARACTER_LENGTH('')", "0"),
        ("LOWER('aBcD') || UPPER('x')", "abcdX"),
        ("SUBSTRING('123456789', 0)", "123456789"),
        ("SUBSTRING('123456789', 1)", "123456789"),
        ("SUBSTRING('123456789', 2)", "23456789"),
        ("SUBSTRING('123456789', -4)", "123456789"),
        ("SUBSTRING('123456789', 0, 999)", "123456789"),
        ("SUBSTRING('123456789', 1, 5)", "12345"),
        ("SUBSTRING('123456789' FROM 2 FOR 3)", "234"),
        ("'[' || TRIM('       foobar         ') || ']'", "[foobar]"),
        ("'[' || TRIM(LEADING FROM '  foobar  ') || ']'", "[foobar  ]"),
        ("'[' || TRIM(TRAILING FROM '  foobar  ') || ']'", "[  foobar]"),
        ("TRIM(BOTH '12' FROM '1112211foobar22211122')", "foobar"),
        ("LOWER(NULL)", ""),
    ],
)
def test_functions_of_texts(expression: str, shown: str) -> None:
    assert value(expression) == shown


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("DATE_ADD(year, 5, `2010-01-01T`)", "2015-01-01T00:00:00Z"),
        ("DATE_ADD(month, 13, `2010T`)", "2011-02-01T00:00:00Z"),
        ("DATE_ADD(month, 1, `2010-01-31T`)", "2010-02-28T00:00:00Z"),
        ("DATE_ADD(day, -1, `2017-01-10T`)", "2017-01-09T00:00:00Z"),
        ("DATE_ADD(minute, 1, `2017-01-02T03:04:05.006Z`)", "2017-01-02T03:05:05.006000Z"),
        ("DATE_DIFF(year, `2010-01-01T`, `2011-01-01T`)", "1"),
        ("DATE_DIFF(month, `2010T`, `2011T`)", "12"),
        ("DATE_DIFF(month, `2011T`, `2010T`)", "-12"),
        ("DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)", "0"),
        ("EXTRACT(YEAR FROM `2010-01-01T`)", "2010"),
        ("EXTRACT(HOUR FROM `2017-01-02T03:04:05+07:08`)", "3"),
        ("EXTRACT(TIMEZONE_HOUR FROM `2017-01-02T03:04:05+07:08`)", "7"),
        ("EXTRACT(TIMEZONE_MINUTE FROM `2017-01-02T03:04:05+07:08`)", "8"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y')", "July 20, 1969"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMM d, yyyy')", "Jul 20, 1969"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'M-d-yy')", "7-20-69"),
        ("TO_STRING(`1969-07-20T20:18Z`, 'MMMM d, y h:m a')", "July 20, 1969 8:18 PM"),
        ("TO_STRING(`1969-07-20T20:18:00+08:00`, 'y-MM-dd''T''H:m:ssX')", "1969-07-20T20:18:00+08"),
        ("TO_STRING(`1969-07-20T20:18:00Z`, 'HH:mm:ss.SSS XXX')", "20:18:00.000 Z"),
        ("TO_TIMESTAMP('2007T')", "2007-01-01T00:00:00Z"),
        ("TO_TIMESTAMP('20200102T030405Z')", "2020-01-02T03:04:05Z"),
        ("TO_TIMESTAMP('3/4/2020 5:06 PM', 'M/d/y h:mm a')", "2020-03-04T17:06:00Z"),
        ("UTCNOW()", "2026-12-01T10:20:30Z"),
    ],
)
def test_functions_of_dates(expression: str, shown: str) -> None:
    assert value(expression) == f'"{shown}"' if "," in shown else value(expression) == shown


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("1 / 0", "ExternalEvalException"),
        ("1.0 % 0", "ExternalEvalException"),
        ("9223372036854775807 + 1", "IntegerOverflow"),
        ("9223372036854775808", "IntegerOverflow"),
        ("1e999999", "NumberFormatError"),
        ("CAST('x' AS INT)", "CastFailed"),
        ("CAST('1_0' AS INT)", "CastFailed"),
        ("CAST('99999' AS DECIMAL(3, 1))", "CastFailed"),
        ("CAST('nan' AS FLOAT)", "CastFailed"),
        ("CAST(1 AS TEXT)", "InvalidDataType"),
        ("'a' + 1", "IncorrectSqlFunctionArgumentType"),
        ("LOWER(1)", "IncorrectSqlFunctionArgumentType"),
        ("1 AND TRUE", "IncorrectSqlFunctionArgumentType"),
        ("TO_TIMESTAMP('x')", "ValueParseFailure"),
        ("TO_TIMESTAMP('2020-13-01T')", "ValueParseFailure"),
        ("TO_STRING(UTCNOW(), 'QQ')", "EvaluatorInvalidTimestampFormatPatternSymbol"),
        ("DATE_ADD(year, 9999, UTCNOW())", "IllegalSqlFunctionArgument"),
        ("DATE_ADD(day, 9223372036854775807, UTCNOW())", "IllegalSqlFunctionArgument"),
        ("SUBSTRING('a', 1, -1)", "IllegalSqlFunctionArgument"),
        ("CHAR_LENGTH()", "EvaluatorInvalidArguments"),
        ("DATE_ADD(eon, 1, UTCNOW())", "ParseExpectedDatePart"),
        ("SUM(*)", "ParseUnsupportedCallWithStar"),
        ("SUM(1, 2)", "ParseNonUnaryAgregateFunctionCall"),
        ("SUM(MAX(_1))", "UnsupportedSqlStructure"),
        ("SUM(_1), _1", "UnsupportedSqlStructure"),
        ("SQRT(4)", "UnsupportedFunction"),
        ("int(_1)", "UnsupportedFunction"),
        ("'a' LIKE 1", "LikeInvalidInputs"),
        ("'a' LIKE 'b' ESCAPE 'cc'", "LikeInvalidInputs"),
        ("'a' LIKE 'b!' ESCAPE '!'", "EvaluatorLikePatternInvalidEscapeSequence"),
        ("`{a: 1}`", "LexerInvalidIONLiteral"),
    ],
)
def test_what_an_expression_may_not_be(expression: str, wanted: str) -> None:
    assert code(f"SELECT {expression} FROM S3Object") == wanted


def test_ceph_takes_texts_in_double_quotes_casts_by_name_and_binary_fractions() -> None:
    assert value('lower("AB12cd$$")', dialect=CEPH) == "ab12cd$$"
    assert value("int(_1) + 1", dialect=CEPH) == "2"
    assert value("0.1 + 0.2", dialect=CEPH) == "0.30000000000000004"


@pytest.mark.parametrize(
    "expression", ["CAST(_1 AS INT)", "_1 + 1", "TO_TIMESTAMP(_1)", "DATE_ADD(day, 1, _1)"]
)
def test_messages_show_nothing_of_the_object(expression: str) -> None:
    with pytest.raises(S3Error) as refused:
        value(expression, b"secret\n")
    assert "secret" not in str(refused.value)
