"""Values as expressions of S3 Select write them: literals, paths, CASE, CAST, functions. Pure."""

from decimal import Decimal
from typing import Final

from trioxygen.gateway.protocol.dialect import SelectDialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.lexer import Kind, Token
from trioxygen.gateway.select.sql.nodes import (
    AGGREGATES,
    Aggregate,
    Call,
    Case,
    Cast,
    Literal,
    Name,
    Node,
    Reference,
    Step,
    Wildcard,
)
from trioxygen.gateway.select.sql.timestamps import read_timestamp
from trioxygen.gateway.select.sql.token_stream import TokenStream
from trioxygen.gateway.select.sql.values import INT_MAX, MISSING, as_float, read_decimal

_CONSTANTS: Final = {"NULL": None, "TRUE": True, "FALSE": False, "MISSING": MISSING}
# How many arguments they take.
FUNCTIONS: Final = {
    "CHAR_LENGTH": (1, 1),
    "CHARACTER_LENGTH": (1, 1),
    "COALESCE": (1, 1_000),
    "DATE_ADD": (2, 2),
    "DATE_DIFF": (2, 2),
    "EXTRACT": (1, 1),
    "LOWER": (1, 1),
    "NULLIF": (2, 2),
    "SUBSTRING": (2, 3),
    "TO_STRING": (2, 2),
    "TO_TIMESTAMP": (1, 2),
    "TRIM": (1, 2),
    "UPPER": (1, 1),
    "UTCNOW": (0, 0),
}
_DATE_PARTS: Final = frozenset(("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"))
_EXTRACTED: Final = _DATE_PARTS | {"TIMEZONE_HOUR", "TIMEZONE_MINUTE"}
TYPES: Final = {
    "BOOL": "BOOL",
    "BOOLEAN": "BOOL",
    "INT": "INT",
    "INTEGER": "INT",
    "STRING": "STRING",
    "FLOAT": "FLOAT",
    "DECIMAL": "DECIMAL",
    "NUMERIC": "DECIMAL",
    "TIMESTAMP": "TIMESTAMP",
}
_STEPS_MAX: Final = 64
_DECIMAL_DIGITS_MAX: Final = 38
_NUMBER_CHARACTERS_MAX: Final = 400


