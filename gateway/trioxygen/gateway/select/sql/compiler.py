"""An expression of S3 Select, compiled: to functions of a record, one in another. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context
from functools import lru_cache
from typing import Final

from trioxygen.gateway.protocol.dialect import SelectDialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql import functions, like, nodes
from trioxygen.gateway.select.sql.aggregates import Accumulator, accumulator
from trioxygen.gateway.select.sql.casts import cast_to
from trioxygen.gateway.select.sql.columns import Columns, Getter
from trioxygen.gateway.select.sql.nodes import Name, Node, Reference, State
from trioxygen.gateway.select.sql.values import (
    INT_MAX,
    MISSING,
    OPERATORS,
    Value,
    as_number,
    calculated,
    checked_int,
    checked_text,
    compared,
    in_context,
    is_nothing,
    kind_of,
    text_of,
)

# Of operators in one another: each takes three frames of the stack.
_DEPTH_MAX: Final = 128
_PATTERNS_KEPT: Final = 64
# An alias counts with all that it stands for.
_SIZE_MAX: Final = 200_000
# Of these it is known without `compared` how they compare with their like.
_ORDERED: Final = (str, int, float)


@dataclass(slots=True)
class Compiler:
    """Attributes:
    aliases: of the SELECT list, which expressions may use where the dialect says so.
    now: what UTCNOW() is.
    aggregates: that were met: what they take of each record.
    size: of all that was compiled: how much work a record is.
    """

    columns: Columns
    dialect: SelectDialect
    now: datetime
    aliases: Mapping[str, Node] = field(default_factory=dict)
    aggregates: list[tuple[Accumulator, Getter]] = field(default_factory=list)
    size: int = 0
    has_columns: bool = False
    _depth: int = 0
    _is_in_aggregate: bool = False
    _context: Context = field(default_factory=in_context)

    def compile(self, node: Node) -> Getter:
        """Raises S3Error: of columns that are not there, of too deep an expression."""
        if self._depth == _DEPTH_MAX or self.size == _SIZE_MAX:
            raise S3Error("MaxOperatorsExceeded")
        self._depth += 1
        self.size += 1
        getter = self._compiled(node)
        self._depth -= 1
        return getter

    def _compiled(self, node: Node) -> Getter:
        match node:
            case nodes.Literal(value):
                if isinstance(value, int) and value > INT_MAX:
                    raise S3Error("IntegerOverflow")
                return lambda record: value
            case nodes.Reference():
                return self._reference(node)
            case nodes.Negative(operand):
                return self._negative(operand)
            case nodes.Arithmetic(operator, left, right):
                return self._arithmetic(operator, self.compile(left), self.compile(right))
            case nodes.Comparison(operator, left, right):
                return _comparison(operator, self.compile(left), self.compile(right))
            case nodes.Junction(is_and, operands):
                return _junction(is_and, [self.compile(each) for each in operands])
            case nodes.Not(operand):
                return _negation(self.compile(operand))
            case nodes.Like():
                return self._like(node)
            case nodes.Between(value, low, high):
                return _between(self.compile(value), self.compile(low), self.compile(high))
            case nodes.In(value, options):
                return _membership(self.compile(value), [self.compile(each) for each in options])
            case nodes.Is(value, state):
                return _test(state, self.compile(value))
            case nodes.Case():
                return self._case(node)
            case nodes.Cast(value, type_name, parameters):
                get, cast = self.compile(value), cast_to(type_name, parameters, self._context)
                return lambda record: cast(get(record))
            case nodes.Call():
                return self._call(node)
            case nodes.Aggregate():
                return self._aggregate(node)

    def _reference(self, node: Reference) -> Getter:
        first = node.steps[0]
        assert isinstance(first, Name)
        if self.dialect.knows_aliases and first.text in self.aliases:
            if self.columns.names(first.text):
                raise S3Error(
                    "ParseUnsupportedSyntax",
                    f"multiple definition of column {{{first.text}}} as schema-column and alias",
                )
            return self._by_alias(self.aliases[first.text])
        self.has_columns = self.has_columns or not self._is_in_aggregate
        return self.columns.getter(node.steps)

    def _by_alias(self, node: Node) -> Getter:
        """Raises S3Error: the alias is made of itself."""
        try:
            return self.compile(node)
        except S3Error as error:
            if error.code != "MaxOperatorsExceeded":
                raise
            raise S3Error(
                "MaxOperatorsExceeded",
                "number of calls exceed maximum size, probably a cyclic reference to alias",
            ) from error

    def _negative(self, operand: Node) -> Getter:
        if isinstance(operand, nodes.Literal) and isinstance(operand.value, int):
            number = checked_int(-operand.value)
            return lambda record: number
        get = self.compile(operand)

        def negative(record: Value) -> Value:
            number = as_number(get(record))
            if number is None:
                return None
            return checked_int(-number) if isinstance(number, int) else -number

        return negative

    def _arithmetic(self, operator: str, left: Getter, right: Getter) -> Getter:
        if operator == "||":
            return _concatenation(left, right)
        context = self._context
        return lambda record: calculated(operator, left(record), right(record), context)

    def _like(self, node: nodes.Like) -> Getter:
        get, get_pattern = self.compile(node.value), self.compile(node.pattern)
        get_escape = None if node.escape is None else self.compile(node.escape)
        has_sets = self.dialect.likes_sets

        escape_node = node.escape or nodes.Literal(None)
        if isinstance(node.pattern, nodes.Literal) and isinstance(escape_node, nodes.Literal):
            pattern, escape = node.pattern.value, escape_node.value
            if isinstance(pattern, str) and isinstance(escape, str | None):
                if node.escape is None or escape is not None:
                    return _matching(get, like.matcher(pattern, escape, has_sets=has_sets))

        @lru_cache(_PATTERNS_KEPT)
        def matcher(pattern: str, escape: str | None) -> like.Matcher:
            return like.matcher(pattern, escape, has_sets=has_sets)

        def matches(record: Value) -> Value:
            value, pattern = get(record), get_pattern(record)
            escape = None if get_escape is None else get_escape(record)
            if is_nothing(value) or is_nothing(pattern):
                return None
            if not isinstance(value, str) or not isinstance(pattern, str):
                raise S3Error("LikeInvalidInputs", "LIKE takes texts.")
            if get_escape is not None and not isinstance(escape, str):
                raise S3Error("LikeInvalidInputs", "ESCAPE takes a single character.")
            return matcher(pattern, escape)(value)

        return matches

    def _case(self, node: nodes.Case) -> Getter:
        otherwise = self.compile(node.otherwise)
        operand = None if node.operand is None else self.compile(node.operand)
        branches = [
            (self.compile(condition), self.compile(result)) for condition, result in node.branches
        ]

        def chosen(record: Value) -> Value:
            for test, result in branches:
                if test(record) is True:
                    return result(record)
            return otherwise(record)

        def chosen_by(record: Value) -> Value:
            assert operand is not None
            value = operand(record)
            for get, result in branches:
                if compared("=", value, get(record)):
                    return result(record)
            return otherwise(record)

        return chosen if operand is None else chosen_by

    def _call(self, node: nodes.Call) -> Getter:
        name, part, now = node.name, node.part, self.now
        arguments = [self.compile(each) for each in node.arguments]
        if name == "UTCNOW":
            return lambda record: now
        if name == "COALESCE":
            return _coalesced(arguments)
        if name == "NULLIF":
            return _null_if(*arguments)
        if name in functions.BY_PART:
            of_part = functions.BY_PART[name]
            return lambda record: of_part(part, *[get(record) for get in arguments])
        function = functions.BY_NAME[name]
        if len(arguments) == 1:
            [only] = arguments
            return lambda record: function(only(record))
        return lambda record: function(*[get(record) for get in arguments])

    def _aggregate(self, node: nodes.Aggregate) -> Getter:
        if self._is_in_aggregate:
            raise S3Error("UnsupportedSqlStructure", "An aggregate cannot be of aggregates.")
        self._is_in_aggregate = True
        get: Getter = (
            (lambda record: True) if node.argument is None else self.compile(node.argument)
        )
        self._is_in_aggregate = False
        state = accumulator(node.name, self._context)
        self.aggregates.append((state, get))
        return lambda record: state.result()


def _comparison(operator: str, left: Getter, right: Getter) -> Getter:
    compare = OPERATORS[operator]

    def comparison(record: Value) -> Value:
        first, second = left(record), right(record)
        if type(first) is type(second) and type(first) in _ORDERED:
            return compare(first, second)
        return compared(operator, first, second)

    return comparison


def _matching(get: Getter, matches: like.Matcher) -> Getter:
    """LIKE of a pattern that is the same for all records."""

    def matching(record: Value) -> Value:
        value = get(record)
        if isinstance(value, str):
            return matches(value)
        if is_nothing(value):
            return None
        raise S3Error("LikeInvalidInputs", "LIKE takes texts.")

    return matching


def _between(get: Getter, get_low: Getter, get_high: Getter) -> Getter:
    def between(record: Value) -> bool | None:
        value = get(record)
        above = compared(">=", value, get_low(record))
        if above is False:
            return False
        below = compared("<=", value, get_high(record))
        return False if below is False else (None if above is None else below)

    return between


def _null_if(left: Getter, right: Getter) -> Getter:
    def null_if(record: Value) -> Value:
        value = left(record)
        return None if compared("=", value, right(record)) else value

    return null_if


def _junction(is_and: bool, operands: list[Getter]) -> Getter:
    """Of three values: what one operand settles does not wait for the others."""
    settling = not is_and

    def junction(record: Value) -> Value:
        result: bool | None = is_and
        for operand in operands:
            value = operand(record)
            if value is settling:
                return value
            if value is not is_and:
                _check_condition(value)
                result = None
        return result

    return junction


def _check_condition(value: Value) -> None:
    if not is_nothing(value) and not isinstance(value, bool | str):
        raise S3Error("IncorrectSqlFunctionArgumentType", f"{kind_of(value)} is no condition.")


def _negation(operand: Getter) -> Getter:
    def negation(record: Value) -> bool | None:
        value = operand(record)
        if value is True or value is False:
            return not value
        _check_condition(value)
        return None

    return negation


def _membership(get: Getter, options: list[Getter]) -> Getter:
    def is_member(record: Value) -> bool | None:
        value = get(record)
        if is_nothing(value):
            return None
        result: bool | None = False
        for option in options:
            is_equal = compared("=", value, option(record))
            if is_equal:
                return True
            if is_equal is None:
                result = None
        return result

    return is_member


_STATES: Final[dict[State, Callable[[Value], bool]]] = {
    State.NULL: is_nothing,
    State.MISSING: lambda value: value is MISSING,
    State.TRUE: lambda value: value is True,
    State.FALSE: lambda value: value is False,
}


def _test(state: State, get: Getter) -> Getter:
    test = _STATES[state]
    return lambda record: test(get(record))


def _concatenation(left: Getter, right: Getter) -> Getter:
    def concatenation(record: Value) -> Value:
        first, second = left(record), right(record)
        if is_nothing(first) or is_nothing(second):
            return None
        if isinstance(first, list | dict) or isinstance(second, list | dict):
            raise S3Error("IncorrectSqlFunctionArgumentType", "|| takes texts.")
        return checked_text(text_of(first) + text_of(second))

    return concatenation


def _coalesced(arguments: list[Getter]) -> Getter:
    def coalesced(record: Value) -> Value:
        for get in arguments:
            value = get(record)
            if not is_nothing(value):
                return value
        return None

    return coalesced
