"""`python -m trioxygen.sim.locks --seed N`: one run with locks, or many: `--seeds A..B`."""

import sys
from functools import partial

from trioxygen.sim.locks.options import LockOptions, from_seed
from trioxygen.sim.locks.simulation import run
from trioxygen.sim.options import parse
from trioxygen.sim.program import Program

PROGRAM = Program(
    "trioxygen.sim.locks",
    "One run with locks, or many.",
    partial(parse, kind_of_options=LockOptions),
    from_seed,
    run,
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main(sys.argv[1:]))
