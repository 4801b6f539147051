"""The admin API over the clients of OM and SCM."""

from collections.abc import Awaitable, Callable

from trioxygen.common.clock import Clock
from trioxygen.common.errors import InvalidRequest
from trioxygen.common.replication import Replication
from trioxygen.gateway.admin.backend.balancer import ScmBalancerAdmin
from trioxygen.gateway.admin.backend.containers import ScmContainerAdmin
from trioxygen.gateway.admin.backend.datanodes import DataNodeAdmin
from trioxygen.gateway.admin.backend.holders import Holders
from trioxygen.gateway.admin.backend.lifecycles import OmLifecycleAdmin
from trioxygen.gateway.admin.backend.namespaces import ScmNamespaceAdmin
from trioxygen.gateway.admin.backend.orphan_replicas import ScmOrphanReplicaAdmin
from trioxygen.gateway.admin.backend.port import (
    BalancerAdmin,
    ContainerAdmin,
    LifecycleAdmin,
    NamespaceAdmin,
    OrphanReplicaAdmin,
    StorageAdmin,
)
from trioxygen.gateway.admin.backend.status import status_view
from trioxygen.gateway.admin.backend.views import account_of, bucket_of, key_of, volume_of
from trioxygen.gateway.admin.models import (
    AccountPage,
    AccountView,
    BucketPage,
    BucketReplication,
    BucketView,
    CreatedKey,
    KeyPage,
    NewAccount,
    NewKey,
    NewVolume,
    OrphanPage,
    StatusView,
    VolumePage,
    VolumeView,
)
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.store.iam_port import Iam
from trioxygen.gateway.store.ozone.iam import OzoneIam
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient
from trioxygen.proto.v1 import iam_pb2, om_pb2, scm_pb2, types_pb2


