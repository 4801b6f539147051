"""Blocks without an OM, on real processes: the example, the page's program, and a change of the
SCM that leads."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.cluster.cluster import Cluster
from tests.cluster.conftest import NewCluster
from tests.cluster.test_block_tokens import keys_made, started
from tests.integration.store_process import environment
from trioxygen.cli.exits import Exit
from trioxygen.common.errors import CallerNotAllowed, WrongIdentity
from trioxygen.common.rpc.tls import Tls
from trioxygen.hdds.client import connect

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

REPO: Final = Path(__file__).parents[2]
EXAMPLE: Final = REPO / "examples" / "hdds_files.py"
BODY: Final = bytes(range(256)) * 12_000


def scms_of(cluster: Cluster) -> list[str]:
    return [cluster.nodes()[node]["address"] for node in cluster.ids("scm")]


def run(*arguments: str | Path) -> bytes:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=environment({}),
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def page_program(scms: Sequence[str]) -> str:
    """The first piece of code of the page, for these SCMs."""
    page = (REPO / "docs" / "hdds-client.md").read_text()
    [program, *_] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    program, count = re.subn(r"\[\"10.*?\]", lambda _: f"{[*scms]!r}", program, flags=re.DOTALL)
    assert count == 1
    return program


async def write_while_the_leader_dies(cluster: Cluster, scms: Sequence[str]) -> None:
    async with connect(scms, client="survivor") as hdds:
        await hdds.create_namespace("through-a-change")
        async with hdds.open("through-a-change") as namespace:
            refs = [*await namespace.write(BODY)]
            leader = cluster.leader("scm")
            cluster.kill(leader)
            for number in range(20):
                refs += await namespace.write(b"block %d" % number, label=b"%d" % number)
            info = await namespace.info()
            assert info.blocks == len(refs)
            assert await namespace.read_all(refs[0]) == BODY
            assert [await namespace.read_all(ref) for ref in refs[1:3]] == [b"block 0", b"block 1"]
            assert await namespace.delete(refs[1:]) == 20
            assert [each.ref async for each in namespace.blocks()] == refs[:1]
    cluster.restart(leader)


def test_blocks_are_kept_where_there_is_no_om(new_cluster: NewCluster, tmp_path: Path) -> None:
    cluster = new_cluster(oms=1, scms=3, datanodes=3, gateways=1).start()
    scms = scms_of(cluster)
    for node in ("gw1", "om1"):
        cluster.kill(node)
    assert b"b'some bytes'" in run("-c", page_program(scms))
    file = tmp_path / "file"
    file.write_bytes(BODY)
    addresses = [word for scm in scms for word in ("--scm", scm)]
    run(EXAMPLE, *addresses, "put", file, EXAMPLE)
    listing = run(EXAMPLE, *addresses, "list").decode()
    assert f"{len(BODY):>12} file\n" in listing
    assert run(EXAMPLE, *addresses, "get", "file") == BODY
    assert run(EXAMPLE, *addresses, "delete", "file") == b"file: 1 blocks deleted\n"
    assert "file\n" not in run(EXAMPLE, *addresses, "list").decode()
    asyncio.run(write_while_the_leader_dies(cluster, scms))
    for node in ("om1", "gw1"):
        cluster.restart(node)


async def keep_apart(cluster: Cluster, tls: Mapping[str, Tls]) -> None:
    """Two clients, of which one has a namespace."""
    scms = scms_of(cluster)
    async with connect(scms, client="alice", tls=tls["alice"]) as hdds:
        await hdds.create_namespace("logs", replication="RATIS/ONE")
        async with hdds.open("logs") as logs:
            # Cut as the cluster has it: a MiB each.
            refs = await logs.write(BODY, label=b"mine")
            assert len(refs) == 3
            made = keys_made(cluster)
            async with asyncio.timeout(60):
                while keys_made(cluster) < made + 4:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            # The tokens that it had are good for nothing by now.
            assert await logs.read_all(refs) == BODY
            await logs.write(b"more")
    async with connect(scms, client="mallory", tls=tls["mallory"]) as hdds:
        assert [each.name async for each in hdds.namespaces()] == []
        with pytest.raises(CallerNotAllowed):
            async with hdds.open("logs"):
                raise AssertionError("opened")
    # Who says that it is another one.
    async with connect(scms, client="alice", tls=tls["mallory"]) as hdds:
        with pytest.raises(WrongIdentity):
            await hdds.create_namespace("another")


def test_namespace_is_its_clients_where_certificates_say_who_calls(
    new_cluster: NewCluster, tmp_path: Path
) -> None:
    cluster, authority = started(new_cluster, tmp_path)
    names = ("alice", "mallory")
    tls = {name: authority.write(tmp_path, name, f"client/{name}") for name in names}
    asyncio.run(keep_apart(cluster, tls))
    gateway = cluster.data / "gw1"
    listing = cluster.o3("admin", "namespace", "list", data=gateway)
    assert re.search(r"logs +alice +RATIS/ONE +4 ", listing)
    assert "each client" not in cluster.o3("admin", "namespace", "info", "logs", data=gateway)
    # What an OM knows nothing of is no orphan.
    assert json.loads(cluster.o3("admin", "orphans", "--json", data=gateway))["orphans"] == []
    cluster.o3("admin", "namespace", "delete", "logs", data=gateway, code=Exit.REFUSED)
    cluster.o3("admin", "namespace", "delete", "logs", "--force", data=gateway)
    assert "logs" not in cluster.o3("admin", "namespace", "list", data=gateway)
