"""What a process needs of the system before it serves."""

import subprocess
import sys

_ASK = (
    "from trioxygen.cli.config.reading import ConfigError\n"
    "from trioxygen.cli.config.schema import S3Config\n"
    "from trioxygen.cli.running.process import s3_limits\n"
    "try:\n"
    "    print(s3_limits(S3Config()).connections_max)\n"
    "except ConfigError as error:\n"
    "    print(error)\n"
)


def answered(descriptors: int) -> tuple[str, str]:
    """(what is printed, the log) where the system grants so many file descriptors."""
    done = subprocess.run(
        ["sh", "-c", f'ulimit -n {descriptors}; exec "$0" -c "$1"', sys.executable, _ASK],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip(), done.stderr


def test_connections_are_as_many_as_descriptors_allow_and_that_is_said() -> None:
    # Each may have a file beside its socket; the rest is the store's own.
    assert answered(20_000)[0] == "8000"
    connections, log = answered(4_096)
    assert connections == str((4_096 - 1_024) // 2)
    assert "few_file_descriptors" in log
    assert answered(1_024)[0] == "256"


def test_too_few_descriptors_are_an_error_that_says_what_to_do() -> None:
    output, _ = answered(200)
    assert output == (
        "the system grants 200 file descriptors, 256 are the least to work with: raise the hard"
        " limit of open files (ulimit -Hn, LimitNOFILE=)"
    )
