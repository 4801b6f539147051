"""What is left is told in words, and nothing is promised that cannot be."""

from typing import Any

import pytest

from trioxygen.cli.admin.departures import about_text, left_text, progress_text, waiting_texts
from trioxygen.cli.admin.objects import Held, find_objects, print_objects
from trioxygen.cli.admin.replication import Countdown, deletion_fields
from trioxygen.cli.client.admin import AdminClient
from trioxygen.cli.client.servers import Server


def departure(**changed: Any) -> dict[str, Any]:
    waiting = [{"container_id": number, "reason": "so"} for number in range(7)]
    whole = {
        "is_counted": True,
        "containers": 9,
        "containers_left": 8,
        "bytes_left": 2_048,
        "pipelines_left": 0,
        "estimated_ms": 61_000,
        "unplaced": 0,
        "waits_for": "",
        "waiting": waiting,
    }
    return {**whole, **changed}


def test_what_is_left_has_a_time_only_where_it_ends_by_itself() -> None:
    assert left_text(departure()) == "8 of 9 containers left (2.0 KiB), about 1 min 1 s"
    assert left_text(departure(is_counted=False)) == "not counted yet"
    assert about_text(departure(unplaced=1)) == "not before a DataNode can take them"
    assert about_text(departure(estimated_ms=0)) == ""
    unheard = departure(is_counted=False, waits_for="its report", waiting=[])
    assert progress_text(unheard) == "not counted yet, waits for its report"
    assert waiting_texts(unheard) == ["its report"]
    texts = waiting_texts(departure())
    assert (len(texts), texts[0], texts[-1]) == (6, "container 0: so", "and 3 more")


def repairs(**changed: Any) -> dict[str, Any]:
    health = [{"health": "under_replicated", "count": 5}, {"health": "missing", "count": 1}]
    counted = {"queued": 0, "copies": 0, "rebuilds": 0, "unplaced": 0, "made_bytes_per_s": 0}
    return {"is_waiting": False, "looked_at_all": True, "health": health, **counted, **changed}


def test_repairs_are_waited_for_while_something_can_be_made() -> None:
    countdown = Countdown()
    step, _ = countdown.of_repairs(repairs(unplaced=2, copies=1))
    assert (step.done, step.total, step.is_over) == (0, 3, False)
    assert step.text == "5 containers, 1 copies under way, 2 that no DataNode can take"
    assert not countdown.of_repairs(repairs(unplaced=5, copies=1))[0].is_over
    step, _ = countdown.of_repairs(repairs(unplaced=5))
    assert (step.done, step.total, step.is_over) == (3, 3, True)
    assert not countdown.of_repairs(repairs(is_waiting=True))[0].is_over


def test_deletion_says_first_how_many_bytes_are_to_reclaim_since_when_and_how_fast() -> None:
    view: dict[str, Any] = {
        "bytes_to_reclaim": 3 * 2**20,
        "oldest_ms": 61_000,
        "bytes_per_s": 2_048,
        "kept_bytes": 2**20,
        "kept_ranges": 4,
        "transactions": 1,
        "blocks": 5,
        "estimated_bytes": 2 * 2**20,
        "oldest_waits_for": ["dn1", "dn2"],
        "blocks_per_s": 7,
        "garbage_bytes": 0,
        "is_counted": True,
    }
    assert deletion_fields(view)[:5] == [
        ("to reclaim", "3.0 MiB"),
        ("oldest", "1 min 1 s"),
        ("rate", "2.0 KiB and 7 blocks in a second"),
        ("kept for readers", "1.0 MiB in 4 ranges of blocks, for gc_delay_seconds"),
        ("being deleted", "2.0 MiB in 5 blocks, waits for dn1, dn2"),
    ]
    step, _ = Countdown().of_deletions(view)
    assert (step.total, step.is_over) == (9, False)
    assert step.text == (
        "3.0 MiB in 5 blocks and 4 ranges that are kept for readers, waits for dn1, dn2"
    )
    begun = dict(deletion_fields({**view, "is_counted": False}))
    assert begun["to reclaim"] == "3.0 MiB, and what is not counted yet"
    done = {**view, "transactions": 0, "kept_ranges": 0, "blocks": 0}
    assert dict(deletion_fields(done))["oldest"] == "none"
    assert Countdown().of_deletions(done)[0].is_over


class Pages(AdminClient):
    """An admin port that names one object a page."""

    def __init__(self, count: int) -> None:
        super().__init__(lambda: Server("", "", ""))
        self._count, self.asked = count, 0

    def get(self, path: str, **query: Any) -> Any:
        self.asked += 1
        number = int(query["after"] or 0)
        holder = {
            **{"kind": "OBJECT", "volume": "s3v", "bucket": "b", "key": f"k{number}"},
            **{"size_bytes": 5, "held_bytes": 5, "container_ids": [7], "object_id": number},
            "upload_id": "",
        }
        return {
            "holders": [holder],
            "next": str(number + 1) if number + 1 < self._count else "",
            "examined": 10,
            "rows": 10 * self._count,
            "containers": [] if number else [{"container_id": 7, "blocks": 3, "is_all": True}],
        }


def objects(pages: Pages, limit: int) -> Held:
    return find_objects(pages, [7], limit=limit, as_json=True)


def test_objects_are_asked_for_until_all_are_named_or_enough(
    capsys: pytest.CaptureFixture[str],
) -> None:
    pages = Pages(3)
    held = objects(pages, 3)
    assert (len(held.holders), held.examined, held.is_whole) == (3, 30, True)
    print_objects(held)
    shown = capsys.readouterr()
    assert "s3v/b" in shown.out and "k2" in shown.out
    assert shown.err == "3 named of what refers to 3 blocks in 1 containers\n"
    few = objects(Pages(3), 2)
    assert (len(few.holders), few.is_whole) == (2, False)
    print_objects(few)
    assert "there may be more" in capsys.readouterr().err
