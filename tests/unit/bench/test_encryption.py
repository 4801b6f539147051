"""What encryption costs is the difference of medians."""

from bench.encryption import Cost, cost_table, costs
from bench.measure import Result


def result(phase: str, *, cpu_ms: float, seconds_per_gb: float | None = None) -> Result:
    return Result(
        phase=phase,
        concurrency=8,
        operations=100,
        errors=0,
        seconds=1.0,
        operations_per_second=100.0,
        mebibytes_per_second=0.0,
        p50_ms=1.0,
        p90_ms=1.0,
        p99_ms=1.0,
        max_ms=1.0,
        client_cpu_ms=0.1,
        machine_busy_cores=1.0,
        server_cpu_ms=cpu_ms,
        server_cpu_seconds_per_gb=seconds_per_gb,
        server_resident_mib=None,
    )


def test_medians_of_rounds_are_compared() -> None:
    plain = [result("put4k", cpu_ms=each) for each in (0.5, 0.6, 9.0)]
    sealed = [result("put4k", cpu_ms=each) for each in (0.62, 0.1, 0.7)]
    [small] = costs(plain, sealed)
    assert (small.phase, small.unit, round(small.more), small.bound) == ("put4k", "us", 20, 25.0)
    large = [result("get64m", cpu_ms=9.0, seconds_per_gb=each) for each in (0.25, 0.5)]
    [cost] = costs(large[:1], large[1:])
    assert cost == Cost("get64m", 0.25, 0.5, "s/GB", 0.35)
    assert cost_table([cost]).splitlines()[1].split() == "get64m s/GB 0.25 0.5 0.25 0.35".split()
