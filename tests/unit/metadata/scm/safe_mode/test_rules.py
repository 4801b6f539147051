import pytest

from trioxygen.metadata.scm.safe_mode.rules import (
    Share,
    blocks_rule,
    containers_rule,
    datanodes_rule,
    pipelines_rule,
)


@pytest.mark.parametrize(
    ("have", "of", "percent", "reaches"),
    [
        (0, 0, 99, True),
        (2, 3, 60, True),
        (1, 2, 60, False),
        (98, 100, 99, False),
        (99, 100, 99, True),
    ],
)
def test_share_is_rounded_up(have: int, of: int, percent: int, reaches: bool) -> None:
    assert Share(have, of).reaches(percent) is reaches


def test_blocks_wait_for_a_node_then_for_its_report() -> None:
    def waits_for(known: int, reported: int, silence_left_ms: float) -> str:
        rule = blocks_rule(
            gives=False, known=known, reported=reported, silence_left_ms=silence_left_ms
        )
        assert not rule.passed
        return rule.waits_for

    assert waits_for(0, 0, 30_000) == "no DataNode has registered yet"
    told = "1 of 3 DataNodes have reported; waits for reports"
    assert waits_for(3, 1, 1_001) == f"{told} for 2 s more"
    assert waits_for(3, 0, 0).endswith("waits for reports of one")
    assert blocks_rule(gives=True, known=0, reported=0, silence_left_ms=0).passed


def test_datanodes_have_all_reported_or_most_after_a_silence() -> None:
    def rule(have: int, *, are_silent: bool) -> tuple[bool, str]:
        state = datanodes_rule(
            Share(have, 5),
            percent=60,
            are_silent=are_silent,
            silence_left_ms=0 if are_silent else 500,
        )
        return state.passed, state.waits_for

    assert rule(5, are_silent=False) == (True, "")
    told = "4 of 5 DataNodes have reported all they hold"
    assert rule(4, are_silent=False) == (
        False,
        f"{told}; waits for the others, or 1 s more if 60 % have by then",
    )
    assert rule(3, are_silent=True) == (True, "")
    assert rule(2, are_silent=True)[1].endswith("waits for 60 %")


def test_containers_are_counted_before_they_pass() -> None:
    unheard = ["dn1"]
    assert containers_rule(Share(0, 0), percent=99, unheard=unheard).passed
    assert containers_rule(Share(99, 100), percent=99, unheard=unheard).passed
    counting = containers_rule(Share(0, 0), percent=99, unheard=[], is_counted=False)
    assert counting.waits_for == "the closed containers are still being counted"
    assert not containers_rule(Share(98, 100), percent=99, unheard=unheard).passed


def test_containers_that_nobody_can_have_hold_nothing_up() -> None:
    assert containers_rule(Share(0, 100), percent=99, unheard=[]).passed
    many = [f"dn{number}" for number in range(1, 8)]
    waits_for = containers_rule(Share(0, 100), percent=99, unheard=many).waits_for
    assert waits_for.endswith("all DataNodes (not dn1, dn2, dn3, dn4, dn5 and 2 more)")


def test_one_pipeline_at_least_has_a_leader_where_there_is_any() -> None:
    assert pipelines_rule(Share(0, 0), percent=10).passed
    assert not pipelines_rule(Share(0, 3), percent=10).passed
    assert pipelines_rule(Share(1, 3), percent=10).passed
    assert pipelines_rule(Share(1, 30), percent=10).waits_for.endswith("waits for 3")
