"""The table of S3's errors, and that whoever raises one gives facts that it knows."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import trioxygen.gateway.protocol.errors as errors
from tests.unit.syntax import tree_of
from trioxygen.common.errors import (
    DeadlineExceeded,
    InvalidRequest,
    LeaseExpired,
    NoSpace,
    NoSuchBlock,
    NoSuchContainer,
    NotLeader,
    Overloaded,
    SafeMode,
    TrioxygenError,
    Unreachable,
)
from trioxygen.gateway.protocol.errors import S3Error, elements_of
from trioxygen.gateway.s3.error_response import KNOWN_OF_REQUEST
from trioxygen.gateway.s3.service_errors import s3_error_of

GATEWAY = Path(errors.__file__).parents[1]
SECRET = "10.9.8.7:9862"


def raised() -> Iterator[tuple[str, str, ast.Call]]:
    """(place, code, call) of every S3Error that is made with a literal code."""
    for path in sorted(GATEWAY.rglob("*.py")):
        for node in ast.walk(tree_of(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name, first = node.func, node.args[0]
            if isinstance(name, ast.Name) and name.id == "S3Error":
                if isinstance(first, ast.Constant):
                    assert isinstance(first.value, str)
                    yield f"{path.name}:{node.lineno}", first.value, node


def details(call: ast.Call) -> set[str] | None:
    """Names of the literal details; None: they are made elsewhere."""
    for keyword in call.keywords:
        if keyword.arg == "details":
            if not isinstance(keyword.value, ast.Dict):
                return None
            return {key.value for key in keyword.value.keys if isinstance(key, ast.Constant)}  # type: ignore[misc]
    return set()


def test_errors_are_raised_with_elements_that_their_document_has() -> None:
    places = list(raised())
    assert len(places) > 50
    for place, code, call in places:
        assert code in errors.CODES, place
        assert (details(call) or set()) <= set(elements_of(code)), (place, code)


# Of these each message has elements of its own.
SEVERAL = {
    "AccessDenied",
    "BadDigest",
    "EntityTooSmall",
    "NotImplemented",
    "SignatureDoesNotMatch",
}


def wanted(place: str, code: str) -> set[str]:
    """Of x-amz-object-ownership S3 says in the message alone what was sent."""
    of_ownership = code == "InvalidArgument" and place.startswith("acl_headers.py:")
    return {"ArgumentName"} if of_ownership else set(elements_of(code))


def test_errors_are_raised_with_all_elements_that_their_document_has() -> None:
    for place, code, call in raised():
        given = details(call)
        if given is not None and code not in SEVERAL:
            missing = wanted(place, code) - given - KNOWN_OF_REQUEST.keys()
            assert not missing, (place, code)


def test_invalid_argument_always_says_of_what_and_what_was_sent() -> None:
    for place, code, call in raised():
        if code == "InvalidArgument" and place.partition(":")[0] != "errors.py":
            assert details(call) == wanted(place, code), place


def test_element_that_a_document_does_not_have_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        S3Error("NoSuchKey", details={"Path": "/disk/1"})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unreachable("refused", address=SECRET), "ServiceUnavailable"),
        (NotLeader("om-1", leader=SECRET), "ServiceUnavailable"),
        (DeadlineExceeded(f"gave up on OM/LookupKey ({SECRET}: NotLeader)"), "ServiceUnavailable"),
        (SafeMode("safe", nodes=SECRET), "ServiceUnavailable"),
        (Overloaded("too much", address=SECRET), "SlowDown"),
        (LeaseExpired(lease=SECRET), "ServiceUnavailable"),
        (InvalidRequest(f"no such replica at {SECRET}", bucket=SECRET), "InvalidRequest"),
        (NoSpace(volume=SECRET), "InsufficientStorage"),
        (NoSuchContainer(container=SECRET), None),
        (NoSuchBlock(container=SECRET), None),
    ],
)
def test_what_a_service_tells_stays_inside(error: TrioxygenError, code: str | None) -> None:
    actual = s3_error_of(error)
    if code is None:
        assert actual is None
        return
    assert actual is not None and actual.code == code
    assert SECRET not in f"{actual.message} {actual.details} {actual.headers}"
