"""`python -m trioxygen.sim.storage --seed N`: one run with DataNodes, or many: `--seeds A..B`."""

import sys

from trioxygen.sim.program import Program
from trioxygen.sim.storage.options import from_seed, parse
from trioxygen.sim.storage.simulation import run

PROGRAM = Program(
    "trioxygen.sim.storage", "One run with DataNodes, or many.", parse, from_seed, run
)

if __name__ == "__main__":
    sys.exit(PROGRAM.main(sys.argv[1:]))
