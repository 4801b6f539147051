"""Short files and functions, and no text in the repository that belongs to one machine."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.unit.syntax import tree_of

REPO = Path(__file__).parents[2]
ROOTS = ("gateway", "metadata", "hdds", "recon", "common", "cli", "sim", "bench", "tests")
LINES_PER_FILE_MAX = 400
LINES_PER_FUNCTION_MAX = 70
BANNED_MODULE_NAMES = {"util", "utils", "helper", "helpers", "misc"}
# They say that there is something, not what it is.
EMPTY_WORDS = {"one", "found", "told", "insist"}
PRODUCT_ROOTS = {"gateway", "metadata", "hdds", "recon", "common", "cli", "sim"}

# Spelled in pieces so that this file does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.\-/])/(?:work|" + "farm" + r")/")
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(name + suffix)
        for name, suffix in (
            ("pypi", ".org"),
            ("python", "hosted.org"),
            ("registry", ".npmjs"),
            ("npmjs", ".com"),
            ("deb", ".debian.org"),
            ("crates", ".io"),
            ("proxy.golang", ".org"),
        )
    )
)
AUTHORING_TOOLS = re.compile(
    r"\b(?:"
    + "|".join(("A" + "I", "LL" + "Ms?", "Chat" + "GPT", "Clau" + "de", "Co" + "pilot"))
    + r")\b"
)


def sources() -> Iterator[Path]:
    for root in ROOTS:
        yield from sorted((REPO / root).rglob("*.py"))


def shown(path: Path, line: int) -> str:
    return f"{path.relative_to(REPO)}:{line}"


def repository_texts() -> Iterator[tuple[Path, str]]:
    """Every text file that git does not ignore, but the licence (its words are not ours)."""
    ignored = {
        line.strip("/")
        for line in (REPO / ".gitignore").read_text().splitlines()
        if line.endswith("/")
    } | {".git"}
    for folder, subfolders, names in os.walk(REPO):
        subfolders[:] = sorted(set(subfolders) - ignored)
        # `.git` is a file where the checkout is one of several work trees.
        for path in (Path(folder, name) for name in sorted(set(names) - {"LICENSE", ".git"})):
            content = path.read_bytes()
            if b"\0" not in content:
                yield path, content.decode()


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{shown(path, number)}: {line.strip()[:100]}"
        for path, text in repository_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def test_files_and_functions_stay_short() -> None:
    too_long: list[str] = []
    for path in sources():
        text = path.read_text()
        if text.count("\n") > LINES_PER_FILE_MAX:
            too_long.append(f"{shown(path, 1)}: file")
        for node in ast.walk(tree_of(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno + 1 > LINES_PER_FUNCTION_MAX:
                    too_long.append(f"{shown(path, node.lineno)}: {node.name}")
    assert too_long == []


def test_modules_are_named_for_what_they_hold() -> None:
    vague = [path for path in sources() if path.stem in BANNED_MODULE_NAMES]
    assert [shown(path, 1) for path in vague] == []


def words_of(name: str) -> set[str]:
    """`foundRow`, `_found_row` -> found, row"""
    return set(re.sub(r"([A-Z])", r"_\1", name).lower().split("_"))


def names_of(node: ast.AST) -> Iterator[str]:
    """What a node names itself; a name that is only read was given elsewhere."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
            yield name
        case ast.arg(arg=str(name)) | ast.keyword(arg=str(name)):
            yield name
        case ast.alias(asname=str(name)):
            yield name


def test_name_is_made_of_its_words() -> None:
    assert words_of("_FoundRow") >= {"found", "row"}
    tree = tree_of("class Told:\n  def insist(self, one): self.found = f(told=1)")
    names = {name for node in ast.walk(tree) for name in names_of(node)}
    assert names == {"Told", "insist", "self", "one", "found", "told"}


def test_names_say_what_they_stand_for() -> None:
    empty = [
        f"{shown(path, getattr(node, 'lineno', 1))}: {name}"
        for path in sources()
        if path.relative_to(REPO).parts[0] in PRODUCT_ROOTS
        for node in ast.walk(tree_of(path.read_text()))
        for name in names_of(node)
        if words_of(name) & EMPTY_WORDS
    ]
    assert empty == []


def test_one_file_keeps_work_from_its_waiters_cancellation() -> None:
    shielding = [
        path.relative_to(REPO).as_posix()
        for path in sources()
        if path.relative_to(REPO).parts[0] in PRODUCT_ROOTS and "asyncio.shield" in path.read_text()
    ]
    assert shielding == ["common/trioxygen/common/finishing.py"]


def test_tasks_are_started_by_the_runtime() -> None:
    """Or, for the time of one call, by a function that also ends them."""
    starting = {
        path.relative_to(REPO).as_posix()
        for path in sources()
        if path.relative_to(REPO).parts[0] in PRODUCT_ROOTS - {"sim"}
        and re.search(r"create_task|ensure_future", path.read_text())
    }
    of_the_runtime = {path for path in starting if path.startswith("common/")}
    assert starting - of_the_runtime == {
        # A request's; the server that is stopped ends them all.
        "gateway/trioxygen/gateway/http/pipeline.py",
        "gateway/trioxygen/gateway/s3/keep_alive.py",
        "hdds/trioxygen/hdds/client/replica_search.py",
        "hdds/trioxygen/hdds/datanode/reads.py",
        "hdds/trioxygen/hdds/ec/part_stream.py",
        "metadata/trioxygen/metadata/raft/transport/snapshot_transfer.py",
    }


def test_mocks_stay_out_of_the_tests() -> None:
    patched: list[str] = []
    for path in sorted((REPO / "tests").rglob("*.py")):
        if "integration" in path.parts:
            continue
        for node in ast.walk(tree_of(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [f"{node.module}.{alias.name}" for alias in node.names]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            if any(name.startswith("unittest.mock") for name in names):
                assert isinstance(node, ast.Import | ast.ImportFrom)
                patched.append(shown(path, node.lineno))
    assert patched == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_that_match(MACHINE_PATHS) == []


def test_no_file_names_a_package_registry() -> None:
    assert lines_that_match(REGISTRY_HOSTS) == []


def test_no_file_speaks_of_how_it_was_written() -> None:
    assert lines_that_match(AUTHORING_TOOLS) == []
