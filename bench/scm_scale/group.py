"""`o3 scm` processes on folders of their own, and clients of theirs."""

import asyncio
import random
import resource
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.accounting import process_tree_usage
from bench.local import ServerFailed
from bench.member import HOST, MemberProcess
from trioxygen.cli.cluster.layout import CONFIG_FILE, new_layout
from trioxygen.common.errors import TrioxygenError
from trioxygen.common.rpc.call import Role
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import scm_pb2 as scm

_CALL_TIMEOUT_MS: Final = 30_000.0
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScmSettings:
    """As `o3 scm` has them in its configuration. DataNodes are dead sooner than by default: what
    follows is measured, the wait is not. Elections are as docs/operations/scale.md advises for a
    thousand nodes."""

    scms: int = 3
    heartbeat_ms: int = 3_000
    report_seconds: int = 60
    stale_seconds: int = 60
    dead_seconds: int = 90
    election_ticks: int = 40

    def toml(self, layout: str) -> str:
        """Args: layout: what it is added to."""
        own = (
            f"heartbeat_interval_ms = {self.heartbeat_ms}",
            f"report_interval_seconds = {self.report_seconds}",
            f"stale_after_seconds = {self.stale_seconds}",
            f"dead_after_seconds = {self.dead_seconds}",
        )
        text = layout.replace("[scm]\n", "[scm]\n" + "\n".join(own) + "\n")
        return f"{text}\n[metadata]\nraft_election_ticks = {self.election_ticks}\n"


class ScmGroup:
    """Attributes: client: of an operator; asks whoever leads."""

    def __init__(
        self, members: Sequence[MemberProcess], runtime: Runtime, network: GrpcNetwork
    ) -> None:
        self.members, self.runtime, self.network = members, runtime, network
        self.cluster_id = network.cluster_id
        self.client = self._client(members, Role.OPERATOR)
        self.om_client = self._client(members, Role.OM)

    def _client(self, members: Sequence[MemberProcess], role: Role) -> ScmClient:
        runtime = self.runtime.as_role(role, "bench")
        addresses = [member.address for member in members]
        return ScmClient(runtime, addresses, timeout_ms=_CALL_TIMEOUT_MS)

    @property
    def addresses(self) -> list[str]:
        return [member.address for member in self.members]

    async def start(self) -> float:
        """Returns: seconds until all are ready."""
        began = time.perf_counter()
        for member in self.members:
            if not member.runs:
                member.start()
        for member in self.members:
            await member.until_ready()
        return time.perf_counter() - began

    async def leader(self) -> MemberProcess:
        await self.safe_mode()
        address = self.client.leader_address
        return next(member for member in self.members if member.address == address)

    async def safe_mode(self) -> scm.DescribeSafeModeReply:
        return await self.client.call(scm.DescribeSafeModeRequest(), scm.DescribeSafeModeReply)

    async def replication(self) -> scm.DescribeReplicationReply:
        return await self.client.call(
            scm.DescribeReplicationRequest(), scm.DescribeReplicationReply
        )

    def cpu_seconds(self) -> dict[str, float]:
        return {
            each.node.id: process_tree_usage(each.pid).cpu_seconds
            for each in self.members
            if each.runs
        }

    def resident_bytes(self) -> dict[str, int]:
        return {
            each.node.id: process_tree_usage(each.pid).resident_bytes
            for each in self.members
            if each.runs
        }


async def until(is_so: Callable[[], Awaitable[bool]], *, what: str, seconds_max: float) -> float:
    """Seconds that it took. A refusal or silence is a no. Raises ServerFailed."""
    began = time.perf_counter()
    while True:
        reason = "it is not so"
        try:
            if await is_so():
                return time.perf_counter() - began
        except TrioxygenError as error:
            reason = str(error)
        if time.perf_counter() - began > seconds_max:
            raise ServerFailed(f"{what}: not within {seconds_max:g} s ({reason})")
        await asyncio.sleep(_POLL_SECONDS)


def logged_at(line: str) -> float:
    """When it was, in seconds of the wall clock."""
    return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()


def field_of(line: str, name: str) -> str:
    """What a line of the log says after NAME=; empty: nothing."""
    found = [part for part in line.split() if part.startswith(f"{name}=")]
    return found[-1].removeprefix(f"{name}=") if found else ""


@asynccontextmanager
async def scm_group(data_parent: Path | None, settings: ScmSettings) -> AsyncIterator[ScmGroup]:
    """Runs in a new folder under `data_parent` (which decides the disk), then deletes it.

    Raises ServerFailed."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rng = random.Random(secrets.randbits(64))
    layout = new_layout(rng, HOST, {"om": 1, "scm": settings.scms, "datanode": 3, "gateway": 0})
    with TemporaryDirectory(prefix="o3-bench-", dir=data_parent) as name:
        folder = Path(name)
        (folder / CONFIG_FILE).write_text(settings.toml(layout.toml(folder)))
        members = [MemberProcess(folder, node) for node in layout.of("scm")]
        network = GrpcNetwork(cluster_id=layout.cluster_id, peer="bench")
        runtime = system_runtime(network)
        group = ScmGroup(members, runtime, network)
        try:
            await group.start()
            yield group
        finally:
            await network.close()
            await runtime.stop()
            await asyncio.gather(*(member.stop() for member in members))
