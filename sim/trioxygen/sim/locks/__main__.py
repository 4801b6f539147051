"""`python -m trioxygen.sim.locks --seed N`: one run with locks, or many: `--seeds A..B`."""

import argparse
import logging
import sys
import time

from trioxygen.sim.locks.options import LockOptions, from_seed
from trioxygen.sim.locks.simulation import run
from trioxygen.sim.options import parse
from trioxygen.sim.result import Result


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trioxygen.sim.locks", description=__doc__)
    parser.add_argument("--seed", type=int, help="one run")
    parser.add_argument("--seeds", help="many runs: FIRST..LAST")
    parser.add_argument("--option", action="append", default=[], help="NAME=VALUE")
    parser.add_argument("--trace", action="store_true", help="print all events of one run")
    parsed = parser.parse_args(arguments)
    if (parsed.seed is None) == (parsed.seeds is None):
        parser.error("give --seed or --seeds")
    return parsed


def _tell(result: Result[LockOptions]) -> None:
    counts = " ".join(f"{name}={count}" for name, count in sorted(result.counts.items()))
    print(f"seed {result.seed} digest {result.digest} {result.virtual_s:.1f} virtual s: {counts}")
    if result.failure:
        print("\n".join(result.last_events))
        print(f"FAILED seed {result.seed}: {result.failure}\n{result.traceback}{result.options}")


def main(arguments: list[str]) -> int:
    parsed = _arguments(arguments)
    options = dict(parse(text, LockOptions) for text in parsed.option)
    # Faults make the services complain; what they did is in the trace.
    logging.disable(logging.CRITICAL)
    if parsed.seed is not None:
        write = print if parsed.trace else None
        result = run(parsed.seed, from_seed(parsed.seed, options), write_trace=write)
        _tell(result)
        return 1 if result.failure else 0
    first, _, last = parsed.seeds.partition("..")
    failed: list[int] = []
    for seed in range(int(first), int(last or first) + 1):
        began = time.perf_counter()
        result = run(seed, from_seed(seed, options))
        _tell(result)
        print(f"  {time.perf_counter() - began:.1f} s")
        if result.failure:
            failed.append(seed)
    print(f"failed: {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
