"""Whether CORS rules let a page of another origin do what it asks. Pure.

Source: S3 user guide, "How does Amazon S3 evaluate the CORS configuration on a bucket?"."""

from collections.abc import Sequence
from typing import Final

from trioxygen.gateway.store.values.cors import CorsRule, CorsRules

_ANY: Final = "*"
_VARY: Final = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"


def rule_for(
    rules: CorsRules, *, origin: str, method: str, headers: Sequence[str]
) -> CorsRule | None:
    """The first rule that allows all three; None: none does.

    Args:
        headers: names that the page wants to send, in lower case.
    """
    for rule in rules:
        if (
            method in rule.methods
            and _fits_any(rule.origins, origin)
            and all(_fits_any(rule.headers, header) for header in headers)
        ):
            return rule
    return None


def _fits_any(patterns: Sequence[str], text: str) -> bool:
    return any(_fits(pattern, text) for pattern in patterns)


def _fits(pattern: str, text: str) -> bool:
    start, star, end = pattern.partition(_ANY)
    if not star:
        return pattern == text
    return len(text) >= len(start) + len(end) and text.startswith(start) and text.endswith(end)


def headers_of(rule: CorsRule, *, origin: str, headers: Sequence[str]) -> list[tuple[str, str]]:
    """Of the answer to what the rule allows, a preflight's or the request's own."""
    is_any = _allows_any_origin(rule, origin)
    fields = [
        ("access-control-allow-origin", _ANY if is_any else origin),
        ("access-control-allow-methods", ", ".join(rule.methods)),
    ]
    if headers:
        fields.append(("access-control-allow-headers", ", ".join(headers)))
    if rule.exposed:
        fields.append(("access-control-expose-headers", ", ".join(rule.exposed)))
    if rule.max_age_seconds is not None:
        fields.append(("access-control-max-age", str(rule.max_age_seconds)))
    if not is_any:
        # Browsers take it with a named origin only (Fetch, "CORS check").
        fields.append(("access-control-allow-credentials", "true"))
    fields.append(("vary", _VARY))
    return fields


def _allows_any_origin(rule: CorsRule, origin: str) -> bool:
    """By the first pattern that fits, which S3 goes by."""
    return next(pattern for pattern in rule.origins if _fits(pattern, origin)) == _ANY
