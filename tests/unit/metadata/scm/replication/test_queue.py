"""Containers wait for their repair, the most endangered first."""

from trioxygen.metadata.scm.replication.queue import RepairQueue


def test_most_endangered_come_first_and_others_in_their_order() -> None:
    queue = RepairQueue(10)
    for container_id, remaining in ((1, 1), (2, 0), (3, 1), (4, -1)):
        queue.put(container_id, remaining)
    assert list(queue.take(10)) == [4, 2, 1, 3] and len(queue) == 0


def test_container_waits_once_at_the_place_that_was_said_last() -> None:
    queue = RepairQueue(10)
    for container_id, remaining in ((1, 1), (2, 1), (2, 0), (2, 0), (3, 0), (3, 2)):
        queue.put(container_id, remaining)
    queue.put(4, 0)
    queue.discard(4)
    assert list(queue.take(10)) == [2, 1, 3]


def test_queue_is_bounded() -> None:
    queue = RepairQueue(2)
    for container_id in (1, 2, 3):
        queue.put(container_id, 1)
    queue.put(2, 0)
    assert list(queue.take(10)) == [2, 1]


def test_most_endangered_is_taken_though_the_queue_is_full_of_others() -> None:
    queue = RepairQueue(2)
    for container_id, remaining in ((1, 2), (2, 2), (3, 0), (4, 2)):
        queue.put(container_id, remaining)
    assert list(queue.take(10)) == [3, 1]


def test_those_whose_nodes_are_busy_keep_no_others_from_their_turn() -> None:
    queue = RepairQueue(100)
    for container_id in range(50):
        queue.put(container_id, 0)
    for container_id, remaining in ((70, 1), (71, 1), (80, 2)):
        queue.put(container_id, remaining)
    taken = list(queue.take(6))
    assert taken == [0, 1, 2, 3, 70, 80] and len(queue) == 47
    # All of them are busy, and wait again: the next ones come, as often of each.
    for container_id in taken[:4]:
        queue.put(container_id, 0)
    assert list(queue.take(6)) == [4, 5, 6, 7, 71]


def test_container_that_comes_and_goes_leaves_nothing_behind_and_its_place_is_the_last() -> None:
    queue = RepairQueue(3)
    queue.put(1, 1)
    queue.put(2, 1)
    for _ in range(1_000):
        queue.discard(1)
        queue.put(1, 1)
    assert list(queue.take(10)) == [2, 1] and not queue._ranks
