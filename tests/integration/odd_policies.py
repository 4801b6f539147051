"""Right policies of every kind, and what a few steps of a seeded `Random` make of them."""

import copy
import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from tests.integration.s3.fuzz.odd_values import DATES, NUMBERS, TEXTS

_ARNS: Final = (
    *(
        "*",
        "",
        "111111111111",
        "000000000000",
        "9" * 12,
        "1" * 13,
        "arn:aws:iam::111111111111:root",
    ),
    *(
        "arn:aws:iam::111111111111:user/",
        "arn:aws:iam::111111111111:user/\0",
        "arn:aws:iam:::role/a",
    ),
    *("arn:aws:iam::111111111111:user/\U0001f600", "arn:aws:iam::111111111111:role/a//b", "arn:"),
    *("arn:aws:sts::111111111111:assumed-role/a/b", "arn:aws:sts::111111111111:assumed-role/a"),
    *(
        "arn:aws:iam::111111111111:user/" + "u" * 2_000,
        "arn:aws:s3:::*/*",
        "arn:aws:s3:::" + "?*" * 900,
    ),
    *(
        "arn:aws:iam::111111111111:user/..%2f",
        "arn:aws:iam::*:user/*",
        "arn:aws:s3:::b/${aws:username}",
    ),
    *("AIDAEXAMPLE", "s3.amazonaws.com", "accounts.google.com", "f" * 64),
)
_PATTERNS: Final = (
    *(
        "${",
        "${}",
        "${*}",
        "${aws:username",
        "${aws:PrincipalTag/a, '${b}'}",
        "${aws:Referer}" * 200,
    ),
    *(
        "s3:",
        "s3:*",
        "*:*",
        "S3:GETOBJECT",
        "iam:*",
        "sts:AssumeRole",
        "s3:Nothing",
        "?" * 900,
        "*" * 900,
    ),
    *("10.0.0.0/33", "::/0", "10.0.0.1/8", "fe80::1%eth0", "0x7f.1", "1.2.3.4/-1", "256.0.0.1"),
    *("AAAA", "true", "1e999", "-0.0", "\ud7ff", "2012-10-17", "2008-10-17", "Allow", "deny"),
)
_NAMES: Final = (
    *(
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
    ),
    *(
        "Resource",
        "NotResource",
        "Condition",
        "AWS",
        "Federated",
        "Service",
        "CanonicalUser",
        "Null",
    ),
    *(
        "StringEquals",
        "StringLikeIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:NumericEquals",
    ),
    *(
        "IpAddress",
        "DateLessThan",
        "Bool",
        "BinaryEquals",
        "ArnLike",
        "ForAnyValue:",
        "NullIfExists",
    ),
    *(
        "aws:SourceIp",
        "s3:prefix",
        "aws:PrincipalTag/",
        "aws:principaltag/a/b",
        "aws:",
        "",
        "\0",
        "x" * 900,
    ),
)
_VALUES: Final = (_ARNS, _ARNS, _PATTERNS, _PATTERNS, TEXTS, NUMBERS, DATES)
_OTHERS: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**40,
    [],
    {},
    [[]],
    [None],
    {"": ""},
    [{}],
)
_CONDITION: Final = {
    "StringLike": {"aws:Referer": ["https://*.example/*", "${aws:username}"]},
    "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]},
    "NumericGreaterThan": {"aws:EpochTime": "10"},
    "DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
    "ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": ["a", "b"]},
    "Null": {"aws:MultiFactorAuthAge": "true"},
}


def _document(**statement: Any) -> dict[str, Any]:
    made = {"Sid": "a", "Effect": "Allow", **statement, "Condition": _CONDITION}
    denial = {**statement, "Sid": "b", "Effect": "Deny"}
    return {"Version": "2012-10-17", "Id": "i", "Statement": [made, denial]}


def of_bucket(bucket: str) -> dict[str, Any]:
    return _document(
        Principal={"AWS": "*"},
        Action=["s3:GetObject", "s3:ListBucket"],
        Resource=[f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/${{aws:username}}/*"],
    )


def of_identity() -> dict[str, Any]:
    return _document(Action=["s3:*", "iam:GetUser"], Resource=["arn:aws:s3:::b/*", "*"])


def of_trust() -> dict[str, Any]:
    return _document(
        Principal={"AWS": ["111111111111", "arn:aws:iam::222222222222:root"]},
        Action=["sts:AssumeRole", "sts:TagSession"],
    )


# ---- of the document ----


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys or indexes."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, below in list(inner):
        yield value, key
        if isinstance(below, dict | list):
            yield from _places(below)


def _other(rng: Random) -> Any:
    return copy.deepcopy(rng.choice(_OTHERS)) if rng.random() < 0.2 else _text(rng)


def _text(rng: Random) -> str:
    return rng.choice(rng.choice(_VALUES))


def _replace(rng: Random, at: Any, key: Any) -> None:
    at[key] = _other(rng)


def _drop(rng: Random, at: Any, key: Any) -> None:
    del at[key]


def _add(rng: Random, at: Any, key: Any) -> None:
    if isinstance(at, dict):
        at[rng.choice(_NAMES)] = copy.deepcopy(at[key]) if rng.random() < 0.5 else _other(rng)
    else:
        at.append(_other(rng))


def _rename(rng: Random, at: Any, key: Any) -> None:
    if isinstance(at, dict):
        name = rng.choice((key.upper(), key.lower(), f"{key}s", rng.choice(_NAMES)))
        at[name] = at.pop(key)


def _wrap(rng: Random, at: Any, key: Any) -> None:
    at[key] = rng.choice(([at[key]], [[at[key]]], {rng.choice(_NAMES): at[key]}))


def _multiply(rng: Random, at: Any, key: Any) -> None:
    at[key] = [at[key]] * rng.choice((2, 3, 40, 400))


def _deepen(rng: Random, at: Any, key: Any) -> None:
    for _ in range(rng.choice((3, 20, 200))):
        at[key] = [at[key]]


_STEPS: Final[tuple[Callable[[Random, Any, Any], None], ...]] = (
    *(
        _replace,
        _replace,
        _replace,
        _replace,
        _drop,
        _add,
        _add,
        _rename,
        _wrap,
        _multiply,
        _deepen,
    ),
)


# ---- of the text ----


def _damaged(rng: Random, text: bytes) -> bytes:
    at = rng.randrange(len(text))
    pieces = (
        *(
            b"",
            b"\0",
            b"\xff",
            b"\xed\xa0\x80",
            b'"',
            b"\\",
            b"\\ud800",
            b"\\u0000",
            b"{",
            b"[" * 9_000,
        ),
        *(
            b",",
            b"NaN",
            b"/**/",
            b'{"Version":1,',
            b"9" * 5_000,
            b"\xef\xbb\xbf",
            b"\xc3\xbc",
            b" " * 900,
        ),
    )
    if rng.random() < 0.2:
        return text[:at]
    return text[:at] + rng.choice(pieces) + text[at + rng.choice((0, 0, 1, 5)) :]


def odd_policy(rng: Random, right: dict[str, Any]) -> bytes:
    """What a right one has become; now and then as it is."""
    document: Any = copy.deepcopy(right)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        places = list(_places(document))
        if places:
            rng.choice(_STEPS)(rng, *rng.choice(places))
    text = json.dumps(document, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    return _damaged(rng, text) if rng.random() < 0.15 else text
