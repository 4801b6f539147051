"""What the conformance run is pointed at, and how it compares."""

import json
import tomllib
from pathlib import Path

import pytest

from conformance.run import HERE, SELECTIONS, Store, compare, expected_failures, store_of


def running(folder: Path, s3: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "endpoint.json").write_text(json.dumps({"s3": s3, "admin": "http://a"}))


def test_store_has_one_gateway(tmp_path: Path) -> None:
    running(tmp_path, "http://s")
    assert store_of(tmp_path) == Store(("http://s",), ("--data", str(tmp_path)))


def test_every_gateway_of_a_cluster_that_runs_is_asked(tmp_path: Path) -> None:
    (tmp_path / "cluster.json").touch()
    (tmp_path / "gw1").mkdir()  # stopped
    running(tmp_path / "gw2", "http://two")
    running(tmp_path / "gw3", "http://three")
    running(tmp_path / "om1", "http://no-gateway")
    assert store_of(tmp_path) == Store(
        ("http://two", "http://three"), ("--data", str(tmp_path / "gw2"))
    )


def test_folder_where_nothing_runs_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no store and no cluster"):
        store_of(tmp_path)


@pytest.mark.parametrize(
    ("outcome", "listed", "code"),
    [
        ("failed", True, 0),
        ("failed", False, 1),
        ("passed", True, 1),
        ("passed", False, 0),
        ("skipped", True, 0),
    ],
)
def test_only_what_is_listed_may_fail_and_must(outcome: str, listed: bool, code: int) -> None:
    assert compare({"a::b": outcome}, {"a::b": "group"} if listed else {}) == code


@pytest.mark.parametrize("days", sorted(SELECTIONS))
def test_each_expected_failure_has_one_reason(days: str) -> None:
    groups = tomllib.loads((HERE / "expected_failures.toml").read_text())
    assert all(group["reason"].strip() for group in groups.values())
    assert {group["days"] for group in groups.values() if "days" in group} <= set(SELECTIONS)
    of_these = [group for group in groups.values() if group.get("days", days) == days]
    assert len(expected_failures(days)) == sum(len(group["tests"]) for group in of_these)
