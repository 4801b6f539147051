"""The counters of containers, segments and volumes are written by their own verbs alone."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tests.unit.syntax import tree_of
from trioxygen.common.container_state import ContainerState
from trioxygen.hdds.container.blocks import CONTAINERS, TABLES, Block, container_key
from trioxygen.hdds.container.container import Container, CounterChanges
from trioxygen.hdds.container.room import Room
from trioxygen.hdds.container.segment import Segment
from trioxygen.hdds.container.view import ContainerView
from trioxygen.hdds.container.volume import Volume
from trioxygen.metadata.store.memory_kv import MemoryStore

HDDS = Path(__file__).parents[4] / "hdds" / "trioxygen" / "hdds"
OWN = {"container.py": Container, "segment.py": Segment, "volume.py": Volume, "room.py": Room}


# What changes a collection.
MUTATING = frozenset(
    "add append clear discard extend insert pop popitem remove setdefault update".split()
)


def _written(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Attributes of other objects than `self` that are assigned to, or whose items are, or which
    are changed by a method of a collection; and where."""
    for node in ast.walk(tree):
        places: list[ast.expr] = []
        if isinstance(node, ast.Assign | ast.Delete):
            places = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            places = [node.target]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            places = [node.func.value] if node.func.attr in MUTATING else []
        for place in places:
            elements = place.elts if isinstance(place, ast.Tuple) else [place]
            for element in elements:
                while isinstance(element, ast.Subscript):
                    element = element.value
                if isinstance(element, ast.Attribute):
                    owner = element.value.id if isinstance(element.value, ast.Name) else ""
                    # A message that is being filled has fields of the same names.
                    if owner not in ("self", "reply"):
                        yield element.attr, element.lineno


def _attributes(cls: type) -> set[str]:
    """Also of a class without slots: what its constructor makes."""
    slots = set(getattr(cls, "__slots__", ()))
    tree = tree_of(textwrap.dedent(inspect.getsource(cls)))
    made = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return slots | made


def test_counters_are_written_by_their_own_classes_alone() -> None:
    named = set[str]().union(*map(_attributes, OWN.values()))
    # What it is: requests have fields of these names. And parts, which have verbs of their own.
    identity, parts = {"container_id", "pipeline_id", "replica_index"}, {"appender", "disk"}
    counters = named - identity - parts
    assert {"used_bytes", "live_bytes", "block_count", "punched_bytes", "state"} <= counters
    assert {"segments", "containers", "corrupt", "under_way_bytes", "is_stuck"} <= counters
    elsewhere = [
        f"{path.relative_to(HDDS)}:{line}: {name}"
        for path in HDDS.rglob("*.py")
        if path.parent.name != "container" or path.name not in OWN
        for name, line in _written(tree_of(path.read_text()))
        if name in counters
    ]
    assert not elsewhere, "\n".join(elsewhere)


def test_what_the_log_says_goes_on_in_a_replica_that_cannot_be_written() -> None:
    container = Container(1)
    container.begin_close()
    assert (container.state, container.takes_blocks) == (ContainerState.CLOSING, True)
    container.begin_close()
    assert container.fail() and not container.fail()
    assert (container.state, container.takes_blocks) == (ContainerState.UNHEALTHY, True)
    container.close()
    assert container.state is ContainerState.UNHEALTHY
    assert container.logged_state is ContainerState.CLOSED
    container.begin_close()
    assert container.logged_state is ContainerState.CLOSED


def test_rows_say_both_what_the_log_made_of_a_container_and_that_it_cannot_be_written() -> None:
    container, store = Container(7), MemoryStore(TABLES)
    container.fail()
    view, changes = ContainerView.of(container, container.logged_state), CounterChanges()
    changes.add(Block(10, 1, b"", 3, 0))
    txn = store.begin()
    view.put(txn, changes)
    txn.commit()
    assert (container.used_bytes, container.block_count) == (0, 0)
    view.adopt(changes)
    assert (container.used_bytes, container.block_count) == (10, 1)
    assert container.segments[3].live_bytes == 10
    with store.read() as reading:
        row = CONTAINERS.get(reading, container_key(7))
    assert row is not None
    again = Container.of_row(row, highest_local=0)
    assert (again.state, again.logged_state) == (ContainerState.UNHEALTHY, ContainerState.OPEN)
    assert (again.used_bytes, again.block_count) == (10, 1)
