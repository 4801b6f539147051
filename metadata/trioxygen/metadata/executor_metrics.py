"""What an executor counts."""

from typing import Any

from google.protobuf.message import Message
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from trioxygen.metadata.replicated_state import ReplicatedState


class ExecutorMetrics:
    """Args:
    name: of the service.
    """

    def __init__(self, name: str, registry: CollectorRegistry, state: ReplicatedState) -> None:
        self._commands = Counter(
            f"trioxygen_{name}_commands",
            "Commands executed",
            ["command", "code"],
            registry=registry,
        )
        self._batches = Histogram(
            f"trioxygen_{name}_batch_commands",
            "Commands in one batch",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=registry,
        )
        refused = Gauge(
            f"trioxygen_{name}_refused_entries",
            "Entries of the log that are no changes, since the start",
            registry=registry,
        )
        refused.set_function(lambda: state.refused_entries)
        self._counters: dict[tuple[type[Message], int], Any] = {}

    def batch(self, commands: int) -> None:
        self._batches.observe(commands)

    def count(self, command: type[Message], code: int) -> None:
        counter = self._counters.get((command, code))
        if counter is None:
            counter = self._commands.labels(command.__name__, str(code))
            self._counters[command, code] = counter
        counter.inc()
