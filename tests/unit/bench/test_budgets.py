"""What a cluster's operations may cost, and what is said of it."""

from dataclasses import replace
from typing import Any

from bench.budgets import CLUSTER, Budget, Figure, budget_table, verdict
from bench.cluster import datanodes_for, role_table
from bench.measure import Result

NOTHING: dict[str, Any] = dict.fromkeys(
    (
        *("operations", "errors", "seconds", "operations_per_second", "mebibytes_per_second"),
        *("p50_ms", "p90_ms", "p99_ms", "max_ms", "client_cpu_ms", "machine_busy_cores"),
        *("server_cpu_ms", "server_cpu_seconds_per_gb", "server_resident_mib"),
    ),
    0,
)


def result(phase: str, concurrency: int, **facts: Any) -> Result:
    return replace(Result(phase=phase, concurrency=concurrency, **NOTHING), **facts)


def test_the_limit_itself_is_kept_to_and_what_is_above_it_is_not() -> None:
    budget = Budget("put4k", 8, Figure.CPU_MS, 1.2)
    results = {("put4k", 8): result("put4k", 8, server_cpu_ms=1.2)}
    assert verdict(budget, results) == ("1.2", "met")
    results = {("put4k", 8): result("put4k", 8, server_cpu_ms=1.8)}
    assert verdict(budget, results) == ("1.8", "not met: 1.50x")


def test_a_rate_is_a_least_value() -> None:
    budget = Budget("put4k", 32, Figure.RATE, 1_000)
    results = {("put4k", 32): result("put4k", 32, operations_per_second=999.0)}
    assert verdict(budget, results)[1].startswith("not met")
    results = {("put4k", 32): result("put4k", 32, operations_per_second=1_000.0)}
    assert verdict(budget, results)[1] == "met"


def test_a_budget_without_its_phase_is_not_called_met() -> None:
    table = budget_table([result("head", 8, server_cpu_ms=0.1)]).splitlines()
    assert len(table) == len(CLUSTER) + 1
    assert [line for line in table if line.endswith(" met")] == [table[4]]
    assert sum(line.endswith("not measured") for line in table) == len(CLUSTER) - 1


def test_what_failed_keeps_to_no_budget() -> None:
    budget = Budget("put4k", 8, Figure.CPU_MS, 1.2)
    results = {("put4k", 8): result("put4k", 8, server_cpu_ms=0.1, errors=3)}
    assert verdict(budget, results) == ("0.1", "says nothing: 3 errors")


def test_what_each_role_spent_has_a_column() -> None:
    spent = {"om": 0.25, "datanode": 1.5}
    table = role_table([result("put4k", 8, server_cpu_ms=1.75, server_cpu_ms_by_role=spent)])
    head, row = table.splitlines()
    assert "om ms" in head and "datanode ms" in head
    assert row.split()[-5:] == ["1.75", "0.25", "1.5", "0", "0"]


def test_a_class_says_how_many_datanodes_it_needs() -> None:
    assert datanodes_for(["STANDARD", "REDUCED_REDUNDANCY"]) == 3
    assert datanodes_for(["STANDARD", "EC_3_2"]) == 5
