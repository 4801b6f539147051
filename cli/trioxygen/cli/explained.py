"""An explanation as text for people."""

from collections.abc import Iterator
from typing import Any

from trioxygen.cli.printing import print_fields


def print_explanation(explanation: dict[str, Any]) -> None:
    """Findings first; then what they were made of."""
    print(f"{explanation['status']} {explanation['code']}: {explanation['message']}")
    for sentence in explanation["findings"]:
        print(f"- {sentence}")
    print()
    print_fields(list(_fields(explanation)))
    signature = explanation["signature"]
    if signature is not None and signature["canonical_request"]:
        _print_lines("canonical request, as it arrived:", signature["canonical_request"])
        _print_lines("string to sign:", signature["string_to_sign"])
    for access in explanation["accesses"]:
        print_access(access)


def print_access(access: dict[str, Any]) -> None:
    """One that was asked for: what decided, statement by statement."""
    verdict = "allowed" if access["allowed"] else "denied"
    reason = f" ({access['reason']})" if access["reason"] else ""
    print(f"\n{access['action']} on {access['resource']}: {verdict}{reason}. {access['text']}")
    if access["decided_by"]:
        print(f"  decided by: {access['decided_by']}")
    if access["statement"] is not None:
        print(f"    {_statement_text(access['statement'])}")
    for name, value in access["settings"]:
        print(f"  {name}: {value}")
    for policy in access["policies"]:
        print(f"  {policy['source']} ({policy['side']}): {policy['verdict'].replace('_', ' ')}")
        for statement in policy["statements"]:
            print(f"    {_statement_text(statement)}")
            for condition in statement["conditions"]:
                print(f"      {_condition_text(condition)}")


def _statement_text(statement: dict[str, Any]) -> str:
    sid = f" {statement['sid']!r}" if statement["sid"] else ""
    name = f"statement {statement['number']}{sid} ({statement['effect']})"
    failed = statement["failed"]
    return f"{name}: its {failed} does not match" if failed else f"{name} matches"


def _condition_text(condition: dict[str, Any]) -> str:
    actual = condition["actual"]
    is_there = "the request has none" if actual is None else f"the request has {_values(actual)}"
    wanted = _values(condition["wanted"])
    return f"{condition['operator']} {condition['key']} wants {wanted}; {is_there}"


def _values(values: list[str]) -> str:
    return ", ".join(map(repr, values)) or "nothing"


def _fields(explanation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    query = f"?{explanation['query']}" if explanation["query"] else ""
    yield "request", f"{explanation['method']} {explanation['path']}{query}".strip() or "not read"
    yield "host", explanation["host"]
    yield from ((name, value) for name, value in explanation["forwarded"])
    yield "operation", explanation["operation"]
    yield "at", explanation["time"]
    caller, signature, clock = (explanation[name] for name in ("caller", "signature", "clock"))
    if caller is not None:
        yield "account", caller["account_id"]
        if caller["arn"]:
            yield "identity", caller["arn"]
    if signature is not None:
        yield "access key", signature["access_key"]
        yield "signature", _signature_text(signature)
        yield "signed headers", " ".join(signature["signed_headers"])
        if signature["differs_at"] is not None:
            yield "first difference", f"byte {signature['differs_at']} of the canonical request"
    if clock is not None:
        yield "clock", f"signed for {clock['request_time']}, {clock['seconds']:+} s of the server's"


def _signature_text(signature: dict[str, Any]) -> str:
    if signature["is_right"]:
        return "right"
    key_is_right = signature["key_is_right"]
    if key_is_right is None:
        return "wrong"
    return "wrong; the secret key is right" if key_is_right else "wrong; another secret key"


def _print_lines(title: str, text: str) -> None:
    print(f"\n{title}")
    for line in text.split("\n"):
        print(f"  {line if line.isprintable() else repr(line)}")
