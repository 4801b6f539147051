"""Arguments of an action: what its row says of them, and what a form gives for them. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from trioxygen.common.iam_limits import TAGS_MAX
from trioxygen.gateway.iam import rules
from trioxygen.gateway.iam.errors import constraints_failed, validation_error
from trioxygen.gateway.iam.form import Form
from trioxygen.gateway.iam.rules import TextRule

_NUMBER_DIGITS_MAX: Final = 10
_Read = str | int | bool | list[str] | list[Mapping[str, str]]


class Kind(Enum):
    """NUMBER: within `bounds`. STRUCTURES: a list of fields by their names, each with a rule."""

    TEXT = auto()
    NUMBER = auto()
    FLAG = auto()
    TEXTS = auto()
    STRUCTURES = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """Attributes:
    rule: of a text, or of each of many.
    bounds: of a number, both included.
    fields: of a structure, those that are needed; others are read and not looked at.
    count_max: of a list.
    """

    name: str
    kind: Kind = Kind.TEXT
    rule: TextRule | None = None
    bounds: tuple[int, int] = (0, 0)
    fields: Mapping[str, TextRule] | None = None
    count_max: int = 0
    is_needed: bool = False

    @property
    def path(self) -> str:
        """As messages have it: `userName`."""
        return self.name[0].lower() + self.name[1:]


def text(name: str, rule: TextRule) -> Argument:
    return Argument(name=name, rule=rule)


def number(name: str, least: int, greatest: int) -> Argument:
    return Argument(name=name, kind=Kind.NUMBER, bounds=(least, greatest))


def flag(name: str) -> Argument:
    return Argument(name=name, kind=Kind.FLAG)


def texts(name: str, rule: TextRule, count_max: int) -> Argument:
    return Argument(name=name, kind=Kind.TEXTS, rule=rule, count_max=count_max)


def structures(name: str, fields: Mapping[str, TextRule], count_max: int) -> Argument:
    return Argument(name=name, kind=Kind.STRUCTURES, fields=fields, count_max=count_max)


def needed(argument: Argument) -> Argument:
    return replace(argument, is_needed=True)


TAGS: Final = structures("Tags", {"Key": rules.TAG_KEY, "Value": rules.TAG_VALUE}, TAGS_MAX)
TAG_KEYS: Final = needed(texts("TagKeys", rules.TAG_KEY, TAGS_MAX))
MARKER: Final = text("Marker", rules.MARKER)
MAX_ITEMS: Final = number("MaxItems", 1, 1_000)
PAGE: Final = (MARKER, MAX_ITEMS)
PATH_PREFIX: Final = text("PathPrefix", rules.PATH_PREFIX)
POLICY_ARN: Final = needed(text("PolicyArn", rules.ARN))


class Arguments:
    """What was sent, as the row of the action says it has to be."""

    __slots__ = ("_values",)

    def __init__(self, form: Form, wanted: Sequence[Argument]) -> None:
        """Raises: IamError ValidationError, of all that is wrong."""
        self._values: dict[str, _Read] = {}
        faults: list[str] = []
        refusals: list[str] = []
        for argument in wanted:
            value = _read(form, argument, faults)
            if value is None:
                if argument.is_needed:
                    faults.append(
                        f"Value null at '{argument.path}' failed to satisfy constraint:"
                        " Member must not be null"
                    )
                continue
            self._values[argument.name] = value
            faults += _faults(argument, value)
            if argument.kind is Kind.TEXT and isinstance(value, str) and argument.rule:
                refusal = argument.rule.refusal(argument.path, value)
                refusals += [] if refusal is None else [refusal]
        if faults:
            raise constraints_failed(faults)
        if refusals:
            raise validation_error(refusals[0])

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str:
        """Of an argument that is needed."""
        value = self._values[name]
        assert isinstance(value, str), name
        return value

    def maybe(self, name: str, default: str = "") -> str:
        return self.text(name) if name in self._values else default

    def number(self, name: str, default: int) -> int:
        value = self._values.get(name, default)
        assert isinstance(value, int), name
        return value

    def flag(self, name: str) -> bool:
        """Not sent: False."""
        return bool(self._values.get(name, False))

    def texts(self, name: str) -> list[str]:
        """Not sent: none."""
        value = self._values.get(name, [])
        assert isinstance(value, list), name
        return [each for each in value if isinstance(each, str)]

    def structures(self, name: str) -> list[Mapping[str, str]]:
        value = self._values.get(name, [])
        assert isinstance(value, list), name
        return [each for each in value if isinstance(each, Mapping)]

    def tags(self) -> tuple[tuple[str, str], ...]:
        """(key, value). Raises: ValidationError, where a key is there twice, or is AWS's own."""
        tags = tuple((tag["Key"], tag["Value"]) for tag in self.structures("Tags"))
        if len({key.lower() for key, _ in tags}) != len(tags):
            raise validation_error(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive."
            )
        # Source: IAM user guide, "Rules for tagging in IAM and AWS STS".
        reserved = [key for key, _ in tags if key.lower().startswith("aws:")]
        if reserved:
            raise validation_error(f"Tag keys beginning with aws: are reserved: {reserved[0]}")
        return tags


