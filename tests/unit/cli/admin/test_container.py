from typing import Any

import pytest

from trioxygen.cli.admin.container import print_container


def test_states_are_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    replica: dict[str, Any] = {
        "node_id": "dn1",
        "replica_index": 0,
        "state": "QUASI_CLOSED",
        "block_count": 1,
        "used_bytes": 100,
        "commit_sequence": 7,
        "health": "HEALTHY",
        "operation": "ENTERING_MAINTENANCE",
        "rack": "/default-rack",
    }
    row = {
        "container_id": 3,
        "state": "QUASI_CLOSED",
        "replication": "RATIS/THREE",
        "pipeline_id": 1,
        "used_bytes": 100,
        "block_count": 1,
    }
    view = {"container": row, "health": "under_replicated", "replicas": [replica]}
    print_container(view, as_json=False)
    fields, _, table = capsys.readouterr().out.partition("\n\n")
    assert "quasi closed" in fields and "under replicated" in fields
    assert "quasi closed" in table and "entering maintenance" in table
