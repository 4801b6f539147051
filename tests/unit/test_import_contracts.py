"""Each import contract fails when it is broken on purpose."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).parents[2]
ROOTS = ("gateway", "metadata", "hdds", "recon", "common", "proto", "cli", "sim")
# Contract -> (module, what it must not import).
VIOLATIONS = {
    "Layers: what may import what": ("trioxygen.common.units", "trioxygen.metadata.client.servers"),
    "Services are reached through their clients only": (
        "trioxygen.gateway.readiness",
        "trioxygen.metadata.om.service",
    ),
    "Raft is for those who hold state": (
        "trioxygen.gateway.shares",
        "trioxygen.metadata.raft.ports",
    ),
    "What DataNodes keep knows nothing of the rings above it": (
        "trioxygen.hdds.container.segment",
        "trioxygen.hdds.ring.config",
    ),
    "Only the storage side opens key-value stores": (
        "trioxygen.gateway.shares",
        "trioxygen.metadata.store.lmdb_kv",
    ),
    "Of the gateway only what is behind its ports knows protobuf": (
        "trioxygen.gateway.routing",
        "trioxygen.proto.v1.om_pb2",
    ),
    "The store behind the gateway knows nothing of S3": (
        "trioxygen.gateway.store.values.keys",
        "trioxygen.gateway.protocol.dates",
    ),
    "S3 has the store through its port alone": (
        "trioxygen.gateway.s3.settings",
        "trioxygen.metadata.client.om",
    ),
    "The gateway never reaches into a DataNode": (
        "trioxygen.gateway.metrics",
        "trioxygen.hdds.container.layout",
    ),
    "S3 is read, written and verified without I/O": ("trioxygen.gateway.auth.claim", "time"),
    "The HTTP server knows nothing of what it serves": (
        "trioxygen.gateway.http.exchange",
        "trioxygen.gateway.s3.request",
    ),
    "Clients of OM and SCM hold no state of theirs": (
        "trioxygen.metadata.client.leader",
        "trioxygen.metadata.store.ports",
    ),
    "The rooms of a DataNode": ("trioxygen.hdds.ring.config", "trioxygen.hdds.datanode.volumes"),
    "OM and SCM do not import each other": (
        "trioxygen.metadata.om.restore",
        "trioxygen.metadata.scm.schema",
    ),
    "The rooms of the OM": (
        "trioxygen.metadata.om.state.settings",
        "trioxygen.metadata.om.service",
    ),
    "Commands are decided by the state, themselves and their time": (
        "trioxygen.metadata.scm.commands",
        "random",
    ),
    "The Raft core does no I/O and reads no clock": ("trioxygen.metadata.raft.core.types", "time"),
    "The rooms of Raft": (
        "trioxygen.metadata.raft.ports",
        "trioxygen.metadata.raft.log.room",
    ),
    "What replicates knows the messages of no service": (
        "trioxygen.metadata.replication.batch",
        "trioxygen.proto.v1.scm_pb2",
    ),
    "What becomes of containers is decided from reports alone": (
        "trioxygen.metadata.scm.replication.checks",
        "random",
    ),
    "Which nodes hold what is chosen from what is given": (
        "trioxygen.metadata.scm.pipelines.placement",
        "trioxygen.common.clock",
    ),
    "gRPC is imported in two files": ("trioxygen.common.rpc.local", "grpc"),
    "LMDB is imported by the store alone": ("trioxygen.hdds.container.blocks", "lmdb"),
    "HTTP frameworks live in the gateway and in recon": ("trioxygen.cli.status", "starlette"),
    "uvicorn is imported where ports and workers are run": (
        "trioxygen.gateway.s3_app",
        "uvicorn",
    ),
    "Whether a request is allowed is decided without I/O": (
        "trioxygen.gateway.access.decide",
        "socket",
    ),
    "Who calls, and who may, is decided without I/O": (
        "trioxygen.common.rpc.identity",
        "asyncio",
    ),
    "Nothing is decided by the request that a task happens to serve": (
        "trioxygen.metadata.scm.containers.allocator",
        "trioxygen.common.origin",
    ),
    "Why a request was refused is worked out without I/O": (
        "trioxygen.gateway.explain.rewrites",
        "socket",
    ),
    "Requests are allowed by the gate alone": (
        "trioxygen.gateway.s3.buckets",
        "trioxygen.gateway.access.decide",
    ),
    "The rooms of the command line": ("trioxygen.cli.folder.parts", "trioxygen.cli.wiring.names"),
    "Services are made by the wiring alone": (
        "trioxygen.cli.running.serve",
        "trioxygen.metadata.om.service",
    ),
    "IAM is read, decided and written without I/O": ("trioxygen.gateway.iam.form", "urllib3"),
    "Handlers of IAM are reached through the table and the endpoint": (
        "trioxygen.gateway.s3_app",
        "trioxygen.gateway.iam.users",
    ),
    "Handlers are reached through the table and the gate": (
        "trioxygen.gateway.access_log",
        "trioxygen.gateway.s3.put_object",
    ),
}


def contract_names() -> list[str]:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())
    return [contract["name"] for contract in project["tool"]["importlinter"]["contracts"]]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy of the tree in which every contract is broken once."""
    tree = tmp_path_factory.mktemp("tree")
    shutil.copy(REPO / "pyproject.toml", tree)
    for root in ROOTS:
        shutil.copytree(
            REPO / root, tree / root, ignore=shutil.ignore_patterns("__pycache__", "*.pyi")
        )
    for module, imported in VIOLATIONS.values():
        root = module.split(".")[1]
        path = tree / root / f"{module.replace('.', '/')}.py"
        assert path.exists(), f"{module}: no such module"
        with path.open("a") as file:
            file.write(f"\nimport {imported}\n")
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(tree / root) for root in ROOTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1, checked.stdout + checked.stderr
    return checked.stdout


def section(report: str, contract: str) -> str:
    """What is said of a broken contract: from its underlined name to the next one's."""
    parts = re.split(r"^(.+)\n-+\n", report, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(contract, "")


def test_every_contract_is_broken_here_once() -> None:
    assert sorted(VIOLATIONS) == sorted(contract_names())


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_contract_is_broken_by_one_import(report: str, contract: str) -> None:
    module, imported = VIOLATIONS[contract]
    assert f"{contract} BROKEN" in report, report[-2_000:]
    shown = imported.split(".")[0] if not imported.startswith("trioxygen.") else imported
    # Long lines are broken.
    assert f"{module} -> {shown} (l." in " ".join(section(report, contract).split())


@pytest.mark.parametrize(
    ("room", "contract_name"),
    [
        ("s3", "Handlers are reached through the table and the gate"),
        ("iam", "Handlers of IAM are reached through the table and the endpoint"),
    ],
)
def test_every_family_of_operations_is_reached_through_the_table_alone(
    room: str, contract_name: str
) -> None:
    """A file with rows of the table is named by the contract: a new one cannot be left out."""
    project = tomllib.loads((REPO / "pyproject.toml").read_text())
    [reached] = [
        contract["forbidden_modules"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["name"] == contract_name
    ]
    folder = REPO / "gateway/trioxygen/gateway" / room
    families = [path.stem for path in folder.glob("*.py") if "\nROWS" in path.read_text()]
    assert sorted(reached) == sorted(f"trioxygen.gateway.{room}.{family}" for family in families)
