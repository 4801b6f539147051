import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.syntax import tree_of
from trioxygen.common import errors
from trioxygen.common.errors import (
    Corrupt,
    Internal,
    NoSpace,
    NoSuchBucket,
    NotLeader,
    Refused,
    TrioxygenError,
    Unavailable,
    error_from_detail,
    error_of,
)
from trioxygen.common.rpc.grpc_metadata import status_of
from trioxygen.proto.v1.types_pb2 import ErrorCode, ErrorDetail

CODES: list[int] = [code for code in ErrorCode.values() if code]
# Names that an error's own arguments have, too. In order, as they come over the wire.
FACTS = {"bucket": "b", "message": "m", "self": "s"}


def error(code: int) -> TrioxygenError:
    return error_of(code, "what happened", FACTS)  # type: ignore[arg-type]


def classes() -> list[type[TrioxygenError]]:
    """All that the module defines and that carry a code of their own."""
    defined = [value for value in vars(errors).values() if isinstance(value, type)]
    return [
        cls
        for cls in defined
        if issubclass(cls, TrioxygenError) and "code" in vars(cls) and cls is not TrioxygenError
    ]


def test_every_code_has_one_class_and_every_class_one_code() -> None:
    assert sorted(cls.code for cls in classes()) == sorted(CODES)
    assert {type(error(code)).code for code in CODES} == set(CODES)


def test_every_class_is_of_one_family() -> None:
    families = (Refused, Unavailable, Corrupt, Internal)
    for cls in classes():
        assert sum(issubclass(cls, family) for family in families) == 1, cls


def test_every_code_is_raised_somewhere() -> None:
    """By its class, or as the refusal of a command, which names the code."""
    names = {word for path in sources() for word in words_of(path)}
    unused = [
        cls.__name__
        for cls in classes()
        if cls is not Unavailable and not {f"{cls.__name__}()", ErrorCode.Name(cls.code)} & names
    ]
    assert unused == []


def sources() -> list[Path]:
    """Of the services; not the table of classes itself, nor those that only translate codes."""
    repo = Path(__file__).parents[3]
    roots = ("gateway", "metadata", "hdds", "common", "cli")
    paths = [path for root in roots for path in (repo / root / "trioxygen").rglob("*.py")]
    return [path for path in paths if path != Path(errors.__file__)]


def words_of(path: Path) -> Iterator[str]:
    """Names that are called, as `Name()`, and names of codes."""
    for node in ast.walk(tree_of(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield f"{node.func.id}()"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in ("types_pb2", "ErrorCode"):
                yield node.attr


@pytest.mark.parametrize("code", CODES, ids=str)
def test_error_comes_over_the_wire_as_it_was(code: int) -> None:
    sent = error(code)
    detail = ErrorDetail.FromString(sent.detail().SerializeToString())
    received = error_from_detail(detail)
    assert type(received) is type(sent)
    assert received.code == code
    assert (received.message, received.facts) == (sent.message, sent.facts)
    assert str(received) == str(sent)


def test_unknown_code_becomes_internal_also_twice() -> None:
    detail = ErrorDetail(message="news", facts={"key": "k"})
    detail.code = 299  # type: ignore[assignment]
    first = error_from_detail(detail)
    assert type(first) is Internal
    assert first.facts == {"unknown_code": "299", "key": "k"}
    assert error_from_detail(first.detail()).facts == first.facts
    detail = ErrorDetail(code=detail.code, facts=first.facts)
    assert error_from_detail(detail).facts["unknown_code"] == "299"


def test_error_says_what_and_about_what() -> None:
    assert str(NoSuchBucket(bucket="b", tries=3)) == "no such bucket (bucket=b, tries=3)"
    assert str(NotLeader("gone")) == "gone"
    assert str(NotLeader()) == "not leader"
    assert NoSuchBucket(tries=3).facts == {"tries": "3"}


def test_what_is_of_one_machine_does_not_cross_the_wire() -> None:
    error = NoSpace("the disk is full", path="/srv/o3/om/data.mdb", volume="v1")
    assert "/srv/o3" in str(error)
    detail = error.detail()
    assert dict(detail.facts) == {"volume": "v1"}
    _, text, trailing = status_of(error)
    assert "/srv" not in text and b"/srv" not in trailing[0][1]
    for name in ("file", "folder", "cause"):
        assert not Corrupt("damaged", **{name: "/srv/x"}).detail().facts
