"""What was refused is remembered for an hour, and no more of it than fits."""

from tests.unit.gateway.explain.signed import signed
from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.gateway.explain.refused import RefusedRequest
from trioxygen.gateway.explain.ring import KEPT_MS, RefusedRequests
from trioxygen.gateway.protocol.head import RequestHead


def refused(number: int, head: RequestHead | None = None) -> RefusedRequest:
    return RefusedRequest(
        request_id=f"{number:016X}",
        host_id="host",
        wall_ms=0,
        peer="",
        head=head or signed(),
        own_port=None,
        status=403,
        code="AccessDenied",
        message="Access Denied",
        operation="GetObject",
        claim=None,
        account=None,
        arn="",
        accesses=(),
    )


def kept(ring: RefusedRequests, numbers: range) -> list[int]:
    return [number for number in numbers if ring.get(f"{number:016X}") is not None]


def test_oldest_go_when_there_are_too_many() -> None:
    ring = RefusedRequests(ManualClock(), entries_max=3)
    for number in range(10):
        ring.add(refused(number))
    assert kept(ring, range(10)) == [7, 8, 9] and len(ring) == 3


def test_oldest_go_when_they_are_too_large() -> None:
    large = RequestHead("GET", b"/" + b"k" * 10_000, b"", ())
    ring = RefusedRequests(ManualClock(), bytes_max=50_000)
    for number in range(10):
        ring.add(refused(number, large))
        assert ring.size_bytes <= 50_000
    assert kept(ring, range(10)) == [6, 7, 8, 9]
    # What is larger than all together is not kept either.
    ring.add(refused(10, RequestHead("GET", b"/" + b"k" * 60_000, b"", ())))
    assert (len(ring), ring.size_bytes) == (0, 0)


def test_they_are_forgotten_after_an_hour() -> None:
    clock = ManualClock()
    ring = RefusedRequests(clock)
    ring.add(refused(1))
    clock.advance(KEPT_MS - 1)
    assert kept(ring, range(3)) == [1]
    ring.add(refused(2))
    clock.advance(1)
    assert kept(ring, range(3)) == [2]
    ring.add(refused(0))
    assert len(ring) == 2


def test_what_is_kept_shows_no_header_by_itself() -> None:
    text = repr(refused(1, signed(headers={"Cookie": "secret-of-x"}, token="token-of-x")))
    assert "of-x" not in text and "Signature" not in text
