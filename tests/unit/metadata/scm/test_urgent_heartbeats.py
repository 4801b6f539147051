"""How soon DataNodes come again when they are waited for."""

from trioxygen.metadata.scm.heartbeats import urgent_interval_ms


def test_many_nodes_that_are_waited_for_come_less_often() -> None:
    assert urgent_interval_ms(1) == urgent_interval_ms(90) == 300
    assert urgent_interval_ms(300) == 1_000
    # As often as by themselves.
    assert urgent_interval_ms(900) == 3_000
