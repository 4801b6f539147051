"""What an expression of S3 Select is made of. Plain values."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeAlias


@dataclass(frozen=True, slots=True)
class Name:
    """is_quoted: then it is meant letter by letter, else in any case."""

    text: str
    is_quoted: bool = False


class Wildcard(Enum):
    """A step to each element of a list, or to each value of an object."""

    ELEMENTS = "[*]"
    VALUES = ".*"


Step: TypeAlias = Name | int | Wildcard


@dataclass(frozen=True, slots=True)
class Literal:
    value: Any


@dataclass(frozen=True, slots=True)
class Reference:
    """A column, or a path; the first step is a name."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """operator: + - * / % ||"""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Comparison:
    """operator: = <> < <= > >="""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Junction:
    """is_and: all of them; else any."""

    is_and: bool
    operands: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Like:
    value: "Node"
    pattern: "Node"
    escape: "Node | None"


@dataclass(frozen=True, slots=True)
class Between:
    value: "Node"
    low: "Node"
    high: "Node"


@dataclass(frozen=True, slots=True)
class In:
    value: "Node"
    options: "tuple[Node, ...]"


class State(Enum):
    NULL = auto()
    MISSING = auto()
    TRUE = auto()
    FALSE = auto()


@dataclass(frozen=True, slots=True)
class Is:
    value: "Node"
    state: State


@dataclass(frozen=True, slots=True)
class Case:
    """operand: what the first of each pair is compared with; None: it is a condition."""

    operand: "Node | None"
    branches: "tuple[tuple[Node, Node], ...]"
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Cast:
    """type: upper case. parameters: of DECIMAL: precision and scale."""

    value: "Node"
    type: str
    parameters: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """name: upper case. part: of a date, or LEADING, TRAILING, BOTH; "": none."""

    name: str
    arguments: "tuple[Node, ...]"
    part: str = ""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """argument: None: of COUNT(*)."""

    name: str
    argument: "Node | None"


Node: TypeAlias = (
    Literal
    | Reference
    | Negative
    | Arithmetic
    | Comparison
    | Junction
    | Not
    | Like
    | Between
    | In
    | Is
    | Case
    | Cast
    | Call
    | Aggregate
)


@dataclass(frozen=True, slots=True)
class Item:
    """Of the SELECT list."""

    node: Node
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Attributes:
    items: None: "*".
    path: behind the S3Object; a first [*] is not among it.
    alias: of the S3Object.
    """

    items: tuple[Item, ...] | None
    path: tuple[Step, ...] = ()
    alias: str | None = None
    where: Node | None = None
    limit: int | None = None


AGGREGATES: Final = frozenset(("COUNT", "SUM", "MIN", "MAX", "AVG"))
