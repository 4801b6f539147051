"""What a field of a message may hold: the kinds of rules, and how a message is held to them.

A table (`rules/om.py`, ...) gives every field of every request a rule. Both networks hold requests
to them before a handler sees one, and so does whoever acts on what an answer says. No lookups, no
clock: what depends on the state is the handler's to refuse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from trioxygen.common.errors import InvalidRequest
from trioxygen.proto.v1 import types_pb2

Holds = Callable[[Any], bool]
# What is wrong with a message as a whole, or nothing.
Consistent = Callable[[Any], str | None]

PACKAGE: Final[str] = types_pb2.DESCRIPTOR.package

# Ids, positions and sums stay below it: they can be added, and fit signed 64-bit integers.
NUMBER_MAX: Final = 2**62


@dataclass(frozen=True, slots=True)
class Rule:
    """Attributes:
    says: for whoever sent something else.
    holds: of each value that is set; None: of all that the type can hold.
    is_required: not left out, and neither zero nor empty.
    most: values of a repeated field.
    """

    says: str
    holds: Holds | None = None
    is_required: bool = False
    most: int | None = None


def _replaced(_: Any) -> bool:
    raise AssertionError("replaced when the table is read")


def _by_its_own(_: Any) -> bool:
    return _replaced(_)


def _by_its_enum(_: Any) -> bool:
    return _replaced(_)


# Also of messages that are looked into no further.
ANY: Final = Rule("any value")
# A message that the rules of its own type hold.
PART: Final = Rule("a message", _by_its_own)
REQUIRED_PART: Final = Rule("a message", _by_its_own, is_required=True)


def number(low: int, high: int) -> Rule:
    """`low` above zero: required, since zero is what a field has that is left out."""
    return Rule(f"{low:,} to {high:,}", lambda value: low <= value <= high, low > 0)


def text(high: int, *, low: int = 0) -> Rule:
    """Characters, none of them NUL: rows' keys end texts with it."""
    says = f"{low:,} to {high:,} characters without NUL"
    return Rule(says, lambda value: len(value) <= high and "\0" not in value, low > 0)


def raw(high: int, *, low: int = 0) -> Rule:
    """Bytes; with a `low`, required."""
    says = f"{low:,} to {high:,} bytes"
    return Rule(says, lambda value: low <= len(value) <= high, low > 0)


def utf8(high: int, *, low: int = 0) -> Rule:
    """Bytes of UTF-8: rows' keys rely on what it never uses."""
    says = f"{low:,} to {high:,} bytes of UTF-8"

    def holds(value: bytes) -> bool:
        if len(value) > high:
            return False
        return value.isascii() or _is_utf8(value)

    return Rule(says, holds, low > 0)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def known(*, is_required: bool = False) -> Rule:
    """A value of the enum that this version knows."""
    return Rule("a known value", _by_its_enum, is_required=is_required)


def each(rule: Rule, most: int) -> Rule:
    """Of a repeated field: at most so many values, each as the rule says."""
    return replace(rule, most=most, is_required=False)


def some(rule: Rule, most: int) -> Rule:
    """As `each`, and at least one."""
    return replace(rule, most=most, is_required=True)


@dataclass(frozen=True, slots=True)
class MessageRules:
    fields: Mapping[str, Rule]
    consistent: Consistent | None = None


def rules(consistent: Consistent | None = None, /, **fields: Rule) -> MessageRules:
    """Of one message.

    Args:
        consistent: of the whole; its fields hold already.
    """
    return MessageRules(fields, consistent)


class Table:
    """Rules of message types. Reading one that leaves a field out, or names another, is refused.

    It is on the way of every call: some 0.15 us for each field that is set."""

    def __init__(self, *tables: Mapping[type[Message], MessageRules]) -> None:
        self._plans: dict[Any, _Plan] = {}
        given = {kind: told for table in tables for kind, told in table.items()}
        for kind in given:
            self._plans[kind.DESCRIPTOR] = _Plan(kind.DESCRIPTOR.full_name)
        for kind, told in given.items():
            self._fill(self._plans[kind.DESCRIPTOR], kind, told)

    def _fill(self, plan: "_Plan", kind: type[Message], told: MessageRules) -> None:
        fields = kind.DESCRIPTOR.fields
        wanted, given = {field.name for field in fields}, set(told.fields)
        assert wanted == given, f"{plan.name}: {sorted(wanted ^ given)} has no rule, or no field"
        plan.consistent = told.consistent
        for field in fields:
            rule = told.fields[field.name]
            assert field.is_repeated == (rule.most is not None), f"{plan.name}.{field.name}"
            plan.tests[field] = self._test(field, rule)
        plan.required = frozenset(field for field in fields if told.fields[field.name].is_required)

    def _test(self, field: Any, rule: Rule) -> "_Test":
        holds, inner = rule.holds, None
        if holds is _by_its_own:
            inner = self._plans.get(field.message_type)
            assert inner is not None, f"{field.full_name}: its message has no rules"
        elif holds is _by_its_enum:
            holds = frozenset(field.enum_type.values_by_number).__contains__
        return field.name, rule.says, holds, inner, rule.most

    def covers(self, descriptor: Descriptor) -> bool:
        """Whether it has rules, or is no message of this project's."""
        return descriptor in self._plans or descriptor.file.package != PACKAGE

    def fault(self, message: Message) -> str | None:
        """Which field is wrong and what it should be, or None."""
        return self._plans[message.DESCRIPTOR].fault(message)

    def check(self, message: Message, method: str) -> None:
        """Raises InvalidRequest."""
        plan = self._plans.get(message.DESCRIPTOR)
        fault = None if plan is None else plan.fault(message)
        if fault is not None:
            raise InvalidRequest(fault, method=method)


# Name, what the rule says, its test, the plan of the message in it, values at most.
_Test = tuple[str, str, Holds | None, "_Plan | None", int | None]


class _Plan:
    """Of one message type, ready to be followed."""

    __slots__ = ("consistent", "name", "required", "tests")

    def __init__(self, name: str) -> None:
        self.name = name
        self.tests: dict[Any, _Test] = {}
        self.required: frozenset[Any] = frozenset()
        self.consistent: Consistent | None = None

    def fault(self, message: Message) -> str | None:
        tests, is_set = self.tests, message.ListFields()
        for field, value in is_set:
            name, says, holds, inner, most = tests[field]
            if most is not None:
                fault = _fault_of_many(value, name, says, holds, inner, most)
                if fault is not None:
                    return fault
            elif inner is not None:
                fault = inner.fault(value)
                if fault is not None:
                    return f"{name}.{fault}"
            elif holds is not None and not holds(value):
                return f"{name} is to be {says}"
        if self.required:
            missing = self.required.difference([field for field, _ in is_set])
            if missing:
                name, says, *_ = tests[min(missing, key=lambda field: field.number)]
                return f"{name} is missing: {says}"
        return None if self.consistent is None else self.consistent(message)


def _fault_of_many(
    values: Any, name: str, says: str, holds: Holds | None, inner: _Plan | None, most: int
) -> str | None:
    if len(values) > most:
        return f"{name} has {len(values):,} values; at most {most:,}"
    if inner is not None:
        for position, one in enumerate(values):
            fault = inner.fault(one)
            if fault is not None:
                return f"{name}[{position}].{fault}"
    elif holds is not None:
        for position, one in enumerate(values):
            if not holds(one):
                return f"{name}[{position}] is to be {says}"
    return None
