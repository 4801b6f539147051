"""What a run with many DataNodes is made of, and what is said of its growth."""

import random
from dataclasses import fields, replace
from pathlib import Path

from bench.scm_scale.figures import Figures, growth, table, verdicts
from bench.scm_scale.group import ScmSettings, field_of
from bench.scm_scale.parts import measure_parts, parts_table
from bench.scm_scale.rows import old_containers, put_containers
from trioxygen.cli.config.reading import load
from trioxygen.common.replication import RATIS_THREE
from trioxygen.metadata.scm.containers.containers import is_settled
from trioxygen.metadata.scm.schema import ALL_TABLES, CONTAINERS, PIPELINES, given_ids
from trioxygen.metadata.store.lmdb_kv import LmdbStore

SMALL = Figures(**{field.name: 1.0 for field in fields(Figures)})  # type: ignore[arg-type]


def test_old_containers_lie_on_three_nodes_each_and_are_rows_that_their_reports_agree_with(
    tmp_path: Path,
) -> None:
    node_ids = [f"dn{number}" for number in range(9)]
    containers = old_containers(node_ids, 100, random.Random(1))
    assert len(containers) == 300
    assert {len(set(each.node_ids)) for each in containers} == {RATIS_THREE.members}
    store = LmdbStore(tmp_path / "scm", ALL_TABLES)
    put_containers(store, containers)
    with store.read() as txn:
        rows = {row.container_id: row for _, row in CONTAINERS.scan(txn, prefix=b"")}
        pipelines = {row.pipeline_id for _, row in PIPELINES.scan(txn, prefix=b"")}
        last_id, last_local = given_ids(txn)
    store.close()
    for each in containers:
        assert is_settled(rows[each.container_id], each.report())
    assert pipelines == {each.pipeline_id for each in containers}
    assert last_id == max(rows) and last_local == max(c.report().highest_local for c in containers)


def test_ten_times_the_cost_of_ten_times_the_nodes_is_linear() -> None:
    large = replace(
        SMALL, nodes=10, known_cpu_s=10.0, leader_cores=10.0, follower_cores=10.0, check_s=10.0
    )
    assert set(growth(SMALL, large).values()) == {1.0}
    assert all(sentence.endswith("linear or less") for sentence in verdicts([large, SMALL]))
    dear = replace(large, leader_heartbeat_ms=2.0)
    assert growth(SMALL, dear)["leader_heartbeat_ms"] == 2.0
    assert any("more than linear" in sentence for sentence in verdicts([SMALL, dear]))


def test_dead_node_that_takes_longer_among_more_of_them_is_more_than_linear() -> None:
    large = replace(SMALL, nodes=10, planned_s=3.0)
    [planned] = [each for each in verdicts([SMALL, large]) if "planned" in each]
    assert "3.00 times" in planned and planned.endswith("more than linear")


def test_what_was_too_small_to_be_measured_says_nothing_of_growth() -> None:
    assert "follower_cores" not in growth(replace(SMALL, follower_cores=0.0), SMALL)
    assert verdicts([SMALL]) == []


def test_each_figure_has_its_row() -> None:
    rows = table([SMALL, SMALL]).splitlines()
    # Nodes and SCMs stand in its head.
    assert len(rows) == len(fields(Figures)) - 1


def test_a_field_of_a_line_of_the_log_is_found_by_its_name() -> None:
    line = "2026-01-01 00:00:00,000 INFO logger repairs_begun count=7 in_flight=12"
    assert (field_of(line, "count"), field_of(line, "in_flight"), field_of(line, "no")) == (
        *("7", "12", ""),
    )


def test_settings_of_the_processes_are_settings_of_the_product(tmp_path: Path) -> None:
    file = tmp_path / "cluster.toml"
    layout = '[cluster]\nid = "c"\n\n[scm]\npeers = []\n'
    settings = ScmSettings(heartbeat_ms=200, report_seconds=1, stale_seconds=2, dead_seconds=3)
    file.write_text(settings.toml(layout))
    config = load(file, {}, {})
    assert config.scm.heartbeat_interval_ms == 200 and config.scm.dead_after_seconds == 3
    assert config.metadata.raft_election_ticks == settings.election_ticks


def test_parts_of_an_scm_are_measured_for_each_number_of_nodes() -> None:
    runs = measure_parts(nodes=[3, 9], replicas_each=10, seed=1)
    assert [run.nodes for run in runs] == [3, 9]
    assert all(run.leader_report_ms > 0 and run.look_us > 0 for run in runs)
    assert parts_table(runs).splitlines()[0].split() == ["3", "nodes", "9", "nodes"]
