"""A data folder knows its format, its cluster and its owner."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.cli.folder.data_folder import FORMAT, Owner, open_data_folder
from trioxygen.common.rpc.local import LocalNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.common.sealed_json import sealed


@pytest.fixture
def runtime() -> Iterator[Runtime]:
    made = system_runtime(LocalNetwork())
    yield made
    made.blocking.close()


def test_folder_keeps_the_owner_that_began_it(runtime: Runtime, tmp_path: Path) -> None:
    owner = Owner("om", "c1", "om1")
    begun = open_data_folder(runtime, tmp_path / "om", owner)
    assert (begun.cluster_id, begun.node_id, begun.is_new) == ("c1", "om1", True)
    begun.lock.release()
    again = open_data_folder(runtime, tmp_path / "om", owner)
    assert (again.cluster_id, again.node_id, again.is_new) == ("c1", "om1", False)
    again.lock.release()


def test_id_that_nobody_chose_is_drawn_once(runtime: Runtime, tmp_path: Path) -> None:
    first = open_data_folder(runtime, tmp_path, Owner("datanode", "c1"))
    first.lock.release()
    assert first.node_id.startswith("datanode-")
    again = open_data_folder(runtime, tmp_path, Owner("datanode", "c1"))
    again.lock.release()
    assert again.node_id == first.node_id


@pytest.mark.parametrize(
    ("owner", "output"),
    [
        (Owner("scm", "c1", "om1"), "is of 'o3 om', not of 'scm'"),
        (Owner("om", "c2", "om1"), "is of cluster 'c1', not of 'c2'"),
        (Owner("om", "c1", "om2"), "is of node 'om1', not of 'om2'"),
    ],
)
def test_folder_of_another_owner_is_refused_and_left_unlocked(
    runtime: Runtime, tmp_path: Path, owner: Owner, output: str
) -> None:
    open_data_folder(runtime, tmp_path, Owner("om", "c1", "om1")).lock.release()
    with pytest.raises(CommandFailed, match=output) as refused:
        open_data_folder(runtime, tmp_path, owner)
    assert refused.value.code == Exit.DATA_FOLDER
    open_data_folder(runtime, tmp_path, Owner("om")).lock.release()


@pytest.mark.parametrize("written", [1, FORMAT + 1, "2", None, [2]])
def test_folder_of_a_format_that_is_not_known_is_refused(
    runtime: Runtime, tmp_path: Path, written: object
) -> None:
    text = json.dumps({"format": written, "cluster_id": "c"})
    (tmp_path / "VERSION").write_text(text)
    with pytest.raises(CommandFailed) as refused:
        open_data_folder(runtime, tmp_path)
    assert refused.value.code == Exit.DATA_FOLDER
    assert f"has format {written!r}, this o3 knows format {FORMAT}" in str(refused.value)
    assert (tmp_path / "VERSION").read_text() == text


def test_folder_of_the_format_before_is_taken_over_by_who_writes_into_it(
    runtime: Runtime, tmp_path: Path
) -> None:
    written = {"format": 2, "cluster_id": "c", "complete": True}
    (tmp_path / "VERSION").write_text(json.dumps(written))
    # Whoever only looks at it leaves it to the version that it is of.
    open_data_folder(runtime, tmp_path, Owner("")).lock.release()
    assert json.loads((tmp_path / "VERSION").read_text()) == written
    with pytest.raises(CommandFailed):
        open_data_folder(runtime, tmp_path, Owner("om"))
    assert json.loads((tmp_path / "VERSION").read_text()) == written
    open_data_folder(runtime, tmp_path).lock.release()
    taken_over = (tmp_path / "VERSION").read_bytes()
    assert taken_over == sealed({**written, "format": FORMAT})


def test_folder_whose_version_has_a_flipped_bit_is_refused(
    runtime: Runtime, tmp_path: Path
) -> None:
    folder = open_data_folder(runtime, tmp_path)
    folder.lock.release()
    version = tmp_path / "VERSION"
    # Another id as good as any.
    other = "B" if folder.cluster_id[0] == "A" else "A"
    text = version.read_text()
    version.write_text(text.replace(folder.cluster_id, other + folder.cluster_id[1:]))
    with pytest.raises(CommandFailed, match="VERSION is damaged") as refused:
        open_data_folder(runtime, tmp_path)
    assert refused.value.code == Exit.DATA_FOLDER
