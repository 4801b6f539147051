"""The operator's program that says on which racks hosts stand."""

import subprocess
from typing import Final

from trioxygen.metadata.scm.nodes.racks import RackScript

_TEXT_MAX: Final = 200


def rack_script(program: str, *, seconds_max: float) -> RackScript:
    """Runs it, with the hosts as its arguments. For threads that may wait."""

    def run(hosts: list[str]) -> str:
        try:
            ended = subprocess.run(
                [program, *hosts],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds_max,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{program} ran for more than {seconds_max:g} s") from error
        if ended.returncode:
            said = " ".join(ended.stderr.decode(errors="replace").split())[:_TEXT_MAX]
            raise OSError(f"{program} ended with {ended.returncode}: {said}")
        return ended.stdout.decode()

    return run
