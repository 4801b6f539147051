"""Wildcards: what they match, and what an evil pattern costs."""

import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.access.policy.patterns import can_begin, marked, matcher

PATTERNS = st.text("ab*?", max_size=12)
TEXTS = st.text("ab", max_size=12)


def is_match(pattern: str, text: str) -> bool:
    """By trying everything."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return is_match(pattern[1:], text) or bool(text and is_match(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and is_match(pattern[1:], text[1:])


@given(PATTERNS, TEXTS)
def test_pattern_matches_as_it_is_written(pattern: str, text: str) -> None:
    assert matcher(marked(pattern))(text) is is_match(pattern, text)
    assert is_match(pattern, text) is fnmatch.fnmatchcase(text, pattern)


@given(PATTERNS, TEXTS, TEXTS)
def test_beginning_of_what_matches_is_one(pattern: str, beginning: str, rest: str) -> None:
    if is_match(pattern, beginning + rest):
        assert can_begin(marked(pattern), beginning)


@given(PATTERNS, TEXTS)
def test_beginning_has_a_text_that_matches(pattern: str, beginning: str) -> None:
    """What is left of the pattern, with a letter for each `?`, is such a text."""
    ends = [pattern[start:].replace("*", "").replace("?", "a") for start in range(len(pattern) + 1)]
    expected = any(is_match(pattern, beginning + end) for end in ends)
    assert can_begin(marked(pattern), beginning) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 500 + "b",
        "?*" * 500 + "b",
        "*" * 5_000 + "b",
        "*" + "a" * 500 + "?" * 400 + "b",
        "*?a" * 300,
    ],
)
def test_evil_pattern_is_cheap(pattern: str) -> None:
    """Going back would take longer than the universe has."""
    matches, key = matcher(marked(pattern)), "a" * 1_024
    began = time.process_time()
    matches(key)
    assert time.process_time() - began < 0.1
