from pathlib import Path

import pytest

from trioxygen.cli.wiring.rack_script import rack_script


def program(tmp_path: Path, text: str) -> str:
    file = tmp_path / "racks"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o700)
    return str(file)


def test_program_gets_hosts_and_writes_racks(tmp_path: Path) -> None:
    run = rack_script(program(tmp_path, "echo /hall/$1"), seconds_max=10)
    assert run(["dn1"]) == "/hall/dn1\n"


def test_program_that_fails_says_why(tmp_path: Path) -> None:
    run = rack_script(program(tmp_path, "echo no map here >&2; exit 3"), seconds_max=10)
    with pytest.raises(OSError, match="ended with 3: no map here"):
        run(["dn1"])
    with pytest.raises(OSError):
        rack_script(str(tmp_path / "none"), seconds_max=10)(["dn1"])


def test_program_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    run = rack_script(program(tmp_path, "exec sleep 60"), seconds_max=0.2)
    with pytest.raises(TimeoutError):
        run(["dn1"])


def test_program_that_writes_no_text_is_refused(tmp_path: Path) -> None:
    run = rack_script(program(tmp_path, "printf '\\377'"), seconds_max=10)
    with pytest.raises(ValueError):
        run(["dn1"])
