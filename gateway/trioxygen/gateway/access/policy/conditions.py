"""One condition of a statement: an operator, a key, and the values that the policy wants.

Source: IAM user guide, "IAM JSON policy elements: Condition operators", "Single-valued vs.
multivalued context keys"."""

from collections.abc import Callable, Sequence

from trioxygen.gateway.access.policy.alternatives import Alternatives
from trioxygen.gateway.access.policy.faults import Fault, Malformed
from trioxygen.gateway.access.policy.operators import Kind, Operator, Quantifier
from trioxygen.gateway.access.policy.values import truth_of
from trioxygen.gateway.access.policy.variables import Template, read_text
from trioxygen.gateway.access.policy.verdict import ComparedCondition
from trioxygen.gateway.access.question import Context

Holds = Callable[[Context], bool]


class Condition:
    """Attributes:
    operator, key: as the policy has them.
    wanted: any of these values.
    holds: of a request.
    """

    __slots__ = ("holds", "key", "operator", "wanted")

    def __init__(self, operator: Operator, key: str, wanted: Alternatives, holds: Holds) -> None:
        self.operator, self.key, self.wanted, self.holds = operator, key, wanted, holds

    def compared(self, context: Context) -> ComparedCondition:
        """What to tell of it, whether it holds or not."""
        values = context.values(self.key.lower())
        return ComparedCondition(
            self.operator.name,
            self.key,
            tuple(self.wanted.shown(context)),
            None if values is None else tuple(values),
        )


def read_condition(
    operator: Operator, key: str, values: Sequence[str], *, has_variables: bool
) -> Condition:
    """Raises Malformed: CONDITION_VALUE."""
    kind = operator.kind
    if kind is None:
        return _null(operator, key, values)
    texts = [
        read_text(value, has_variables=has_variables, has_wildcards=kind.has_wildcards)
        for value in values
    ]
    for text in texts:
        if not isinstance(text, Template) and not kind.reads(text):
            raise Malformed(Fault.CONDITION_VALUE, text)
    wanted = Alternatives(texts, kind.compiled)
    return Condition(operator, key, wanted, _holds(operator, kind, key.lower(), wanted))


def _null(operator: Operator, key: str, values: Sequence[str]) -> Condition:
    """Whether the request has no such key."""
    truths = [truth_of(value) for value in values]
    if None in truths:
        raise Malformed(Fault.CONDITION_VALUE, values[truths.index(None)])
    name = key.lower()
    absent, present = "true" in truths, "false" in truths

    def holds(context: Context) -> bool:
        return present if context.values(name) else absent

    return Condition(operator, key, Alternatives(values, lambda text: text.__eq__), holds)


def _holds(operator: Operator, kind: Kind, key: str, wanted: Alternatives) -> Holds:
    is_negated = kind.is_negated
    if operator.quantifier is Quantifier.ALL:
        return _of_all(key, wanted, is_negated)
    if operator.quantifier is Quantifier.ANY:
        return _of_any(key, wanted, is_negated, operator.if_exists)
    return _of_value(key, wanted, is_negated, is_negated or operator.if_exists)


def _of_value(key: str, wanted: Alternatives, is_negated: bool, when_absent: bool) -> Holds:
    fixed = wanted.fixed

    def holds(context: Context) -> bool:
        values = context.values(key)
        if not values:
            return when_absent
        matches = fixed or wanted.matcher(context)
        if len(values) == 1:
            return matches(values[0]) is not is_negated
        return any(map(matches, values)) is not is_negated

    return holds


def _of_all(key: str, wanted: Alternatives, is_negated: bool) -> Holds:
    """True if there are none."""

    def holds(context: Context) -> bool:
        values = context.values(key)
        if _is_null(values):
            return True
        assert values is not None
        matches = wanted.matcher(context)
        return all(matches(value) is not is_negated for value in values)

    return holds


def _of_any(key: str, wanted: Alternatives, is_negated: bool, when_absent: bool) -> Holds:
    """False if there are none."""

    def holds(context: Context) -> bool:
        values = context.values(key)
        if not values:
            return when_absent
        if _is_null(values):
            return False
        matches = wanted.matcher(context)
        return any(matches(value) is not is_negated for value in values)

    return holds


def _is_null(values: Sequence[str] | None) -> bool:
    """Set operators take an empty text for no value."""
    return not values or (len(values) == 1 and not values[0])
