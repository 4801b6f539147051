"""A second evaluator of policies: slow, plain, and written from AWS's documentation alone.

It reads the JSON as it stands, and shares no code with the first, but for the values of questions
and verdicts. Sources, IAM user guide: "IAM JSON policy elements reference", "Condition operators",
"Variables and tags", "Single-valued vs. multivalued context keys", "Grammar of the IAM JSON policy
language". A text with wildcards is a list of characters; ANY and ONE in it are `*` and `?`."""

import base64
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from trioxygen.gateway.access.caller import Caller, CallerKind
from trioxygen.gateway.access.policy.verdict import Verdict
from trioxygen.gateway.access.question import Context, Question

ANY, ONE = "any", "one"
Pattern = list[str]
Document = Mapping[str, Any]


def reference_verdict(document: Document, question: Question) -> Verdict:
    """Of a document that the readers take, of any kind."""
    verdicts = [
        statement_verdict(statement, question, has_variables=document["Version"] == "2012-10-17")
        for statement in listed(document["Statement"])
    ]
    return max(verdicts)


def statement_verdict(statement: Document, question: Question, *, has_variables: bool) -> Verdict:
    matches = (
        action_matches(statement, question.action)
        and resource_matches(statement, question, has_variables=has_variables)
        and all(
            condition_holds(operator, key, listed(wanted), question.context, has_variables)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )
    if not matches:
        return Verdict.NOTHING
    if "NotPrincipal" in statement:
        names = named(statement["NotPrincipal"])
        if f"CanonicalUser {question.caller.canonical_id}" in names:
            # Another name of the account.
            names.add(f"arn:aws:iam::{question.caller.account_id}:root")
        is_spared = "*" in names or set(identities(question.caller)) <= names
        return Verdict.NOTHING if is_spared else Verdict.DENY
    if "Principal" not in statement:
        return Verdict.DENY if statement["Effect"] == "Deny" else Verdict.ALLOW
    verdict = principal_verdict(named(statement["Principal"]), question.caller)
    if verdict is not Verdict.NOTHING and statement["Effect"] == "Deny":
        return Verdict.DENY
    return verdict


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# Principals ---------------------------------------------------------------------------------------


def named(principal: Any) -> set[str]:
    """An account goes by its root's ARN, whichever way it is named."""
    if principal == "*":
        return {"*"}
    names: set[str] = set()
    for kind, values in principal.items():
        for value in listed(values):
            if kind == "AWS":
                names.add(f"arn:aws:iam::{value}:root" if value.isdigit() else value)
            else:
                names.add(f"{kind} {value}")
    return names


def identities(caller: Caller) -> list[str]:
    """All that a caller is: the account, the role, itself. Nobody is nobody."""
    if caller.kind is CallerKind.ANONYMOUS:
        return ["nobody"]
    account = f"arn:aws:iam::{caller.account_id}:root"
    return [account, *([caller.role_arn] if caller.role_arn else []), caller.arn]


def principal_verdict(names: set[str], caller: Caller) -> Verdict:
    verdicts = [Verdict.NOTHING]
    is_session = caller.kind is CallerKind.ROLE_SESSION
    if "*" in names:
        verdicts.append(Verdict.ALLOW_ROLE if is_session else Verdict.ALLOW)
    if is_session and caller.role_arn in names:
        verdicts.append(Verdict.ALLOW_ROLE)
    if caller.arn in names and caller.kind is not CallerKind.ROOT:
        verdicts.append(Verdict.ALLOW)
    if identities(caller)[0] in names or f"CanonicalUser {caller.canonical_id}" in names:
        verdicts.append(Verdict.ALLOW_ACCOUNT)
    return max(verdicts)


# Actions and resources ----------------------------------------------------------------------------


def action_matches(statement: Document, action: str) -> bool:
    """Whatever the case."""
    is_not = "NotAction" in statement
    names = listed(statement["NotAction" if is_not else "Action"])
    return any(like(plain(name.lower()), action.lower()) for name in names) != is_not


def resource_matches(statement: Document, question: Question, *, has_variables: bool) -> bool:
    is_not = "NotResource" in statement
    name = "NotResource" if is_not else "Resource"
    if name not in statement:
        return True
    for text in listed(statement[name]):
        pattern = filled(text, question.context, has_variables=has_variables, has_wildcards=True)
        if pattern is not None and arn_like(complete(pattern), question.resource):
            return not is_not
    return is_not


def complete(pattern: Pattern) -> Pattern:
    """The fields that are missing at the end are any."""
    if pattern == [ANY]:
        return [ANY, ":", ANY, ":", ANY, ":", ANY, ":", ANY, ":", ANY]
    return pattern + [":", ANY] * (5 - pattern.count(":"))


def arn_like(pattern: Pattern, arn: str) -> bool:
    """Field by field; the last holds what colons come."""
    patterns, texts = fields(pattern), fields(list(arn))
    return len(patterns) == len(texts) == 6 and all(
        like(part, "".join(text)) for part, text in zip(patterns, texts, strict=True)
    )


def fields(characters: Sequence[str]) -> list[Pattern]:
    parts: list[Pattern] = [[]]
    for character in characters:
        if character == ":" and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(character)
    return parts


def like(pattern: Pattern, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == ANY:
        return like(pattern[1:], text) or (text != "" and like(pattern, text[1:]))
    return text != "" and pattern[0] in (ONE, text[0]) and like(pattern[1:], text[1:])


def plain(text: str) -> Pattern:
    return [{"*": ANY, "?": ONE}.get(character, character) for character in text]


# Variables ----------------------------------------------------------------------------------------


def filled(
    text: str, context: Context, *, has_variables: bool, has_wildcards: bool
) -> Pattern | None:
    """None: a variable without value."""
    pattern: Pattern = []
    while text:
        if has_variables and text.startswith("${") and "}" in text:
            inside, text = text[2:].split("}", 1)
            value = inside if inside in ("*", "?", "$") else variable(inside, context)
            if value is None:
                return None
            pattern += value
        else:
            pattern += plain(text[0]) if has_wildcards else [text[0]]
            text = text[1:]
    return pattern


def variable(inside: str, context: Context) -> str | None:
    key, comma, default = inside.partition(",")
    values = context.values(key.strip().lower())
    if not values:
        return default.strip().strip("'") if comma else None
    return values[0] if len(values) == 1 else None


# Conditions ---------------------------------------------------------------------------------------


def condition_holds(
    operator: str, key: str, wanted: list[Any], context: Context, has_variables: bool
) -> bool:
    values = list(context.values(key.lower()) or [])
    if operator == "Null":
        return any((str(want).lower() == "true") == (not values) for want in wanted)
    quantifier, _, name = operator.rpartition(":")
    if name.endswith("IfExists"):
        if not values:
            return True
        name = name.removesuffix("IfExists")
    is_negated, base = "Not" in name, name.replace("Not", "")

    def matches_any(value: str) -> bool:
        return any(compare(base, as_text(want), value, context, has_variables) for want in wanted)

    if quantifier:
        values = [] if values == [""] else values
        results = [matches_any(value) != is_negated for value in values]
        return all(results) if quantifier == "ForAllValues" else any(results)
    # An absent key equals nothing, so only what must not be equal holds.
    return any(matches_any(value) for value in values) != is_negated


def as_text(want: Any) -> str:
    return str(want).lower() if isinstance(want, bool) else str(want)


def compare(base: str, want: str, value: str, context: Context, has_variables: bool) -> bool:
    has_wildcards = base in ("StringLike", "ArnLike", "ArnEquals")
    pattern = filled(want, context, has_variables=has_variables, has_wildcards=has_wildcards)
    if pattern is None:
        return False
    if base == "StringLike":
        return like(pattern, value)
    if base.startswith("Arn"):
        is_open = bool(pattern) and pattern[-1] == ANY
        return arn_like(complete(pattern) if is_open else pattern, value)
    try:
        return PLAIN[base]("".join(pattern), value)
    except (ValueError, ZeroDivisionError):
        return False


def instant(text: str) -> Fraction:
    if text.isdigit() and len(text) != 4:
        return Fraction(text)
    day = datetime.fromisoformat(text)
    day = day if day.tzinfo else day.replace(tzinfo=UTC)
    return Fraction(int((day - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))


def in_network(want: str, value: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(want, strict=False)


PLAIN: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda want, value: want == value,
    "StringEqualsIgnoreCase": lambda want, value: want.lower() == value.lower(),
    "NumericEquals": lambda want, value: Fraction(value) == Fraction(want),
    "NumericLessThan": lambda want, value: Fraction(value) < Fraction(want),
    "NumericLessThanEquals": lambda want, value: Fraction(value) <= Fraction(want),
    "NumericGreaterThan": lambda want, value: Fraction(value) > Fraction(want),
    "NumericGreaterThanEquals": lambda want, value: Fraction(value) >= Fraction(want),
    "DateEquals": lambda want, value: instant(value) == instant(want),
    "DateLessThan": lambda want, value: instant(value) < instant(want),
    "DateLessThanEquals": lambda want, value: instant(value) <= instant(want),
    "DateGreaterThan": lambda want, value: instant(value) > instant(want),
    "DateGreaterThanEquals": lambda want, value: instant(value) >= instant(want),
    "Bool": lambda want, value: want.lower() == value.lower(),
    "BinaryEquals": lambda want, value: base64.b64decode(want) == base64.b64decode(value),
    "IpAddress": in_network,
}
