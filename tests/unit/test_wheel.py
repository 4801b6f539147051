"""The wheel holds what users need and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]


@pytest.mark.slow
def test_wheel_ships_every_typed_package_but_the_simulator(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, REPO],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    [wheel] = tmp_path.glob("trioxygen-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [entry_points] = [name for name in names if name.endswith("entry_points.txt")]
        assert "o3 = trioxygen.cli.main:main" in archive.read(entry_points).decode()
    shipped = {name.split("/")[1] for name in names if name.startswith("trioxygen/")}
    assert shipped == {"gateway", "metadata", "hdds", "recon", "common", "proto", "cli"}
    assert {f"trioxygen/{package}/py.typed" for package in shipped} <= names
    assert {name.split("/")[0] for name in names if "dist-info" not in name} == {"trioxygen"}
