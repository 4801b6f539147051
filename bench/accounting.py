"""What the machine and the processes spent: CPU seconds and memory, read from /proc."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals of a process with all its descendants, those already ended included."""

    cpu_seconds: float
    resident_bytes: int
    processes: int


def _stat_fields(pid: int) -> list[bytes] | None:
    """Fields of /proc/PID/stat from `state` on (proc(5) calls that one the third)."""
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None  # it ended between the listing and the look
    return line[line.rindex(b")") + 2 :].split()


def _process_tree(root_pid: int) -> dict[int, list[bytes]]:
    """`root_pid` and its descendants, each with its fields of /proc/PID/stat.

    Raises ProcessLookupError: there is no such process.
    """
    fields_of = {
        int(name): fields
        for name in os.listdir("/proc")
        if name.isdigit() and (fields := _stat_fields(int(name))) is not None
    }
    if root_pid not in fields_of:
        raise ProcessLookupError(f"no process {root_pid}")
    children: dict[int, list[int]] = {}
    for pid, fields in fields_of.items():
        children.setdefault(int(fields[1]), []).append(pid)
    members, waiting = dict[int, list[bytes]](), [root_pid]
    while waiting:
        pid = waiting.pop()
        members[pid] = fields_of[pid]
        waiting.extend(children.get(pid, ()))
    return members


def process_tree(root_pid: int) -> list[int]:
    """`root_pid` and its descendants. Raises ProcessLookupError: there is no such process."""
    return list(_process_tree(root_pid))


def process_tree_usage(root_pid: int) -> Usage:
    """Sum over `root_pid` and its descendants.

    Raises ProcessLookupError: there is no such process.
    """
    members = _process_tree(root_pid)
    # utime, stime, cutime, cstime: the last two are of children that were waited for.
    ticks = sum(int(field) for fields in members.values() for field in fields[11:15])
    pages = sum(int(fields[21]) for fields in members.values())
    return Usage(ticks / _TICKS_PER_SECOND, pages * _PAGE_BYTES, len(members))


@dataclass(frozen=True, slots=True)
class Charged:
    """Whose CPU counts as the server's.

    Attributes:
        roots: processes by role; each counts with all its descendants.
    """

    roots: Mapping[str, Sequence[int]]

    @classmethod
    def one(cls, pid: int | None) -> "Charged | None":
        """A single process that is everything, where one is given."""
        return None if pid is None else cls({"server": [pid]})

    def usage(self) -> dict[str, Usage]:
        """By role. Raises ProcessLookupError: one of the processes has ended."""
        return {
            role: total_usage([process_tree_usage(pid) for pid in pids])
            for role, pids in self.roots.items()
        }


def total_usage(parts: Sequence[Usage]) -> Usage:
    return Usage(
        sum(part.cpu_seconds for part in parts),
        sum(part.resident_bytes for part in parts),
        sum(part.processes for part in parts),
    )


def machine_busy_seconds() -> float:
    """CPU seconds that the whole machine has spent on anything since it started."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return (sum(fields) - idle) / _TICKS_PER_SECOND


def _first_value(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a reader must know before comparing two results."""

    taken_at: str
    cpu_model: str
    cores: int
    memory_kib: int
    kernel: str
    python: str
    load_average_1min: float

    @classmethod
    def read(cls) -> "Machine":
        return cls(
            taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
            cpu_model=_first_value("/proc/cpuinfo", "model name"),
            cores=os.cpu_count() or 1,
            memory_kib=int(_first_value("/proc/meminfo", "MemTotal").removesuffix(" kB")),
            kernel=platform.release(),
            python=platform.python_version(),
            load_average_1min=round(os.getloadavg()[0], 2),
        )

    def as_json(self) -> dict[str, str | int | float]:
        return asdict(self)
