"""An expression of S3 Select, read: a query. Pure.

By hand, for no library reads it: its FROM takes paths, its date functions take bare words.
Source: S3 user guide, "SQL reference for Amazon S3 Select".
"""

from typing import Final

from trioxygen.gateway.protocol.dialect import SelectDialect
from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.select.sql.calls import CallParser
from trioxygen.gateway.select.sql.lexer import END, Kind, tokens_of
from trioxygen.gateway.select.sql.nodes import (
    Arithmetic,
    Between,
    Comparison,
    In,
    Is,
    Item,
    Junction,
    Like,
    Name,
    Negative,
    Node,
    Not,
    Query,
    Reference,
    State,
    Step,
    Wildcard,
)
from trioxygen.gateway.select.sql.token_stream import RESERVED, TokenStream

EXPRESSION_BYTES_MAX: Final = 256 * 1_024
_COMPARISONS: Final = frozenset(("=", "<>", "<", "<=", ">", ">="))
_UNSUPPORTED: Final = frozenset(("GROUP", "ORDER", "HAVING", "UNION", "INTERSECT", "EXCEPT"))
_JOINS: Final = frozenset(("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "OUTER"))


def parse_query(expression: str, dialect: SelectDialect) -> Query:
    """Raises S3Error, with the codes that S3 has for expressions."""
    if len(expression.encode("utf-8", "replace")) > EXPRESSION_BYTES_MAX:
        raise S3Error("ExpressionTooLong")
    return _Parser(TokenStream(tokens_of(expression)), dialect).query()


class _Parser(CallParser):
    def query(self) -> Query:
        stream = self._stream
        if not stream.takes("SELECT"):
            raise S3Error("ParseUnsupportedSelect")
        if stream.shows("DISTINCT"):
            raise S3Error("UnsupportedSqlOperation", "DISTINCT is not supported.")
        items = self._items()
        if not stream.takes("FROM"):
            raise S3Error("ParseSelectMissingFrom")
        path, alias = self._source()
        items = _of_whole_record(items, alias)
        where = self.expression() if stream.takes("WHERE") else None
        if stream.next.text in _UNSUPPORTED and stream.next.kind is Kind.WORD:
            raise S3Error("UnsupportedSqlOperation", f"{stream.next.text} is not supported.")
        limit = self._limit() if stream.takes("LIMIT") else None
        stream.takes(";")
        if stream.next is not END:
            raise stream.unexpected()
        return Query(items, path, alias, where, limit)

    def _items(self) -> tuple[Item, ...] | None:
        stream = self._stream
        if stream.takes("*"):
            if stream.shows(","):
                raise S3Error("ParseAsteriskIsNotAloneInSelectList")
            return None
        if stream.shows("FROM"):
            raise S3Error("ParseEmptySelect")
        items = [self._item()]
        while stream.takes(","):
            items.append(self._item())
        return tuple(items)

    def _item(self) -> Item:
        stream = self._stream
        if stream.shows("*"):
            raise S3Error("ParseAsteriskIsNotAloneInSelectList")
        node = self.expression()
        return Item(node, self._alias())

    def _alias(self) -> str | None:
        stream = self._stream
        if stream.takes("AS"):
            name = stream.name()
            if name is None:
                raise S3Error("ParseExpectedIdentForAlias")
            return name.text
        token = stream.next
        if token.kind is Kind.WORD and (token.text in _JOINS or token.text in _UNSUPPORTED):
            return None
        name = stream.name()
        return None if name is None else name.text

    def _source(self) -> tuple[tuple[Step, ...], str | None]:
        stream = self._stream
        token = stream.next
        if token.kind is not Kind.WORD or token.text not in ("S3OBJECT", *self._dialect.sources):
            raise S3Error(
                "UnsupportedSqlStructure", f"FROM has to name S3Object, not {token.shown[:64]}."
            )
        stream.advance()
        steps = self._steps()
        if steps[:1] == [Wildcard.ELEMENTS]:
            del steps[0]
        alias = self._alias()
        if stream.shows(","):
            raise S3Error("MultipleDataSourcesUnsupported")
        if stream.next.kind is Kind.WORD and stream.next.text in _JOINS:
            raise S3Error("UnsupportedSqlOperation", "JOIN is not supported.")
        return tuple(steps), alias

    def _limit(self) -> int:
        stream = self._stream
        if stream.takes("-"):
            raise S3Error("EvaluatorNegativeLimit")
        token = stream.next
        if token.kind is not Kind.NUMBER or not token.text.isdigit() or len(token.text) > 18:
            raise S3Error("ParseExpectedNumber", "LIMIT takes a whole number.")
        stream.advance()
        return int(token.text)

    def expression(self) -> Node:
        with self._stream.deeper():
            return self._junction(is_and=False)

    def _junction(self, *, is_and: bool) -> Node:
        word = "AND" if is_and else "OR"
        operands = [self._operand(is_and)]
        while self._stream.takes(word):
            operands.append(self._operand(is_and))
        return operands[0] if len(operands) == 1 else Junction(is_and, tuple(operands))

    def _operand(self, of_and: bool) -> Node:
        return self._not() if of_and else self._junction(is_and=True)

    def _not(self) -> Node:
        times = 0
        while self._stream.takes("NOT"):
            times += 1
        node = self._comparison()
        # Twice is not at all, but for what is neither true nor false.
        for _ in range(min(times, 2 - times % 2)):
            node = Not(node)
        return node

    def _comparison(self) -> Node:
        stream = self._stream
        node = self._concatenation()
        while True:
            token = stream.next
            if token.kind is Kind.SYMBOL and token.text in _COMPARISONS:
                stream.advance()
                node = Comparison(token.text, node, self._concatenation())
            elif stream.takes("IS"):
                node = self._is(node)
            else:
                is_negated = stream.takes("NOT")
                tested = self._tested(node)
                if tested is None:
                    if is_negated:
                        raise stream.unexpected()
                    return node
                node = Not(tested) if is_negated else tested

    def _tested(self, node: Node) -> Node | None:
        """By IN, LIKE or BETWEEN; None: by none of them."""
        stream = self._stream
        if stream.takes("IN"):
            if not stream.takes("("):
                raise S3Error("ParseExpectedLeftParenValueConstructor")
            return In(node, self._arguments())
        if stream.takes("LIKE"):
            pattern = self._concatenation()
            return Like(node, pattern, self._concatenation() if stream.takes("ESCAPE") else None)
        if stream.takes("BETWEEN"):
            low = self._concatenation()
            stream.need("AND")
            return Between(node, low, self._concatenation())
        return None

    def _is(self, node: Node) -> Node:
        stream = self._stream
        is_negated = stream.takes("NOT")
        token = stream.next
        if token.kind is not Kind.WORD or token.text not in State.__members__:
            raise S3Error("ParseUnexpectedToken", f"IS cannot be followed by {token.shown[:64]}.")
        stream.advance()
        node = Is(node, State[token.text])
        return Not(node) if is_negated else node

    def _concatenation(self) -> Node:
        node = self._sum()
        while self._stream.takes("||"):
            node = Arithmetic("||", node, self._sum())
        return node

    def _sum(self) -> Node:
        node = self._product()
        while (operator := self._stream.takes_any("+", "-")) is not None:
            node = Arithmetic(operator, node, self._product())
        return node

    def _product(self) -> Node:
        node = self._signed()
        while (operator := self._stream.takes_any("*", "/", "%")) is not None:
            node = Arithmetic(operator, node, self._signed())
        return node

    def _signed(self) -> Node:
        is_negative = False
        while (sign := self._stream.takes_any("+", "-")) is not None:
            is_negative ^= sign == "-"
        node = self._primary()
        return Negative(node) if is_negative else node


def _of_whole_record(items: tuple[Item, ...] | None, alias: str | None) -> tuple[Item, ...] | None:
    """`SELECT s.*` is `SELECT *`."""
    if items is None or len(items) != 1:
        return items
    node = items[0].node
    if not isinstance(node, Reference) or len(node.steps) != 2:
        return items
    first, last = node.steps
    if last is not Wildcard.VALUES or not isinstance(first, Name):
        return items
    return None if first.text.upper() == (alias or "S3Object").upper() else items


assert not RESERVED & _UNSUPPORTED, "an alias would be looked for in vain"
