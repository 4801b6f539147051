import pytest

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
from trioxygen.common.grpc_metadata import status_of
from trioxygen.proto.v1.types_pb2 import ErrorCode, ErrorDetail

CODES: list[int] = [code for code in ErrorCode.values() if code]
# Names that an error's own arguments have, too. In order, as they come over the wire.
FACTS = {"bucket": "b", "message": "m", "self": "s"}


def error(code: int) -> TrioxygenError:
    return error_of(code, "what happened", FACTS)  # type: ignore[arg-type]


def classes() -> list[type[TrioxygenError]]:
    """All that the module defines and that carry a code of their own."""
    found = [one for one in vars(errors).values() if isinstance(one, type)]
    return [
        one
        for one in found
        if issubclass(one, TrioxygenError) and "code" in vars(one) and one is not TrioxygenError
    ]


def test_every_code_has_one_class_and_every_class_one_code() -> None:
    assert sorted(one.code for one in classes()) == sorted(CODES)
    assert {type(error(code)).code for code in CODES} == set(CODES)


def test_range_of_a_code_tells_its_family() -> None:
    for one in classes():
        family = (Refused, Unavailable, Corrupt, Internal)[one.code // 100]
        assert issubclass(one, family), one


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
