"""Results as JSON on disk and as tables on a terminal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.accounting import Machine
from bench.measure import Result

FORMAT: Final = 1

Row = Mapping[str, Any]
"""One `Result` as JSON gives it back."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one run wrote: its label, the machine, and a row for each phase and concurrency."""

    label: str
    machine: Row
    rows: list[Row]


def write(
    path: Path, *, label: str, settings: Row, machine: Machine, results: Sequence[Result]
) -> None:
    document = {
        "format": FORMAT,
        "label": label,
        "machine": machine.as_json(),
        "settings": dict(settings),
        "results": [result.as_json() for result in results],
    }
    path.write_text(json.dumps(document, indent=1) + "\n")


def read(path: Path) -> Report:
    """Raises ValueError: not a report of this format. OSError: cannot be read."""
    document = json.loads(path.read_text())
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{path}: not a benchmark result of format {FORMAT}")
    return Report(document["label"], document["machine"], document["results"])


def aligned(table: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell; the first one to the left, the others to the right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    )


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def ratio(before: float | None, after: float | None) -> str:
    if not before or after is None:
        return "-"
    return f"{after / before:.2f}x"


RESULT_COLUMNS: Final = (
    "phase", "conc", "ops/s", "MiB/s", "p50 ms", "p99 ms", "srv ms/op", "srv s/GB", "cli ms/op",
    "busy cores", "srv MiB", "errors",
)  # fmt: skip


def result_cells(row: Row) -> list[str]:
    return [
        str(row["phase"]),
        str(row["concurrency"]),
        number(row["operations_per_second"]),
        number(row["mebibytes_per_second"] or None),
        number(row["p50_ms"]),
        number(row["p99_ms"]),
        number(row["server_cpu_ms"]),
        number(row["server_cpu_seconds_per_gb"]),
        number(row["client_cpu_ms"]),
        number(row["machine_busy_cores"]),
        number(row["server_resident_mib"]),
        str(row["errors"]),
    ]


def result_table(rows: Sequence[Row]) -> str:
    return aligned([RESULT_COLUMNS, *(result_cells(row) for row in rows)])


def comparison_table(before: Report, after: Report) -> str:
    """Both results and after / before, for the phases and concurrencies that both have."""
    compared = (
        ("ops/s", "operations_per_second"),
        ("p50 ms", "p50_ms"),
        ("p99 ms", "p99_ms"),
        ("srv ms/op", "server_cpu_ms"),
    )
    header = ["phase", "conc"]
    for title, _ in compared:
        header += [f"{title} A", "B", "B/A"]
    table = [header]
    earlier = {(row["phase"], row["concurrency"]): row for row in before.rows}
    for row in after.rows:
        match = earlier.get((row["phase"], row["concurrency"]))
        if match is None:
            continue
        cells = [str(row["phase"]), str(row["concurrency"])]
        for _, field in compared:
            cells += [number(match[field]), number(row[field]), ratio(match[field], row[field])]
        table.append(cells)
    return f"A = {before.label}, B = {after.label}\n{aligned(table)}"


def differing_facts(before: Report, after: Report) -> list[str]:
    """Machine facts that make the two results hard to compare."""
    names = ("cpu_model", "cores", "memory_kib", "kernel", "python")
    return [
        f"{name}: A {before.machine.get(name)}, B {after.machine.get(name)}"
        for name in names
        if before.machine.get(name) != after.machine.get(name)
    ]
