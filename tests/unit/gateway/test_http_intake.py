"""Senders wait for their turn while bodies fill what they may take of memory."""

from trioxygen.gateway.http_intake import Intake


class Waiting:
    def __init__(self) -> None:
        self.turns = 0

    def resume_body(self) -> None:
        self.turns += 1


def test_senders_go_on_in_their_order_once_there_is_room() -> None:
    intake = Intake(100)
    first, gone, last = Waiting(), Waiting(), Waiting()
    intake.add(150)
    for sender in (first, gone, last):
        intake.wait(sender)
    intake.forget(gone)
    intake.release(50)
    assert intake.is_full
    assert (first.turns, last.turns) == (0, 0)
    intake.release(1)
    assert (first.turns, gone.turns, last.turns) == (1, 0, 1)
    assert intake.held_bytes == 99