def _read(form: Form, argument: Argument, faults: list[str]) -> _Read | None:
    match argument.kind:
        case Kind.TEXTS:
            return form.members(argument.name)
        case Kind.STRUCTURES:
            return form.structures(argument.name)
    sent = form.text(argument.name)
    if sent is None or argument.kind is Kind.TEXT:
        return sent
    value = _read_flag(sent) if argument.kind is Kind.FLAG else _read_number(sent)
    if value is None:
        faults.append(
            f"Value at '{argument.path}' failed to satisfy constraint: it is not"
            f" a{' boolean' if argument.kind is Kind.FLAG else 'n integer'}"
        )
        # It has been said already, and it is not missing.
        return bool(0) if argument.kind is Kind.FLAG else argument.bounds[0]
    return value


def _read_flag(sent: str) -> bool | None:
    return {"true": True, "false": False}.get(sent.lower())


def _read_number(sent: str) -> int | None:
    digits = sent.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _NUMBER_DIGITS_MAX):
        return None
    return int(sent)


def _faults(argument: Argument, value: _Read) -> Iterator[str]:
    if isinstance(value, str):
        if argument.rule is not None:
            yield from argument.rule.faults(argument.path, value)
    elif isinstance(value, int):
        if argument.kind is Kind.NUMBER:
            yield from _number_faults(argument, value)
    elif len(value) > argument.count_max:
        yield (
            f"Value at '{argument.path}' failed to satisfy constraint: Member must have length less"
            f" than or equal to {argument.count_max}"
        )
    else:
        members: Sequence[str | Mapping[str, str]] = value
        for position, member in enumerate(members, start=1):
            yield from _member_faults(argument, f"{argument.path}.{position}.member", member)


def _number_faults(argument: Argument, value: int) -> Iterator[str]:
    least, greatest = argument.bounds
    start = f"Value '{value}' at '{argument.path}' failed to satisfy constraint: "
    if value > greatest:
        yield f"{start}Member must have value less than or equal to {greatest}"
    if value < least:
        yield f"{start}Member must have value greater than or equal to {least}"


def _member_faults(argument: Argument, path: str, member: str | Mapping[str, str]) -> Iterator[str]:
    if isinstance(member, str):
        if argument.rule is not None:
            yield from argument.rule.faults(path, member)
        return
    for name, rule in (argument.fields or {}).items():
        below = f"{path}.{name[0].lower()}{name[1:]}"
        value = member.get(name)
        if value is None:
            yield f"Value null at '{below}' failed to satisfy constraint: Member must not be null"
        else:
            yield from rule.faults(below, value)
