"""What the admin API needs of the store: models in, models out."""

from collections.abc import Sequence
from typing import Final, Protocol

from trioxygen.gateway.admin.balancer_models import BalancerView, NewBalancing
from trioxygen.gateway.admin.container_models import (
    ContainerPage,
    ContainerView,
    DeletionView,
    HolderPage,
    PipelineList,
    ReplicationView,
)
from trioxygen.gateway.admin.lifecycle_models import LifecyclePage
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
from trioxygen.gateway.admin.namespace_models import DescribedNamespace, NamespacePage
from trioxygen.gateway.admin.orphan_models import OrphanReplicaPage, RemovedOrphans
from trioxygen.gateway.admin.storage_models import (
    DataNodeList,
    DataNodeView,
    NewOperation,
    OperationView,
    SafeModeView,
)
from trioxygen.gateway.store.iam_port import Iam

PAGE_COUNT_MAX: Final = 1_000
# Containers that are named, or asked for, at once.
CONTAINERS_MAX: Final = 1_000


class ContainerAdmin(Protocol):
    """Containers, pipelines, repair and deletion. Raises TrioxygenErrors."""

    async def list_containers(self, after: int, count_max: int) -> ContainerPage: ...

    async def lookup_container(self, container_id: int) -> ContainerView:
        """Raises: NoSuchContainer."""
        ...

    async def close_container(self, container_id: int) -> ContainerView:
        """Raises: NoSuchContainer."""
        ...

    async def forget_container(self, container_id: int, *, force: bool) -> None:
        """One that is missing. Args: force: also where something still refers to its blocks.

        Raises: NoSuchContainer; InvalidRequest: why not."""
        ...

    async def find_holders(
        self, container_ids: Sequence[int], after: str, count_max: int
    ) -> HolderPage:
        """Objects, versions and parts with bytes in these containers: about `count_max` at most,
        or those that are found in a second."""
        ...

    async def list_pipelines(self) -> PipelineList: ...

    async def close_pipeline(self, pipeline_id: int) -> None: ...

    async def replication(self, samples_max: int) -> ReplicationView: ...

    async def deletion(self) -> DeletionView: ...


class StorageAdmin(Protocol):
    """DataNodes and safe mode. Raises TrioxygenErrors."""

    async def list_datanodes(self) -> DataNodeList: ...

    async def lookup_datanode(self, node_id: str) -> DataNodeView:
        """Raises: NoSuchDataNode."""
        ...

    async def set_operation(self, node_id: str, wanted: NewOperation) -> OperationView:
        """Raises: NoSuchDataNode; InvalidRequest: why not."""
        ...

    async def remove_datanode(self, node_id: str, *, force: bool) -> None:
        """Args: force: also where containers have too few replicas without it.

        Raises: NoSuchDataNode; InvalidRequest: why not."""
        ...

    async def safe_mode(self) -> SafeModeView: ...

    async def exit_safe_mode(self) -> SafeModeView: ...


class BalancerAdmin(Protocol):
    """Raises TrioxygenErrors."""

    async def describe(self) -> BalancerView: ...

    async def start(self, wanted: NewBalancing) -> BalancerView:
        """Where it runs, it goes on with these numbers."""
        ...

    async def stop(self) -> BalancerView: ...


class OrphanReplicaAdmin(Protocol):
    """Raises TrioxygenErrors."""

    async def page(self, after: str) -> OrphanReplicaPage: ...

    async def remove(self, container_id: int, node_id: str) -> RemovedOrphans:
        """Those of a container at a node; empty: at all. Raises: NoSuchContainer: there is none."""
        ...


class LifecycleAdmin(Protocol):
    """Raises TrioxygenErrors."""

    async def page(self, after: int, count_max: int) -> LifecyclePage: ...


class NamespaceAdmin(Protocol):
    """Raises TrioxygenErrors."""

    async def page(self, after: str, count_max: int) -> NamespacePage: ...

    async def describe(self, name: str) -> DescribedNamespace:
        """Raises: NoSuchNamespace."""
        ...

    async def delete(self, name: str, *, force: bool) -> None:
        """Raises: NoSuchNamespace; NamespaceNotEmpty: without force."""
        ...


class AdminBackend(Protocol):
    """Raises TrioxygenErrors. Lists start after the name or id `after`, `count_max` at most."""

    @property
    def containers(self) -> ContainerAdmin: ...

    @property
    def storage(self) -> StorageAdmin: ...

    @property
    def balancer(self) -> BalancerAdmin: ...

    @property
    def orphan_replicas(self) -> OrphanReplicaAdmin: ...

    @property
    def namespaces(self) -> NamespaceAdmin: ...

    @property
    def lifecycles(self) -> LifecycleAdmin: ...

    @property
    def iam(self) -> Iam: ...

    async def status(self) -> StatusView: ...

    async def list_accounts(self, after: str, count_max: int) -> AccountPage: ...

    async def create_account(self, account: NewAccount) -> AccountView: ...

    async def list_keys(
        self, account_id: str, user: str | None, after: str, count_max: int
    ) -> KeyPage:
        """Of all accounts when `account_id` is empty; user: of that alone, "": of root."""
        ...

    async def create_key(self, key: NewKey) -> CreatedKey: ...

    async def revoke_key(self, access_key: str) -> None: ...

    async def list_volumes(self, account_id: str, after: str, count_max: int) -> VolumePage:
        """Of all accounts when `account_id` is empty."""
        ...

    async def lookup_volume(self, name: str) -> VolumeView: ...

    async def create_volume(self, volume: NewVolume) -> VolumeView: ...

    async def delete_volume(self, name: str) -> None: ...

    async def list_buckets(
        self, volume: str, account_id: str, after: str, count_max: int
    ) -> BucketPage:
        """Of all accounts when `account_id` is empty; without a volume, of the gateway's."""
        ...

    async def lookup_bucket(self, volume: str, name: str) -> BucketView: ...

    async def set_bucket_replication(
        self, volume: str, name: str, wanted: BucketReplication
    ) -> BucketView:
        """Of what is written from now on."""
        ...

    async def find_orphans(self, after: str, count_max: int) -> OrphanPage:
        """Of the next `count_max` blocks of a DataNode those that nothing refers to."""
        ...
