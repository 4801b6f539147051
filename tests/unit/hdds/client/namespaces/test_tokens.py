"""Namespaces on DataNodes that want block tokens, whose keys last for less than the test."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.hdds.client.namespaces.test_namespace import (
    CONFIG,
    DATA,
    hdds_of,
    with_hdds,
    write,
)
from tests.unit.hdds.ring.three import until
from tests.unit.hdds.scm_cluster import ScmCluster
from trioxygen.common.errors import TokenRefused
from trioxygen.common.units import MIB
from trioxygen.hdds.client import Hdds
from trioxygen.metadata.scm.schema import TOKEN_KEYS
from trioxygen.metadata.scm.token_keys import TokenKeyConfig

# A token is good for three seconds: a machine that stands still for some of them matters not.
KEYS = TokenKeyConfig(key_ms=600, kept=6)
TOKENS = replace(CONFIG, token_keys=KEYS)


def test_client_reads_and_writes_what_is_its_own_while_keys_come_and_go(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        def newest() -> int:
            with cluster.store.read() as txn:
                rows = [key for key, _ in txn.scan(TOKEN_KEYS.table, prefix=b"")]
            return int.from_bytes(rows[-1], "big")

        async def all_keys_are_gone() -> None:
            """Those of the tokens that there are."""
            wanted = newest() + KEYS.kept + 1
            await until(lambda: newest() >= wanted)

        async with hdds.open("logs") as logs:
            (small,) = await write(logs, b"small")
            large = await logs.write(DATA)
            assert await logs.read_all(small) == b"small"
            await all_keys_are_gone()
            assert await logs.read_all(small) == b"small"
            assert await logs.read_all(large) == DATA
            (again,) = await logs.write(b"again")
            assert await logs.read_all(again) == b"again"
            # Another client knows the block's name, and reads its own ones alone.
            other = hdds_of(cluster, "mallory")
            await other.create_namespace("hers")
            async with other.open("hers") as hers:
                (own,) = await write(hers, b"hers")
                assert await hers.read_all(own) == b"hers"
                for ref in (small, large[0]):
                    with pytest.raises(TokenRefused):
                        await hers.read_all(ref)
            await other.stop()
            # Who knows nothing of tokens has nothing.
            with pytest.raises(TokenRefused):
                await cluster.reader.read_small(small.slice)
            assert len(large) == len(DATA) // MIB

    with_hdds(tmp_path, scenario, config=TOKENS)
