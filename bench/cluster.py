"""What an operation costs each role of a cluster, by storage class; beside the budgets."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bench.accounting import Charged, total_usage
from bench.budgets import budget_table
from bench.local_cluster import LocalCluster
from bench.measure import Result
from bench.report import aligned, number
from bench.run import Settings, Target, measure_phases

# Kept on three DataNodes, as the budgets have it.
BUDGETED_CLASS: Final = "STANDARD"
CLASSES: Final = (BUDGETED_CLASS, "REDUCED_REDUNDANCY", "EC_3_2")
# Of which DataNodes each class needs that many.
DATANODES_NEEDED: Final = {"EC_3_2": 5, "EC_6_3": 9, "EC_10_4": 14}
DATANODES_MIN: Final = 3
_IDLE_PHASE: Final = "idle"


def datanodes_for(classes: Sequence[str]) -> int:
    return max(DATANODES_NEEDED.get(each, DATANODES_MIN) for each in classes)


def target_of(cluster: LocalCluster, *, region: str, signs_payload: bool) -> Target:
    return Target(
        endpoint=cluster.endpoint,
        access_key=cluster.access_key,
        secret_key=cluster.secret_key,
        region=region,
        signs_payload=signs_payload,
        charged=cluster.charged(),
    )


async def measure_idle(charged: Charged, seconds: float) -> Result:
    """One operation is a second in which nothing is asked."""
    before, began = charged.usage(), time.perf_counter()
    await asyncio.sleep(seconds)
    after, elapsed = charged.usage(), time.perf_counter() - began
    by_role = {
        role: round((after[role].cpu_seconds - before[role].cpu_seconds) / elapsed * 1e3, 2)
        for role in after
    }
    none: Mapping[str, Any] = dict.fromkeys(
        (
            *("p50_ms", "p90_ms", "p99_ms", "max_ms", "client_cpu_ms", "machine_busy_cores"),
            *("mebibytes_per_second", "operations_per_second"),
        ),
        0.0,
    )
    return Result(
        phase=_IDLE_PHASE,
        concurrency=0,
        operations=round(elapsed),
        errors=0,
        seconds=round(elapsed, 3),
        server_cpu_ms=round(sum(by_role.values()), 2),
        server_cpu_seconds_per_gb=None,
        server_resident_mib=round(total_usage(list(after.values())).resident_bytes / 2**20, 1),
        server_cpu_ms_by_role=by_role,
        **none,
    )


def role_table(results: Sequence[Result]) -> str:
    """CPU ms of each role for one operation."""
    roles = list(results[0].server_cpu_ms_by_role)
    columns = ("phase", "class", "conc", "ops/s", "p50 ms", "p99 ms")
    names = (*columns, "all ms/op", *(f"{role} ms" for role in roles), "all s/GB", "errors")
    rows: list[tuple[str, ...]] = [names]
    for result in results:
        rows.append(
            (
                result.phase,
                result.storage_class or "-",
                str(result.concurrency),
                number(result.operations_per_second or None),
                number(result.p50_ms or None),
                number(result.p99_ms or None),
                number(result.server_cpu_ms),
                *(number(result.server_cpu_ms_by_role[role]) for role in roles),
                number(result.server_cpu_seconds_per_gb),
                str(result.errors),
            )
        )
    return aligned(rows)


async def measure_cluster(
    target: Target, settings: Settings, *, classes: Sequence[str], idle_seconds: float
) -> list[Result]:
    """Prints results as they come, then what each role spent, then the budgets."""
    assert target.charged is not None
    results = [await measure_idle(target.charged, idle_seconds)]
    by_class = dict[str, list[Result]]()
    for storage_class in classes:
        by_class[storage_class] = await measure_phases(
            target, settings, storage_class=storage_class
        )
        results += by_class[storage_class]
    print(role_table(results))
    if BUDGETED_CLASS in by_class:
        print(budget_table(by_class[BUDGETED_CLASS]))
    return results
