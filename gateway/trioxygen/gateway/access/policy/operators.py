"""Condition operators: what each makes of a value of the policy.

Source: IAM user guide, "IAM JSON policy elements: Condition operators"."""

import operator as comparisons
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from trioxygen.gateway.access.policy.alternatives import Compile
from trioxygen.gateway.access.policy.arns import arn_matcher
from trioxygen.gateway.access.policy.patterns import Matcher, matcher
from trioxygen.gateway.access.policy.values import (
    address_of,
    bytes_of,
    date_of,
    network_of,
    number_of,
    truth_of,
)

NULL: Final = "Null"
_IF_EXISTS: Final = "IfExists"


class Quantifier(Enum):
    """Of the values that a request has for a key. Without: any of them; of a negated operator,
    all."""

    NONE = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


class Kind(NamedTuple):
    """Attributes:
    compiled: of a value of the policy: what values of a request it matches.
    is_negated: the condition holds if none does.
    has_wildcards: `*` and `?` of a value are such.
    reads: whether a value has the form that is compared.
    """

    compiled: Compile
    is_negated: bool = False
    has_wildcards: bool = False
    reads: Callable[[str], bool] = lambda text: True


class Operator(NamedTuple):
    """As a policy names it: `ForAnyValue:StringLikeIfExists`. kind: None: of Null."""

    name: str
    kind: Kind | None
    quantifier: Quantifier
    if_exists: bool


def read_operator(name: str) -> Operator | None:
    """None: there is none of that name."""
    quantifier, base = Quantifier.NONE, name
    for candidate in (Quantifier.ALL, Quantifier.ANY):
        if name.startswith(candidate.value):
            quantifier, base = candidate, name.removeprefix(candidate.value)
    if base == NULL:
        return Operator(name, None, quantifier, False) if quantifier is Quantifier.NONE else None
    plain = base.removesuffix(_IF_EXISTS)
    kind = KINDS.get(plain)
    return None if kind is None else Operator(name, kind, quantifier, plain != base)


def _never(text: str) -> bool:
    return False


def _lowered(wanted: str) -> Matcher:
    lowered = wanted.lower()
    return lambda text: text.lower() == lowered


def _compared(
    read: Callable[[str], Decimal | None], compare: Callable[[Decimal, Decimal], bool]
) -> Compile:
    def compiled(wanted: str) -> Matcher:
        limit = read(wanted)
        if limit is None:
            return _never

        def match(text: str) -> bool:
            actual = read(text)
            return actual is not None and compare(actual, limit)

        return match

    return compiled


def _true_or_false(wanted: str) -> Matcher:
    truth = truth_of(wanted)
    return _never if truth is None else lambda text: text.lower() == truth


def _binary(wanted: str) -> Matcher:
    content = bytes_of(wanted)
    return _never if content is None else lambda text: bytes_of(text) == content


# A policy asks for one address in each of its statements.
_address: Final = lru_cache(maxsize=256)(address_of)


def _address_in(wanted: str) -> Matcher:
    network = network_of(wanted)
    if network is None:
        return _never
    version, shift, bits = network

    def match(text: str) -> bool:
        address = _address(text)
        return address is not None and address[0] == version and address[1] >> shift == bits

    return match


def _is_number(text: str) -> bool:
    return number_of(text) is not None


def _is_date(text: str) -> bool:
    return date_of(text) is not None


def _is_network(text: str) -> bool:
    return network_of(text) is not None


def _equals(wanted: str) -> Matcher:
    return wanted.__eq__


_ORDERS: Final = {
    "Equals": comparisons.eq,
    "LessThan": comparisons.lt,
    "LessThanEquals": comparisons.le,
    "GreaterThan": comparisons.gt,
    "GreaterThanEquals": comparisons.ge,
}
_POSITIVE: Final = {
    "StringEquals": Kind(_equals),
    "StringEqualsIgnoreCase": Kind(_lowered),
    "StringLike": Kind(matcher, has_wildcards=True),
    **{
        f"Numeric{name}": Kind(_compared(number_of, compare), reads=_is_number)
        for name, compare in _ORDERS.items()
    },
    **{
        f"Date{name}": Kind(_compared(date_of, compare), reads=_is_date)
        for name, compare in _ORDERS.items()
    },
    "Bool": Kind(_true_or_false, reads=lambda text: truth_of(text) is not None),
    "BinaryEquals": Kind(_binary, reads=lambda text: bytes_of(text) is not None),
    "IpAddress": Kind(_address_in, reads=_is_network),
    "ArnEquals": Kind(arn_matcher, has_wildcards=True),
    "ArnLike": Kind(arn_matcher, has_wildcards=True),
}
_NEGATED: Final = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **_POSITIVE,
        **{name: _POSITIVE[base]._replace(is_negated=True) for name, base in _NEGATED.items()},
    }
)