class CallParser:
    """Args: dialect: what it takes beside S3's."""

    def __init__(self, stream: TokenStream, dialect: SelectDialect) -> None:
        self._stream, self._dialect = stream, dialect

    def expression(self) -> Node:
        raise NotImplementedError

    def _primary(self) -> Node:
        stream = self._stream
        token = stream.next
        if stream.takes("("):
            node = self.expression()
            stream.need(")")
            return node
        if token.kind is Kind.STRING or (
            token.kind is Kind.QUOTED_NAME and self._dialect.quotes_strings
        ):
            stream.advance()
            return Literal(token.text)
        if token.kind is Kind.NUMBER:
            stream.advance()
            return Literal(self._number(token.text))
        if token.kind is Kind.ION:
            stream.advance()
            return Literal(_ion(token.text))
        if token.kind is Kind.WORD:
            return self._word(token)
        if token.kind is Kind.QUOTED_NAME:
            return self._reference()
        if token.kind is Kind.END:
            raise S3Error("ParseExpectedExpression")
        raise stream.unexpected()

    def _word(self, token: Token) -> Node:
        stream, word = self._stream, token.text
        if word in _CONSTANTS:
            stream.advance()
            return Literal(_CONSTANTS[word])
        if word == "CASE":
            stream.advance()
            return self._case()
        if word == "CAST":
            stream.advance()
            return self._cast()
        following = stream.after_next
        if following.kind is Kind.SYMBOL and following.text == "(":
            stream.advance()
            stream.advance()
            return self._call(word)
        return self._reference()

    def _reference(self) -> Reference:
        name = self._stream.name()
        if name is None:
            raise self._stream.unexpected()
        return Reference((name, *self._steps()))

    def _steps(self) -> list[Step]:
        """Behind a name: of a path."""
        stream = self._stream
        steps: list[Step] = []
        while True:
            if len(steps) > _STEPS_MAX:
                raise S3Error("MaxOperatorsExceeded", f"A path of more than {_STEPS_MAX} steps.")
            if stream.takes("."):
                name = stream.name()
                if name is not None:
                    steps.append(name)
                elif stream.takes("*"):
                    steps.append(Wildcard.VALUES)
                else:
                    raise S3Error("ParseInvalidPathComponent")
            elif stream.takes("["):
                steps.append(self._indexed())
                stream.need("]")
            else:
                return steps

    def _indexed(self) -> Step:
        stream = self._stream
        token = stream.next
        if stream.takes("*"):
            return Wildcard.ELEMENTS
        stream.advance()
        if token.kind is Kind.STRING:
            return Name(token.text, is_quoted=True)
        if token.kind is Kind.NUMBER and token.text.isdigit() and len(token.text) < 10:
            return int(token.text)
        raise S3Error("ParseInvalidPathComponent")

    def _number(self, text: str) -> int | float | Decimal:
        if len(text) > _NUMBER_CHARACTERS_MAX:
            raise S3Error("NumberFormatError")
        if text.isdigit():
            number = int(text)
            # One more than there is: with a minus it is there.
            if number > INT_MAX + 1:
                raise S3Error("IntegerOverflow")
            return number
        decimal = read_decimal(text)
        if decimal is None:
            raise S3Error("NumberFormatError")
        return as_float(decimal) if self._dialect.has_binary_fractions else decimal

    def _case(self) -> Node:
        stream = self._stream
        operand = None if stream.shows("WHEN") else self.expression()
        branches: list[tuple[Node, Node]] = []
        while stream.takes("WHEN"):
            condition = self.expression()
            stream.need("THEN")
            branches.append((condition, self.expression()))
        if not branches:
            raise S3Error("ParseExpectedWhenClause")
        otherwise = self.expression() if stream.takes("ELSE") else Literal(None)
        stream.need("END")
        return Case(operand, tuple(branches), otherwise)

    def _cast(self) -> Node:
        stream = self._stream
        stream.need("(", "ParseExpectedLeftParenAfterCast")
        node = self.expression()
        if not stream.takes("AS"):
            raise S3Error("ParseCastArity")
        token = stream.next
        if token.kind is not Kind.WORD:
            raise S3Error("ParseExpectedTypeName")
        if token.text not in TYPES:
            raise S3Error("InvalidDataType", f"There is no type {token.shown[:64]} to cast to.")
        stream.advance()
        name = TYPES[token.text]
        parameters = self._type_parameters(name) if stream.takes("(") else ()
        stream.need(")")
        return Cast(node, name, parameters)

    def _type_parameters(self, type_name: str) -> tuple[int, ...]:
        stream = self._stream
        numbers: list[int] = []
        while True:
            token = stream.next
            if token.kind is not Kind.NUMBER or not token.text.isdigit() or len(token.text) > 2:
                raise S3Error("ParseInvalidTypeParam")
            stream.advance()
            numbers.append(int(token.text))
            if not stream.takes(","):
                break
        stream.need(")")
        precision, scale = numbers[0], numbers[-1] if len(numbers) > 1 else 0
        is_sound = 1 <= precision <= _DECIMAL_DIGITS_MAX and scale <= precision
        if type_name != "DECIMAL" or len(numbers) > 2 or not is_sound:
            raise S3Error("ParseInvalidTypeParam")
        return precision, scale

    def _call(self, name: str) -> Node:
        """Behind its parenthesis."""
        stream = self._stream
        if name in AGGREGATES:
            return self._aggregate(name)
        if name in TYPES and self._dialect.casts_by_name:
            node = self.expression()
            stream.need(")")
            return Cast(node, TYPES[name])
        if name not in FUNCTIONS:
            raise S3Error("UnsupportedFunction", f"There is no function {name[:64]}.")
        part = ""
        if name in ("DATE_ADD", "DATE_DIFF"):
            part = self._date_part(_DATE_PARTS)
            stream.need(",", "ParseExpectedArgumentDelimiter")
        elif name == "EXTRACT":
            part = self._date_part(_EXTRACTED)
            stream.need("FROM")
        elif name == "TRIM":
            return self._trim()
        elif name == "SUBSTRING":
            return self._substring()
        return _checked(Call(name, self._arguments(), part))

    def _date_part(self, known: frozenset[str]) -> str:
        token = self._stream.next
        if token.kind is not Kind.WORD or token.text not in known:
            raise S3Error("ParseExpectedDatePart")
        self._stream.advance()
        return token.text

    def _arguments(self) -> tuple[Node, ...]:
        """With the parenthesis behind them."""
        stream = self._stream
        if stream.takes(")"):
            return ()
        nodes = [self.expression()]
        while stream.takes(","):
            nodes.append(self.expression())
        stream.need(")", "ParseExpectedRightParenBuiltinFunctionCall")
        return tuple(nodes)

    def _aggregate(self, name: str) -> Node:
        stream = self._stream
        if stream.takes("*"):
            if name != "COUNT":
                raise S3Error("ParseUnsupportedCallWithStar")
            stream.need(")", "ParseExpectedRightParenBuiltinFunctionCall")
            return Aggregate(name, None)
        if stream.shows("DISTINCT"):
            raise S3Error("UnsupportedSqlOperation", "DISTINCT is not supported.")
        arguments = self._arguments()
        if len(arguments) != 1:
            raise S3Error("ParseNonUnaryAgregateFunctionCall")
        return Aggregate(name, arguments[0])

    def _trim(self) -> Node:
        """TRIM([LEADING | TRAILING | BOTH] [characters] FROM text), and TRIM(text)."""
        stream = self._stream
        part = stream.takes_any("LEADING", "TRAILING", "BOTH") or ""
        first = None if stream.takes("FROM") else self.expression()
        if first is None:
            arguments: tuple[Node, ...] = (self.expression(),)
        elif stream.takes("FROM"):
            arguments = (self.expression(), first)
        else:
            arguments = (first,)
        stream.need(")", "ParseExpectedRightParenBuiltinFunctionCall")
        return Call("TRIM", arguments, part or "BOTH")

    def _substring(self) -> Node:
        """SUBSTRING(text FROM start [FOR length]), and with commas."""
        stream = self._stream
        nodes = [self.expression()]
        for word in ("FROM", "FOR"):
            if not stream.takes_any(word, ","):
                break
            nodes.append(self.expression())
        stream.need(")", "ParseExpectedRightParenBuiltinFunctionCall")
        return _checked(Call("SUBSTRING", tuple(nodes)))


def _checked(call: Call) -> Call:
    least, most = FUNCTIONS[call.name]
    if not least <= len(call.arguments) <= most:
        raise S3Error(
            "EvaluatorInvalidArguments", f"{call.name} does not take {len(call.arguments)} values."
        )
    return call


def _ion(text: str) -> object:
    """Of Ion only timestamps are taken."""
    value = read_timestamp(text)
    if value is None:
        raise S3Error("LexerInvalidIONLiteral", "Of Ion literals timestamps are supported.")
    return value
