"""What the admin API needs of the store (`AdminBackend`), and that over the OM and SCM clients."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from google.protobuf.message import Message

from trioxygen.common.network import Reply
from trioxygen.common.version import __version__
from trioxygen.gateway.admin_models import (
    AccountPage,
    AccountView,
    BucketPage,
    BucketView,
    ContainersView,
    CreatedKey,
    KeyPage,
    KeyView,
    NewAccount,
    NewKey,
    NodeView,
    OmView,
    OrphanPage,
    ScmView,
    StatusView,
)
from trioxygen.gateway.readiness import Readiness
from trioxygen.proto.v1 import om_pb2, scm_pb2, types_pb2

PAGE_COUNT_MAX: Final = 1_000


class AdminBackend(Protocol):
    """Raises TrioxygenErrors. Lists start after the name or id `after`, `count_max` at most."""

    async def status(self) -> StatusView: ...

    async def list_accounts(self, after: str, count_max: int) -> AccountPage: ...

    async def create_account(self, account: NewAccount) -> AccountView: ...

    async def list_keys(self, account_id: str, after: str, count_max: int) -> KeyPage:
        """Of all accounts when `account_id` is empty."""
        ...

    async def create_key(self, key: NewKey) -> CreatedKey: ...

    async def revoke_key(self, access_key: str) -> None: ...

    async def list_buckets(self, account_id: str, after: str, count_max: int) -> BucketPage:
        """Of all accounts when `account_id` is empty."""
        ...

    async def lookup_bucket(self, name: str) -> BucketView: ...

    async def find_orphans(self, after: str, count_max: int) -> OrphanPage:
        """Of the next `count_max` blocks of a DataNode those that nothing refers to."""
        ...


class Calls(Protocol):
    """A client of the OM or of the SCM; the method is named by the request's type."""

    async def call(self, request: Message, reply_type: type[Reply]) -> Reply: ...


class OzoneAdminBackend:
    """Over the clients of OM and SCM.

    Args: find_orphans: see `orphans`."""

    def __init__(
        self,
        om: Calls,
        scm: Calls,
        readiness: Readiness,
        find_orphans: Callable[[str, int], Awaitable[OrphanPage]],
    ) -> None:
        self._om, self._scm, self._readiness = om, scm, readiness
        self._find_orphans = find_orphans

    async def find_orphans(self, after: str, count_max: int) -> OrphanPage:
        return await self._find_orphans(after, count_max)

    async def status(self) -> StatusView:
        om = await self._om.call(om_pb2.DescribeOmRequest(count_rows=True), om_pb2.DescribeOmReply)
        scm = await self._describe_scm()
        nodes = [_node(each) for each in scm.nodes]
        return StatusView(
            version=__version__,
            is_ready=self._readiness.get(),
            is_full=om.full or scm.full,
            om=OmView(
                node_id=om.node_id,
                is_leader=om.leader,
                term=om.term,
                applied_index=om.applied_index,
                is_full=om.full,
                rows={table.name: table.rows for table in om.tables},
            ),
            scm=ScmView(
                node_id=scm.node_id,
                is_leader=scm.leader,
                applied_index=scm.applied_index,
                safe_mode=scm.safe_mode,
                is_full=scm.full,
                pipelines_open=sum(1 for pipeline in scm.pipelines if pipeline.open),
                waiting_delete_transactions=scm.waiting_delete_transactions,
                corrupt_blocks=len(scm.corrupt_blocks),
            ),
            nodes=nodes,
            refused_entries=_refused_entries(om, scm),
            containers=_containers(scm),
            capacity_bytes=sum(node.capacity_bytes for node in nodes),
            used_bytes=sum(node.used_bytes for node in nodes),
            free_bytes=sum(node.free_bytes for node in nodes),
            writable_bytes=sum(node.writable_bytes for node in nodes),
        )

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
        reply = await self._om.call(
            om_pb2.ListAccountsRequest(after=after, count_max=count_max), om_pb2.ListAccountsReply
        )
        return AccountPage(
            accounts=[_account(each) for each in reply.accounts], truncated=reply.truncated
        )

    async def create_account(self, account: NewAccount) -> AccountView:
        wanted = types_pb2.Account(
            account_id=account.account_id,
            canonical_id=account.canonical_id,
            display_name=account.display_name,
            email=account.email,
        )
        reply = await self._om.call(
            om_pb2.CreateAccountRequest(account=wanted), om_pb2.CreateAccountReply
        )
        return _account(reply.account)

    async def list_keys(self, account_id: str, after: str, count_max: int) -> KeyPage:
        reply = await self._om.call(
            om_pb2.ListAccessKeysRequest(account_id=account_id, after=after, count_max=count_max),
            om_pb2.ListAccessKeysReply,
        )
        keys = [
            KeyView(access_key=row.access_key, account_id=row.account_id, created_ms=row.created_ms)
            for row in reply.keys
        ]
        return KeyPage(keys=keys, truncated=reply.truncated)

    async def create_key(self, key: NewKey) -> CreatedKey:
        reply = await self._om.call(
            om_pb2.CreateAccessKeyRequest(
                account_id=key.account_id,
                access_key=key.access_key or "",
                secret_key=key.secret_key or "",
            ),
            om_pb2.CreateAccessKeyReply,
        )
        return CreatedKey(
            access_key=reply.key.access_key,
            secret_key=reply.key.secret_key,
            account_id=reply.key.account_id,
            created_ms=reply.key.created_ms,
        )

    async def revoke_key(self, access_key: str) -> None:
        await self._om.call(
            om_pb2.RevokeAccessKeyRequest(access_key=access_key), om_pb2.RevokeAccessKeyReply
        )

    async def list_buckets(self, account_id: str, after: str, count_max: int) -> BucketPage:
        reply = await self._om.call(
            om_pb2.ListBucketsRequest(
                account_id=account_id,
                every_account=not account_id,
                after=after,
                count_max=count_max,
            ),
            om_pb2.ListBucketsReply,
        )
        return BucketPage(
            buckets=[_bucket(row) for row in reply.buckets], truncated=reply.truncated
        )

    async def lookup_bucket(self, name: str) -> BucketView:
        reply = await self._om.call(
            om_pb2.LookupBucketRequest(bucket=name), om_pb2.LookupBucketReply
        )
        return _bucket(reply.bucket)


