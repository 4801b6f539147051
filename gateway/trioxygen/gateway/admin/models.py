"""What the admin API takes and gives, as pydantic models. Times are milliseconds since 1970 UTC."""

from typing import Annotated

from pydantic import Field

from trioxygen.gateway.admin.model import AdminModel

# Printable ASCII without the space: what fits a header, a shell and a configuration file.
AccessKey = Annotated[str, Field(min_length=3, max_length=128, pattern=r"^[!-~]+$")]
SecretKey = Annotated[str, Field(min_length=8, max_length=128, pattern=r"^[!-~]+$")]
AccountText = Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]


class AccountView(AdminModel):
    account_id: str
    canonical_id: str
    display_name: str
    email: str
    created_ms: int


class AccountPage(AdminModel):
    accounts: list[AccountView]
    truncated: bool


class NewAccount(AdminModel):
    """Ids that are left out are chosen by the store."""

    display_name: Annotated[AccountText, Field(min_length=1)]
    email: AccountText = ""
    account_id: AccountText = ""
    canonical_id: AccountText = ""


class KeyView(AdminModel):
    """user: empty: the account's root. last_used_ms: 0: never."""

    access_key: str
    account_id: str
    user: str
    is_active: bool
    created_ms: int
    last_used_ms: int
    last_used_service: str
    last_used_region: str


class KeyPage(AdminModel):
    keys: list[KeyView]
    truncated: bool


class NewKey(AdminModel):
    """Access key and secret are chosen by the store when they are left out. user: empty: the
    account's root."""

    account_id: AccountText
    user: AccountText = ""
    access_key: AccessKey | None = None
    secret_key: SecretKey | None = None


class CreatedKey(AdminModel):
    """The only answer that holds a secret."""

    access_key: str
    secret_key: str
    account_id: str
    user: str
    created_ms: int


class VolumeView(AdminModel):
    """account_id: whose it is; empty: the operators'."""

    name: str
    account_id: str
    created_ms: int


class VolumePage(AdminModel):
    volumes: list[VolumeView]
    truncated: bool


class NewVolume(AdminModel):
    name: str = Field(max_length=63)
    account_id: AccountText = ""


class BucketView(AdminModel):
    name: str
    bucket_id: int
    account_id: str
    created_ms: int
    location: str
    layout: str
    history_retention_ms: int
    replication: str = Field(description="Of objects stored as STANDARD; empty: the store's.")


class BucketReplication(AdminModel):
    """replication: as the configuration writes it; empty: the store's."""

    replication: str = Field(max_length=64)


class BucketPage(AdminModel):
    buckets: list[BucketView]
    truncated: bool


class OrphanView(AdminModel):
    """age_ms: since it was noticed; -1: it has not been yet. left_ms: until it goes; -1: it stays,
    or nobody knows yet."""

    node_id: str
    container: int
    local: int
    size_bytes: int
    age_ms: int
    left_ms: int


class OrphanPage(AdminModel):
    """`next`: where the next page begins; empty: it was the last."""

    orphans: list[OrphanView]
    examined: int
    next: str
    silent_nodes: list[str]


class OmView(AdminModel):
    node_id: str
    is_leader: bool
    term: int
    applied_index: int
    is_full: bool
    rows: dict[str, int]


class ScmView(AdminModel):
    node_id: str
    is_leader: bool
    applied_index: int
    safe_mode: bool
    is_full: bool
    pipelines_open: int
    waiting_delete_transactions: int
    corrupt_blocks: int


class NodeView(AdminModel):
    """A DataNode; bytes are the sums of its volumes."""

    node_id: str
    address: str
    health: str
    operation: str
    last_heartbeat_age_ms: int
    capacity_bytes: int
    used_bytes: int
    free_bytes: int
    writable_bytes: int = Field(description="Of what is free, what new data may take.")
    volumes: int
    volumes_failed: int
    volumes_full: int
    takes_new_data: bool = Field(description="Whether new blocks are placed on it.")


class ContainersView(AdminModel):
    """How many containers are in each state; states without one are left out."""

    by_state: dict[str, int]
    used_bytes: int
    block_count: int


class StatusView(AdminModel):
    version: str
    is_ready: bool
    is_full: bool
    replication: str = Field(description="Of objects whose class and bucket do not say it.")
    missing_replicas_max: int = Field(
        description="How many DataNodes a pipeline may have less, where there are no more."
    )
    refused_entries: dict[str, int] = Field(
        default_factory=dict,
        description="Entries of the log of om, scm or a DataNode that could not be applied, since "
        "its start; only those that have any.",
    )
    om: OmView
    scm: ScmView
    nodes: list[NodeView]
    containers: ContainersView
    capacity_bytes: int
    used_bytes: int
    free_bytes: int
    writable_bytes: int = Field(description="Of what is free, what new data may take.")


class ErrorView(AdminModel):
    """Attributes: code, the name of a `trioxygen.common.errors` code, or UNAUTHORIZED, NOT_FOUND,
    METHOD_NOT_ALLOWED; message, one line; kind, of NO_SUCH_ENTITY: of what (`iam_errors`), left
    out of others."""

    code: str
    message: str
    kind: str = ""
