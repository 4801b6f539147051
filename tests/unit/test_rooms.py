"""The rooms of the house: no circle among the folders of a package, files of a readable size."""

import ast
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from tests.unit.syntax import tree_of

REPO = Path(__file__).parents[2]
ROOTS = ("gateway", "metadata", "hdds", "recon", "common", "cli", "sim")
LINES_PER_FILE_MEDIAN_MAX = 150

Graph = Mapping[str, Set[str]]


def modules() -> dict[str, Path]:
    """All of ours by their dotted names; a package goes by its own name."""
    actual: dict[str, Path] = {}
    for root in ROOTS:
        for path in sorted((REPO / root / "trioxygen").rglob("*.py")):
            name = ".".join(path.relative_to(REPO / root).with_suffix("").parts)
            actual[name.removesuffix(".__init__")] = path
    return actual


def imports_of(path: Path, known: Set[str]) -> Iterator[str]:
    """The modules that a file imports, wherever in it: also in functions, and for types alone."""
    for node in ast.walk(tree_of(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module is not None, f"{path}: a relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in known else node.module


def room_of(package: str, module: str) -> str | None:
    """What of a package a module is in: a folder, or a file of its own (a dot before its name).
    None: it is not in there."""
    if not module.startswith(f"{package}."):
        return None
    first, _, below = module.removeprefix(f"{package}.").partition(".")
    return first if below else f".{first}"


def rooms_of(package: str, imports: Graph) -> Graph:
    """Which rooms of a package import which others."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports.items():
        if (here := room_of(package, module)) is None:
            continue
        there = {room_of(package, other) for other in imported}
        arrows[here] |= {room for room in there if room is not None and room != here}
    return arrows


def circles(arrows: Graph) -> list[list[str]]:
    """The groups of rooms in which each reaches each other (Tarjan's strong components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    actual: list[list[str]] = []

    def visit(room: str) -> None:
        order[room] = lowest[room] = len(order)
        stack.append(room)
        for other in sorted(arrows.get(room, ())):
            if other not in order:
                visit(other)
                lowest[room] = min(lowest[room], lowest[other])
            elif other in stack:
                lowest[room] = min(lowest[room], order[other])
        if lowest[room] == order[room]:
            component = stack[stack.index(room) :]
            del stack[stack.index(room) :]
            if len(component) > 1:
                actual.append(sorted(component))

    for room in sorted(arrows):
        if room not in order:
            visit(room)
    return actual


def test_circle_is_seen_through_other_rooms() -> None:
    assert circles({"a": {"b"}, "b": {".c"}, ".c": {"a", "d"}}) == [[".c", "a", "b"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}}) == []


def test_room_is_the_folder_or_file_of_a_package_that_a_module_is_in() -> None:
    arrows = rooms_of(
        "x", {"x.a.one": {"x.a.two", "x.b.three", "y.z"}, "x.b.three": {"x.main"}, "y.z": {"x.a"}}
    )
    assert arrows == {"a": {"b"}, "b": {".main"}}


def test_no_folders_of_a_package_import_each_other_in_a_circle() -> None:
    known = modules()
    imports = {name: set(imports_of(path, known.keys())) for name, path in known.items()}
    packages = {name.rpartition(".")[0] for name in known}
    actual = {
        package: in_circle
        for package in sorted(packages)
        if (in_circle := circles(rooms_of(package, imports)))
    }
    assert actual == {}


def test_most_files_are_of_a_size_that_one_reads_at_once() -> None:
    """Of those that hold something; none is over the limit of `test_tidy`."""
    lines = [path.read_text().count("\n") for path in modules().values()]
    assert statistics.median(count for count in lines if count) <= LINES_PER_FILE_MEDIAN_MAX