def _account(account: types_pb2.Account) -> AccountView:
    return AccountView(
        account_id=account.account_id,
        canonical_id=account.canonical_id,
        display_name=account.display_name,
        email=account.email,
        created_ms=account.created_ms,
    )


def _bucket(row: om_pb2.BucketRow) -> BucketView:
    return BucketView(
        name=row.name,
        bucket_id=row.bucket_id,
        account_id=row.account_id,
        created_ms=row.created_ms,
        location=row.location,
        layout=om_pb2.BucketRow.Layout.Name(row.layout),
        history_retention_ms=row.history_retention_ms,
    )


def _node(described: scm_pb2.NodeDescription) -> NodeView:
    volumes = described.volumes
    return NodeView(
        node_id=described.node.node_id,
        address=described.node.address,
        health=scm_pb2.NodeHealth.Name(described.health),
        operation=scm_pb2.NodeOperation.Name(described.node.operation),
        last_heartbeat_age_ms=described.last_heartbeat_age_ms,
        capacity_bytes=sum(volume.capacity_bytes for volume in volumes),
        used_bytes=sum(volume.used_bytes for volume in volumes),
        free_bytes=sum(volume.free_bytes for volume in volumes),
        writable_bytes=sum(
            max(0, volume.free_bytes - volume.reserved_bytes)
            for volume in volumes
            if not volume.failed
        ),
        volumes=len(volumes),
        volumes_failed=sum(1 for volume in volumes if volume.failed),
        volumes_full=sum(1 for volume in volumes if volume.full),
    )


def _refused_entries(om: om_pb2.DescribeOmReply, scm: scm_pb2.DescribeScmReply) -> dict[str, int]:
    counts = {"om": om.refused_entries, "scm": scm.refused_entries}
    for each in scm.nodes:
        counts[each.node.node_id] = sum(volume.refused_entries for volume in each.volumes)
    return {name: count for name, count in counts.items() if count}


def _containers(scm: scm_pb2.DescribeScmReply) -> ContainersView:
    by_state: dict[str, int] = {}
    for container in scm.containers:
        state = scm_pb2.ContainerState.Name(container.state)
        by_state[state] = by_state.get(state, 0) + 1
    return ContainersView(
        by_state=by_state,
        used_bytes=sum(container.used_bytes for container in scm.containers),
        block_count=sum(container.block_count for container in scm.containers),
    )
