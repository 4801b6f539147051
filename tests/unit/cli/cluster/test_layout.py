"""The nodes of a local cluster: ids, ports, the configuration that they share."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from trioxygen.cli.cluster.layout import (
    CONFIG_FILE,
    Layout,
    new_layout,
    read_layout,
    with_node,
    write_layout,
)
from trioxygen.cli.config.reading import load
from trioxygen.cli.exits import CommandFailed
from trioxygen.common.system_disk import SystemDisk

COUNTS = {"om": 3, "scm": 1, "datanode": 2, "gateway": 1}


@pytest.fixture
def layout() -> Layout:
    return new_layout(random.Random(), "127.0.0.1", COUNTS)


def test_every_node_has_an_id_and_ports_of_its_own(layout: Layout) -> None:
    assert [node.id for node in layout.nodes] == ["om1", "om2", "om3", "scm1", "dn1", "dn2", "gw1"]
    ports = [port for node in layout.nodes for port in (node.port, *node.admin_ports)]
    assert len(set(ports)) == len(ports)
    assert [len(node.admin_ports) for node in layout.nodes] == [1] * 6 + [8]


def test_a_gateways_workers_share_no_port_with_another_node() -> None:
    counts = {"om": 0, "scm": 0, "datanode": 0, "gateway": 64}
    crowd = new_layout(random.Random(7), "127.0.0.1", counts)
    ports = [port for node in crowd.nodes for port in (node.port, *node.admin_ports)]
    assert len(set(ports)) == 64 * 9


def test_layout_and_its_configuration_survive_in_the_folder(layout: Layout, tmp_path: Path) -> None:
    disk = SystemDisk()
    assert read_layout(disk, tmp_path) is None
    write_layout(disk, tmp_path, layout)
    assert read_layout(disk, tmp_path) == layout
    config = load(tmp_path / "cluster.toml", {}, {})
    assert config.cluster.id == layout.cluster_id
    assert [peer.id for peer in config.om.peers] == ["om1", "om2", "om3"]
    assert config.scm.addresses == [layout.address(layout.node("scm1"))]


def test_new_node_takes_an_id_that_is_free(layout: Layout) -> None:
    without = replace(layout, nodes=tuple(node for node in layout.nodes if node.id != "om2"))
    assert with_node(without, random.Random(), "om").nodes[-1].id == "om2"
    assert with_node(layout, random.Random(), "gateway").nodes[-1].id == "gw2"


def test_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    with pytest.raises(CommandFailed, match="not a cluster's folder and not empty"):
        read_layout(SystemDisk(), tmp_path)


def test_damaged_layout_is_told(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text('{"format": 1}')
    with pytest.raises(CommandFailed, match=r"cluster\.json is damaged"):
        read_layout(SystemDisk(), tmp_path)


@pytest.mark.parametrize(("datanodes", "missing"), [(1, 2), (2, 1), (3, 0), (5, 0)])
def test_few_datanodes_may_hold_fewer_replicas(
    datanodes: int, missing: int, tmp_path: Path
) -> None:
    layout = new_layout(random.Random(), "127.0.0.1", {**COUNTS, "datanode": datanodes})
    write_layout(SystemDisk(), tmp_path, layout)
    config = load(tmp_path / CONFIG_FILE, {}, {})
    assert config.storage.missing_replicas_max == layout.missing_replicas_max == missing
    # One that comes later changes nothing of what was allowed.
    more = with_node(layout, random.Random(), "datanode")
    assert more.missing_replicas_max == missing
    assert read_layout(SystemDisk(), tmp_path) == layout


def test_layout_of_an_earlier_version_allows_what_its_datanodes_need(tmp_path: Path) -> None:
    layout = new_layout(random.Random(), "127.0.0.1", {**COUNTS, "datanode": 2})
    write_layout(SystemDisk(), tmp_path, layout)
    file = tmp_path / "cluster.json"
    stored = json.loads(file.read_text())
    del stored["missing_replicas_max"]
    file.write_text(json.dumps(stored))
    assert read_layout(SystemDisk(), tmp_path) == layout
