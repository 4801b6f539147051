"""Errors of SelectObjectContent alone: code -> message. Nothing else; the status is always 400.

Source: S3 API, "List of SELECT Object Content error codes". Codes are S3's, sentences are in its
manner.
"""

from typing import Final

MESSAGES: Final[dict[str, str]] = {
    "AmbiguousFieldName": "The name matches several fields of the object.",
    "CSVParsingError": "The object could not be read as CSV.",
    "CSVUnescapedQuote": "The CSV has a quote that is not escaped. For record delimiters between"
    " quotes, set AllowQuotedRecordDelimiter to 'TRUE'.",
    "CastFailed": "A value could not be converted by CAST.",
    "EvaluatorBindingDoesNotExist": "The SQL expression names a column or path that is not there.",
    "EvaluatorInvalidArguments": "A function of the SQL expression has the wrong number of"
    " arguments.",
    "EvaluatorInvalidTimestampFormatPattern": "The timestamp format in the SQL expression is not"
    " valid.",
    "EvaluatorInvalidTimestampFormatPatternSymbol": "The timestamp format has a symbol that is not"
    " valid.",
    "EvaluatorLikePatternInvalidEscapeSequence": "The pattern of LIKE has an escape that escapes"
    " nothing.",
    "EvaluatorNegativeLimit": "LIMIT must not be negative.",
    "EvaluatorUnterminatedTimestampFormatPatternToken": "The timestamp format has a text that does"
    " not end.",
    "ExpressionTooLong": "The SQL expression is too long: it may have 256 KB.",
    "ExternalEvalException": "The query cannot be evaluated.",
    "IllegalSqlFunctionArgument": "A function of the SQL expression was given an argument that it"
    " does not take.",
    "IncorrectSqlFunctionArgumentType": "A function or operator of the SQL expression was given a"
    " value of another type.",
    "IntegerOverflow": "An integer does not fit 64 bits.",
    "InvalidColumnIndex": "The column index in the SQL expression is not valid.",
    "InvalidCompressionFormat": "The object is not in the compression format that was named. GZIP"
    " and BZIP2 are supported.",
    "InvalidDataSource": "The data source is not valid: CSV, JSON or Parquet.",
    "InvalidDataType": "The SQL expression has a data type that is not valid.",
    "InvalidExpressionType": "The ExpressionType is not valid: SQL only.",
    "InvalidFileHeaderInfo": "The FileHeaderInfo is not valid: NONE, USE or IGNORE.",
    "InvalidJsonType": "The JsonType is not valid: DOCUMENT or LINES.",
    "InvalidKeyPath": "The path in the SQL expression is not valid.",
    "InvalidQuoteFields": "The QuoteFields is not valid: ALWAYS or ASNEEDED.",
    "InvalidRequestParameter": "A parameter of the SelectRequest element is not valid.",
    "InvalidScanRange": "The scan range is not valid.",
    "InvalidTableAlias": "The SQL expression has a table alias that is not valid.",
    "InvalidTextEncoding": "The encoding is not valid: UTF-8 only.",
    "JSONParsingError": "The object could not be read as JSON.",
    "LexerInvalidChar": "The SQL expression has a character that is not valid.",
    "LexerInvalidIONLiteral": "The SQL expression has an Ion literal that is not valid.",
    "LexerInvalidLiteral": "The SQL expression has a literal that is not valid.",
    "LikeInvalidInputs": "LIKE was given a value, pattern or escape that is not valid.",
    "MaxOperatorsExceeded": "The SQL expression is too complex.",
    "MissingHeaders": "The query names headers that the object does not have.",
    "MissingRequiredParameter": "The SelectRequest lacks a required parameter.",
    "MultipleDataSourcesUnsupported": "A query has one data source.",
    "NumberFormatError": "A number is too large, or none.",
    "ObjectSerializationConflict": "InputSerialization and OutputSerialization each name one"
    " format.",
    "OverMaxRecordSize": "A record is longer than 1 MB.",
    "ParseAsteriskIsNotAloneInSelectList": "An asterisk stands alone in the SELECT list.",
    "ParseCastArity": "CAST takes a value and a type.",
    "ParseEmptySelect": "The SELECT list is empty.",
    "ParseExpectedArgumentDelimiter": "The SQL expression lacks a comma between arguments.",
    "ParseExpectedDatePart": "The SQL expression lacks the part of a date.",
    "ParseExpectedExpression": "The SQL expression lacks a value.",
    "ParseExpectedIdentForAlias": "The SQL expression lacks the name of an alias.",
    "ParseExpectedKeyword": "The SQL expression lacks a keyword.",
    "ParseExpectedLeftParenAfterCast": "The SQL expression lacks a parenthesis after CAST.",
    "ParseExpectedLeftParenValueConstructor": "The SQL expression lacks a left parenthesis.",
    "ParseExpectedNumber": "The SQL expression lacks a number.",
    "ParseExpectedRightParenBuiltinFunctionCall": "The SQL expression lacks a right parenthesis.",
    "ParseExpectedTokenType": "The SQL expression lacks a token.",
    "ParseExpectedTypeName": "The SQL expression lacks the name of a type.",
    "ParseExpectedWhenClause": "CASE lacks WHEN.",
    "ParseInvalidPathComponent": "The SQL expression has a path with a step that is not valid.",
    "ParseInvalidTypeParam": "The SQL expression has a parameter of a type that is not valid.",
    "ParseNonUnaryAgregateFunctionCall": "An aggregate function takes one argument.",
    "ParseSelectMissingFrom": "The SELECT list is not followed by FROM.",
    "ParseUnExpectedKeyword": "The SQL expression has a keyword where none can stand.",
    "ParseUnexpectedToken": "The SQL expression has a token where it cannot stand.",
    "ParseUnsupportedCallWithStar": "Only COUNT takes an asterisk.",
    "ParseUnsupportedSelect": "The SQL expression does not begin with SELECT.",
    "ParseUnsupportedSyntax": "The SQL expression has syntax that is not supported.",
    # No code of S3's, but of its dialect of Ceph's.
    "ProcessingTimeError": "The query failed while it ran.",
    "TruncatedInput": "The compressed object ends early.",
    "UnsupportedFunction": "The SQL expression has a function that is not there.",
    "UnsupportedRangeHeader": "A Range header is not supported for this operation.",
    "UnsupportedScanRangeInput": "Scan ranges are not supported on this type of object.",
    "UnsupportedSqlOperation": "The SQL expression has an operation that is not supported.",
    "UnsupportedSqlStructure": "The SQL expression is built in a way that is not supported.",
    "UnsupportedSyntax": "The syntax is not valid.",
    "ValueParseFailure": "A timestamp could not be read.",
}
