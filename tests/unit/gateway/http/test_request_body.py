"""Who answers for the memory of a body, from its first byte until nobody wants it."""

from collections.abc import Callable

from trioxygen.gateway.http.intake import Intake
from trioxygen.gateway.http.request_body import RequestBody
from trioxygen.gateway.http.states import BodyState


def never(seconds: float, then: Callable[[], None]) -> None:
    raise AssertionError("nobody waits here")


def intake() -> Intake:
    return Intake(1_000_000, never)


def test_body_counts_as_unasked_until_it_is_asked_for_then_for_its_holder() -> None:
    shared = intake()
    body = RequestBody(shared)
    body.add(b"1234")
    assert (shared.unasked_bytes, shared.held_bytes) == (4, 0)
    body.ask("account a")
    body.add(b"56")
    assert (shared.unasked_bytes, shared.held_bytes) == (0, 6)
    assert (body.holder, body.had_bytes, body.unread_bytes) == ("account a", 6, 6)


def test_piece_is_held_until_the_application_comes_back_for_the_next() -> None:
    shared = intake()
    body = RequestBody(shared)
    body.ask("a")
    body.add(b"1234")
    assert body.take() == (b"1234", True)
    assert shared.held_bytes == 4 and not body.pieces
    body.give_back()
    body.give_back()
    assert shared.held_bytes == 0


def test_last_piece_says_so_and_frees_its_memory_at_once() -> None:
    shared = intake()
    body = RequestBody(shared)
    body.ask("a")
    body.add(b"12")
    body.is_complete = True
    assert body.take() == (b"12", False)
    assert shared.held_bytes == 0
    assert not body.take_end()


def test_end_of_a_body_whose_pieces_were_taken_before_is_told_once() -> None:
    body = RequestBody(intake())
    body.ask("a")
    assert not body.take_end()
    body.is_complete = True
    assert body.take_end()
    assert not body.take_end()


def test_settled_body_leaves_nothing_in_memory_and_takes_nothing() -> None:
    for is_asked_for in (False, True):
        shared = intake()
        body = RequestBody(shared)
        body.add(b"1234")
        if is_asked_for:
            body.ask("a")
            body.add(b"5")
            body.take()
        body.settle()
        body.settle()
        body.add(b"6")
        assert (shared.unasked_bytes, shared.held_bytes) == (0, 0)
        assert body.state is BodyState.SETTLED and not body.pieces
