"""Patterns of ARNs: `arn:partition:service:region:account:resource`.

A wildcard stands for characters of its field; those of the resource may hold colons.
Source: IAM user guide, "IAM identifiers", "Resource", "ARN condition operators"."""

from typing import Final

from trioxygen.gateway.access.policy.patterns import ANY, Matcher, always, has_wildcards, matcher

_FIELDS: Final = 6


def fields_of(arn: str) -> list[str]:
    """Six of a whole ARN."""
    return arn.split(":", _FIELDS - 1)


def resource_matcher(pattern: str) -> Matcher:
    """Of a Resource: fields that are not written are any."""
    if pattern == ANY:
        return always
    fields = fields_of(pattern)
    return _matcher(fields + [ANY] * (_FIELDS - len(fields)))


def arn_matcher(pattern: str) -> Matcher:
    """Of a value of ArnEquals and ArnLike, which are the same. Only after a `*` may fields be
    missing; else one that is not whole matches nothing."""
    fields = fields_of(pattern)
    if len(fields) < _FIELDS and not pattern.endswith(ANY):
        return _never
    return _matcher(fields + [ANY] * (_FIELDS - len(fields)))


def _matcher(fields: list[str]) -> Matcher:
    if not any(map(has_wildcards, fields[:-1])):
        return matcher(":".join(fields))
    matchers = [matcher(field) for field in fields]

    def match(arn: str) -> bool:
        actual = fields_of(arn)
        return len(actual) == _FIELDS and all(
            matches(field) for matches, field in zip(matchers, actual, strict=True)
        )

    return match


def _never(text: str) -> bool:
    return False
