"""Which key signs block tokens, and which count."""

from tests.unit.metadata.manual_clock import ManualClock
from trioxygen.common.block_token import Access, Operation, refusal, unchecked
from trioxygen.common.token_keys import KeyRing, TokenKey, signed_token


def ring_of(clock: ManualClock, *signs_from_ms: float) -> KeyRing:
    ring = KeyRing(clock)
    ring.replace(
        TokenKey(number, bytes([number]) * 32, at)
        for number, at in enumerate(signs_from_ms, start=1)
    )
    return ring


def test_newest_key_that_everybody_has_signs() -> None:
    clock = ManualClock()
    now_ms = clock.monotonic_ms()
    ring = ring_of(clock, now_ms - 20, now_ms - 10, now_ms + 5)
    first = ring.signing()
    assert first is not None and first.key_id == 2
    clock.advance(5)
    second = ring.signing()
    assert second is not None and second.key_id == 3


def test_only_key_signs_at_once_and_without_one_nothing_is_signed() -> None:
    clock = ManualClock()
    only = ring_of(clock, clock.monotonic_ms() + 1_000).signing()
    assert only is not None and only.key_id == 1
    assert KeyRing(clock).signing() is None
    assert signed_token(KeyRing(clock), "gateway/gw1", Operation.READ, 3) == b""


def test_token_counts_as_long_as_its_key() -> None:
    clock = ManualClock()
    ring = ring_of(clock, 0, 0)
    data = signed_token(ring, "gateway/gw1", Operation.READ, 3, first_local=4, blocks=1)
    token = unchecked(data)
    assert token is not None and token.key_id == 2
    access = Access(Operation.READ, 3, 4)
    assert refusal(data, access, "gateway/gw1", ring.secret) is None
    clock.advance(10**9)
    assert refusal(data, access, "gateway/gw1", ring.secret) is None
    ring.replace([])
    assert refusal(data, access, "gateway/gw1", ring.secret) is not None


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(TokenKey(1, b"secret", 0))
