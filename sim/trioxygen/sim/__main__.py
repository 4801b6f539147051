"""`python -m trioxygen.sim --seed N`: one run, or many; prints what a failing one needs to be run
again."""

import argparse
import gc
import logging
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trioxygen.common.version import __version__
from trioxygen.sim.options import Options, from_seed, parse
from trioxygen.sim.result import Result
from trioxygen.sim.simulation import run


def _commit() -> str:
    """What was run: the checkout's commit, or the package's version."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return described.stdout.strip()


def _run_job(job: tuple[int, dict[str, Any]]) -> Result[Options]:
    seed, options = job
    return run(seed, from_seed(seed, options))


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trioxygen.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="one run")
    parser.add_argument("--seeds", help="many runs: FIRST..LAST")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--option", action="append", default=[], help="NAME=VALUE")
    parser.add_argument("--trace", help="a file for all events of one run; - is standard output")
    parser.add_argument("--stop", action="store_true", help="at the first failure")
    parsed = parser.parse_args(arguments)
    if (parsed.seed is None) == (parsed.seeds is None):
        parser.error("give --seed or --seeds")
    return parsed


def _tell_failure(result: Result[Options], options: list[str]) -> None:
    print("\n".join(result.last_events))
    print(f"FAILED seed {result.seed}, commit {_commit()}, digest {result.digest}")
    print(f"  {result.failure}")
    if result.traceback:
        print(result.traceback)
    print(f"  {result.options}")
    again = " ".join(f"--option {option}" for option in options)
    print(f"  again: python -m trioxygen.sim --seed {result.seed} {again}".rstrip())


def _single(seed: int, overrides: dict[str, Any], texts: list[str], trace: str | None) -> int:
    options = from_seed(seed, overrides)
    if trace is None:
        result = run(seed, options)
    elif trace == "-":
        result = run(seed, options, write_trace=print)
    else:
        with Path(trace).open("w") as file:
            result = run(seed, options, write_trace=lambda line: file.write(line + "\n"))
    if result.failure:
        _tell_failure(result, texts)
        return 1
    counts = " ".join(f"{name}={count}" for name, count in result.counts.items())
    print(f"seed {seed} digest {result.digest} {result.virtual_s:.1f} virtual s: {counts}")
    return 0


def _many(results: Iterable[Result[Options]], texts: list[str], *, stop: bool) -> int:
    failed: list[int] = []
    done = 0
    started = time.perf_counter()
    totals: dict[str, int] = {}
    for result in results:
        done += 1
        for name, count in result.counts.items():
            totals[name] = totals.get(name, 0) + count
        if result.failure:
            failed.append(result.seed)
            _tell_failure(result, texts)
            if stop:
                break
        if done % 500 == 0:
            print(f"{done} runs, {len(failed)} failed", file=sys.stderr)
    seconds = time.perf_counter() - started
    print(" ".join(f"{name}={count}" for name, count in sorted(totals.items())))
    print(
        f"{done} runs in {seconds:.1f} s ({done / seconds:.2f}/s), {len(failed)} failed: {failed}"
    )
    return 1 if failed else 0


def main(arguments: list[str]) -> int:
    parsed = _arguments(arguments)
    options = dict(parse(text) for text in parsed.option)
    # Faults make the services complain; what they did is in the trace.
    logging.disable(logging.CRITICAL)
    gc.freeze()
    if parsed.seed is not None:
        return _single(parsed.seed, options, parsed.option, parsed.trace)
    first, _, last = parsed.seeds.partition("..")
    jobs = [(seed, options) for seed in range(int(first), int(last or first) + 1)]
    if parsed.jobs == 1:
        return _many(map(_run_job, jobs), parsed.option, stop=parsed.stop)
    with multiprocessing.Pool(parsed.jobs) as pool:
        return _many(pool.imap(_run_job, jobs, chunksize=1), parsed.option, stop=parsed.stop)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
