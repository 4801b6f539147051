"""LIKE: against a matcher by definition, and that it has no slow patterns."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.select.sql.like import matcher


def by_definition(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    first, rest = pattern[0], pattern[1:]
    if first == "%":
        return any(by_definition(text[at:], rest) for at in range(len(text) + 1))
    return bool(text) and first in ("_", text[0]) and by_definition(text[1:], rest)


@given(st.text("ab", max_size=8), st.text("ab%_", max_size=6))
def test_as_it_is_defined(text: str, pattern: str) -> None:
    assert matcher(pattern, None, has_sets=False)(text) is by_definition(text, pattern)


@pytest.mark.parametrize(
    ("text", "pattern", "escape"),
    [("50%", "50!%", "!"), ("a_b", "%a!_b", "!"), ("_ar", "%_ar", "%"), ("a.b", "a.b", None)],
)
def test_what_is_escaped_stands_for_itself(text: str, pattern: str, escape: str | None) -> None:
    matches = matcher(pattern, escape, has_sets=False)
    assert matches(text)
    assert not matches(text.replace("%", "x").replace("_", "x").replace(".", "x"))


def test_sets_are_a_matter_of_dialect() -> None:
    assert matcher("%y[y-z]", None, has_sets=True)("vwxyz")
    assert not matcher("%y[y-z]", None, has_sets=False)("vwxyz")
    assert matcher("[^a]b", None, has_sets=True)("xb")
    assert matcher("[]b", None, has_sets=True)("[]b")


@pytest.mark.parametrize("pattern", ["%a" * 500 + "b", "%" + "_a" * 500 + "b", "a_" * 400 + "%c%d"])
def test_no_pattern_takes_long(pattern: str) -> None:
    begun = time.monotonic()
    assert not matcher(pattern, None, has_sets=False)("a" * 100_000)
    assert time.monotonic() - begun < 10
