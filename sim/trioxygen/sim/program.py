"""The command line of a kind of simulation: one run, or many."""

import argparse
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from trioxygen.sim.result import Result

OptionsT = TypeVar("OptionsT")


class Runs(Protocol[OptionsT]):
    def __call__(
        self,
        seed: int,
        options: OptionsT,
        *,
        write_trace: Callable[[str], object] | None = None,
    ) -> Result[OptionsT]: ...


@dataclass(frozen=True, slots=True)
class Program(Generic[OptionsT]):
    """Attributes:
    module: that is run, with `python -m`.
    parse: `name=value`, of its options.
    """

    module: str
    description: str
    parse: Callable[[str], tuple[str, Any]]
    from_seed: Callable[[int, dict[str, Any]], OptionsT]
    run: Runs[OptionsT]

    def main(self, arguments: list[str]) -> int:
        parsed = self._arguments(arguments)
        options = dict(self.parse(text) for text in parsed.option)
        # Faults make the services complain; what they did is in the trace.
        logging.disable(logging.CRITICAL)
        if parsed.seed is not None:
            write = print if parsed.trace else None
            result = self.run(parsed.seed, self.from_seed(parsed.seed, options), write_trace=write)
            _tell(result)
            return 1 if result.failure else 0
        first, _, last = parsed.seeds.partition("..")
        failed: list[int] = []
        for seed in range(int(first), int(last or first) + 1):
            began = time.perf_counter()
            result = self.run(seed, self.from_seed(seed, options))
            _tell(result)
            print(f"  {time.perf_counter() - began:.1f} s")
            if result.failure:
                failed.append(seed)
        print(f"failed: {failed}")
        return 1 if failed else 0

    def _arguments(self, arguments: list[str]) -> argparse.Namespace:
        parser = argparse.ArgumentParser(
            prog=f"python -m {self.module}", description=self.description
        )
        parser.add_argument("--seed", type=int, help="one run")
        parser.add_argument("--seeds", help="many runs: FIRST..LAST")
        parser.add_argument("--option", action="append", default=[], help="NAME=VALUE")
        parser.add_argument("--trace", action="store_true", help="print all events of one run")
        parsed = parser.parse_args(arguments)
        if (parsed.seed is None) == (parsed.seeds is None):
            parser.error("give --seed or --seeds")
        return parsed


def _tell(result: Result[Any]) -> None:
    counts = " ".join(f"{name}={count}" for name, count in sorted(result.counts.items()))
    print(f"seed {result.seed} digest {result.digest} {result.virtual_s:.1f} virtual s: {counts}")
    if result.failure:
        print("\n".join(result.last_events))
        print(f"FAILED seed {result.seed}: {result.failure}\n{result.traceback}{result.options}")