class OzoneAdminBackend:
    """Over the clients of OM and SCM.

    Args:
        volume: of buckets where none is named.
        find_orphans: see `orphans`.
    """

    def __init__(
        self,
        om: OmClient,
        scm: ScmClient,
        readiness: Readiness,
        volume: str,
        find_orphans: Callable[[str, int], Awaitable[OrphanPage]],
        clock: Clock,
    ) -> None:
        self._om, self._scm, self._readiness = om, scm, readiness
        self._volume, self._find_orphans = volume, find_orphans
        self.containers: ContainerAdmin = ScmContainerAdmin(scm, Holders(om, clock))
        self.storage: StorageAdmin = DataNodeAdmin(scm)
        self.balancer: BalancerAdmin = ScmBalancerAdmin(scm)
        self.orphan_replicas: OrphanReplicaAdmin = ScmOrphanReplicaAdmin(scm)
        self.namespaces: NamespaceAdmin = ScmNamespaceAdmin(scm)
        self.lifecycles: LifecycleAdmin = OmLifecycleAdmin(om)
        self.iam: Iam = OzoneIam(om)

    async def find_orphans(self, after: str, count_max: int) -> OrphanPage:
        return await self._find_orphans(after, count_max)

    async def status(self) -> StatusView:
        om = await self._om.describe_om(om_pb2.DescribeOmRequest(count_rows=True))
        return status_view(om, await self._describe_scm(), is_ready=self._readiness.get())

    async def _describe_scm(self) -> scm_pb2.DescribeScmReply:
        """All pages as one."""
        whole, after = scm_pb2.DescribeScmReply(), b""
        while True:
            page = await self._scm.call(
                scm_pb2.DescribeScmRequest(after=after), scm_pb2.DescribeScmReply
            )
            whole.MergeFrom(page)
            after = page.next
            if not after:
                return whole

    async def list_accounts(self, after: str, count_max: int) -> AccountPage:
        reply = await self._om.list_accounts(
            om_pb2.ListAccountsRequest(after=after, count_max=count_max)
        )
        return AccountPage(
            accounts=[account_of(each) for each in reply.accounts], truncated=reply.truncated
        )

    async def create_account(self, account: NewAccount) -> AccountView:
        wanted = types_pb2.Account(
            account_id=account.account_id,
            canonical_id=account.canonical_id,
            display_name=account.display_name,
            email=account.email,
        )
        reply = await self._om.create_account(om_pb2.CreateAccountRequest(account=wanted))
        return account_of(reply.account)

    async def list_keys(
        self, account_id: str, user: str | None, after: str, count_max: int
    ) -> KeyPage:
        if user is not None:
            page = iam_pb2.Page(after=after, count_max=count_max)
            asked = iam_pb2.ListUserKeys(user=user, page=page)
            read = await self._om.read_iam(
                iam_pb2.ReadIamRequest(account_id=account_id, keys=asked)
            )
            return KeyPage(keys=[key_of(row) for row in read.keys], truncated=read.truncated)
        reply = await self._om.list_access_keys(
            om_pb2.ListAccessKeysRequest(account_id=account_id, after=after, count_max=count_max)
        )
        return KeyPage(keys=[key_of(row) for row in reply.keys], truncated=reply.truncated)

    async def create_key(self, key: NewKey) -> CreatedKey:
        reply = await self._om.create_access_key(
            om_pb2.CreateAccessKeyRequest(
                account_id=key.account_id,
                access_key=key.access_key or "",
                secret_key=key.secret_key or "",
                user=key.user,
            )
        )
        return CreatedKey(
            access_key=reply.key.access_key,
            secret_key=reply.key.secret_key,
            account_id=reply.key.account_id,
            created_ms=reply.key.created_ms,
            user=key.user,
        )

    async def revoke_key(self, access_key: str) -> None:
        await self._om.revoke_access_key(om_pb2.RevokeAccessKeyRequest(access_key=access_key))

    async def list_volumes(self, account_id: str, after: str, count_max: int) -> VolumePage:
        reply = await self._om.list_volumes(
            om_pb2.ListVolumesRequest(account_id=account_id, after=after, count_max=count_max)
        )
        return VolumePage(
            volumes=[volume_of(row) for row in reply.volumes], truncated=reply.truncated
        )

    async def lookup_volume(self, name: str) -> VolumeView:
        reply = await self._om.lookup_volume(om_pb2.LookupVolumeRequest(volume=name))
        return volume_of(reply.volume)

    async def create_volume(self, volume: NewVolume) -> VolumeView:
        reply = await self._om.create_volume(
            om_pb2.CreateVolumeRequest(volume=volume.name, account_id=volume.account_id)
        )
        return volume_of(reply.volume)

    async def delete_volume(self, name: str) -> None:
        if name == self._volume:
            raise InvalidRequest("S3's buckets are in this volume: it stays", volume=name)
        await self._om.delete_volume(om_pb2.DeleteVolumeRequest(volume=name))

    async def list_buckets(
        self, volume: str, account_id: str, after: str, count_max: int
    ) -> BucketPage:
        reply = await self._om.list_buckets(
            om_pb2.ListBucketsRequest(
                volume=volume or self._volume,
                account_id=account_id,
                every_account=not account_id,
                after=after,
                count_max=count_max,
            )
        )
        return BucketPage(
            buckets=[bucket_of(row) for row in reply.buckets], truncated=reply.truncated
        )

    async def lookup_bucket(self, volume: str, name: str) -> BucketView:
        reply = await self._om.lookup_bucket(
            om_pb2.LookupBucketRequest(volume=volume or self._volume, bucket=name)
        )
        return bucket_of(reply.bucket)

    async def set_bucket_replication(
        self, volume: str, name: str, wanted: BucketReplication
    ) -> BucketView:
        volume = volume or self._volume
        replication = None
        if wanted.replication:
            try:
                replication = Replication.parse(wanted.replication).proto
            except ValueError as error:
                raise InvalidRequest(str(error)) from error
        lookup = om_pb2.LookupBucketRequest(volume=volume, bucket=name)
        bucket = (await self._om.lookup_bucket(lookup)).bucket
        reply = await self._om.set_bucket_replication(
            om_pb2.SetBucketReplicationRequest(
                volume=volume, bucket=name, bucket_id=bucket.bucket_id, replication=replication
            )
        )
        return bucket_of(reply.bucket)
