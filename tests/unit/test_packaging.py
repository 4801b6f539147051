"""The namespace slices stay slices, and what is declared is what is there."""

import importlib
import itertools
import re
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
ROOTS = ("gateway", "metadata", "hdds", "recon", "common", "proto", "cli", "sim")
PYPROJECT = tomllib.loads((REPO / "pyproject.toml").read_text())
REQUIREMENTS = [
    *PYPROJECT["project"]["dependencies"],
    *itertools.chain(*PYPROJECT["project"]["optional-dependencies"].values()),
    *PYPROJECT["build-system"]["requires"],
]


def normalised(requirement: str) -> str:
    """The package's name as package indexes compare it (PEP 503)."""
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match is not None, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def test_namespace_roots_have_no_init() -> None:
    # An __init__.py there hides every other root in a development install; the wheel still works.
    assert [root for root in ROOTS if (REPO / root / "trioxygen" / "__init__.py").exists()] == []


@pytest.mark.parametrize("root", ROOTS)
def test_each_root_contributes_only_its_own_subpackage(root: str) -> None:
    assert {path.name for path in (REPO / root / "trioxygen").iterdir()} - {"__pycache__"} == {root}


@pytest.mark.parametrize("root", ROOTS)
def test_each_subpackage_says_that_it_is_typed(root: str) -> None:
    assert (REPO / root / "trioxygen" / root / "py.typed").is_file()


@pytest.mark.parametrize("root", ROOTS)
def test_each_folder_of_code_is_a_package(root: str) -> None:
    folders = {path.parent for path in (REPO / root / "trioxygen" / root).rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("root", ROOTS)
def test_each_subpackage_is_imported_from_this_checkout(root: str) -> None:
    module = importlib.import_module(f"trioxygen.{root}")
    assert module.__file__ is not None
    assert Path(module.__file__).is_relative_to(REPO / root)


def test_the_wheel_ships_every_root_but_the_simulator() -> None:
    build = PYPROJECT["tool"]["hatch"]["build"]
    assert tuple(build["dev-mode-dirs"]) == ROOTS
    assert set(build["targets"]["wheel"]["sources"]) == set(ROOTS) - {"sim"}
    only_include = build["targets"]["wheel"]["only-include"]
    assert {path.split("/")[0] for path in only_include} == set(ROOTS) - {"sim"}


def test_import_contracts_cover_every_root() -> None:
    root_packages = PYPROJECT["tool"]["importlinter"]["root_packages"]
    assert set(root_packages) == {f"trioxygen.{root}" for root in ROOTS}


def test_every_declared_requirement_is_pinned_exactly() -> None:
    lines = (REPO / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._]+", pin)] == []
    pinned = {normalised(pin) for pin in pins}
    assert {normalised(requirement) for requirement in REQUIREMENTS} - pinned == set()


def test_the_version_is_the_one_of_the_version_file() -> None:
    from trioxygen.common.version import __version__

    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "common/trioxygen/common/version.py"
