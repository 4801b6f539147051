"""Three `o3 om` processes on empty folders for the time of a run, and a client of theirs."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.accounting import process_tree_usage
from bench.member import HOST, MemberProcess
from trioxygen.cli.cluster.layout import CONFIG_FILE, new_layout
from trioxygen.common.rpc.network_grpc import GrpcNetwork
from trioxygen.common.runtime import Runtime, system_runtime
from trioxygen.metadata.client.om import OmClient
from trioxygen.proto.v1 import om_pb2
from trioxygen.proto.v1.types_pb2 import Account

MEMBERS: Final = 3
VOLUME: Final = "bench"
BUCKET: Final = "bench"
# As long as a run: a command that takes longer is an error, not a slow one.
_CALL_TIMEOUT_MS: Final = 10_000.0


class OmGroup:
    """Attributes:
    client: to be used from the loop that started the group.
    bucket_id: of the bucket `BUCKET`, which is there.
    """

    def __init__(self, members: Sequence[MemberProcess], runtime: Runtime) -> None:
        self.members = members
        self._runtime = runtime
        addresses = [member.address for member in members]
        self.client = OmClient(
            runtime, addresses, timeout_ms=_CALL_TIMEOUT_MS, try_ms=_CALL_TIMEOUT_MS / 2
        )
        self.bucket_id = 0

    async def make_bucket(self) -> None:
        account = await self.client.create_account(
            om_pb2.CreateAccountRequest(account=Account(display_name="bench"))
        )
        await self.client.create_volume(om_pb2.CreateVolumeRequest(volume=VOLUME))
        made = await self.client.create_bucket(
            om_pb2.CreateBucketRequest(
                volume=VOLUME, bucket=BUCKET, account_id=account.account.account_id
            )
        )
        self.bucket_id = made.bucket.bucket_id

    async def commit_key(self, key: bytes) -> None:
        """What the OM does at the end of a PUT, here of an empty object."""
        request = om_pb2.CommitKeyRequest(
            volume=VOLUME, bucket=BUCKET, bucket_id=self.bucket_id, key=key
        )
        request.row.etag = "d41d8cd98f00b204e9800998ecf8427e"
        await self.client.commit_key(request)

    @property
    def leader(self) -> MemberProcess:
        """Once a command was answered."""
        address = self.client.first_group.leader_address
        return next(member for member in self.members if member.address == address)

    def cpu_seconds(self) -> dict[str, float]:
        """So far, by member."""
        return {
            member.node.id: process_tree_usage(member.pid).cpu_seconds for member in self.members
        }


@asynccontextmanager
async def om_group(data_parent: Path | None) -> AsyncIterator[OmGroup]:
    """Runs a group in a new folder under `data_parent` (which decides the disk), then deletes it.

    Raises ServerFailed."""
    rng = random.Random(secrets.randbits(64))
    # Commands on keys without blocks need no SCM: the one that is configured is not started.
    layout = new_layout(rng, HOST, {"om": MEMBERS, "scm": 1, "datanode": 0, "gateway": 0})
    with TemporaryDirectory(prefix="o3-bench-", dir=data_parent) as name:
        folder = Path(name)
        (folder / CONFIG_FILE).write_text(layout.toml(folder))
        members = [MemberProcess(folder, node) for node in layout.of("om")]
        network = GrpcNetwork(cluster_id=layout.cluster_id, peer="bench")
        runtime = system_runtime(network)
        try:
            for member in members:
                member.start()
            for member in members:
                await member.until_ready()
            group = OmGroup(members, runtime)
            await group.make_bucket()
            yield group
        finally:
            await network.close()
            await runtime.stop()
            await asyncio.gather(*(member.stop() for member in members))
