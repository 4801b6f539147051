"""What `o3 serve` makes of a configuration."""

import pytest

from trioxygen.cli.config.reading import load
from trioxygen.cli.exits import CommandFailed
from trioxygen.cli.running.serve import config_of_store


@pytest.mark.parametrize("replication", ["RATIS/THREE", "RATIS/ONE"])
def test_one_datanode_does_for_whole_replicas(replication: str) -> None:
    configured = load(None, {}, {"O3_STORAGE__REPLICATION": replication})
    config = config_of_store(configured)
    assert config.storage.missing_replicas_max == 2
    assert config.storage.replication == replication and config.s3 == configured.s3


def test_one_datanode_is_too_few_for_an_erasure_code() -> None:
    configured = load(None, {}, {"O3_STORAGE__REPLICATION": "EC/3-2"})
    with pytest.raises(CommandFailed, match="needs 3 DataNodes, and 'o3 serve' is one"):
        config_of_store(configured)
