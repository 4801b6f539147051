"""Results on disk and side by side."""

from pathlib import Path
from typing import Any

import pytest

from bench.accounting import Machine
from bench.measure import Result, quantile
from bench.report import comparison_table, differing_facts, number, ratio, read, write

FACTS: dict[str, Any] = {
    "phase": "put4k",
    "concurrency": 8,
    "operations": 1000,
    "errors": 0,
    "seconds": 1.0,
    "mebibytes_per_second": 3.9,
    "p50_ms": 1.0,
    "p90_ms": 1.5,
    "p99_ms": 2.0,
    "max_ms": 9.0,
    "client_cpu_ms": 0.1,
    "machine_busy_cores": 1.5,
    "server_cpu_seconds_per_gb": None,
    "server_resident_mib": None,
}


def result(operations_per_second: float, server_cpu_ms: float | None) -> Result:
    return Result(operations_per_second=operations_per_second, server_cpu_ms=server_cpu_ms, **FACTS)


def test_comparison_shows_both_results_and_their_ratio(tmp_path: Path) -> None:
    for name, rate in (("a", 1000.0), ("b", 2500.0)):
        write(
            tmp_path / name,
            label=f"build-{name}",
            settings={"seconds": 1.0},
            machine=Machine.read(),
            results=[result(rate, 0.5)],
        )
    before, after = read(tmp_path / "a"), read(tmp_path / "b")
    title, _, row = comparison_table(before, after).splitlines()
    assert title == "A = build-a, B = build-b"
    assert row.split()[:5] == ["put4k", "8", "1,000", "2,500", "2.50x"]
    assert differing_facts(before, after) == []


def test_ratio_is_left_out_when_a_side_is_missing() -> None:
    assert ratio(None, 1.0) == ratio(1.0, None) == ratio(0.0, 1.0) == "-"
    assert number(None) == "-"


def test_file_of_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text('{"format": 99}')
    with pytest.raises(ValueError, match="format 1"):
        read(tmp_path / "other.json")


def test_quantile_takes_the_nearest_rank() -> None:
    ordered = [float(rank) for rank in range(100)]
    assert (quantile(ordered, 0.5), quantile(ordered, 0.99), quantile(ordered, 1.0)) == (50, 99, 99)
    assert quantile([], 0.5) == 0.0
