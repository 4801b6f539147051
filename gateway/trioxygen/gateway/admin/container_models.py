"""What the admin API says of containers, pipelines, their repair, and deletions."""

from pydantic import Field

from trioxygen.gateway.admin.model import AdminModel


class ContainerSummary(AdminModel):
    """As the leading SCM's row says."""

    container_id: int
    state: str
    replication: str
    pipeline_id: int
    used_bytes: int
    block_count: int
    created_ms: int


class ContainerPage(AdminModel):
    containers: list[ContainerSummary]
    next: int = Field(description="`after` of the next page; 0: it was the last.")


class ReplicaView(AdminModel):
    node_id: str
    state: str
    replica_index: int = Field(description="0: a whole one.")
    used_bytes: int
    block_count: int
    commit_sequence: int
    health: str = Field(description="Of its DataNode.")
    operation: str
    rack: str


class RepairView(AdminModel):
    kind: str
    container_id: int
    node_id: str = Field(description="Who does it.")
    target_node_ids: list[str]
    age_ms: int
    left_ms: int = Field(description="Until it is given up.")
    size_bytes: int


class ContainerView(AdminModel):
    container: ContainerSummary
    commit_sequence: int
    health: str
    replicas: list[ReplicaView]
    in_flight: list[RepairView]


class PipelineView(AdminModel):
    pipeline_id: int
    state: str
    replication: str
    node_ids: list[str]
    open_containers: int


class PipelineList(AdminModel):
    pipelines: list[PipelineView]


class HealthView(AdminModel):
    health: str
    count: int
    sample_ids: list[int]


class WaitingView(AdminModel):
    container_id: int
    reason: str


class DepartureView(AdminModel):
    """A DataNode on its way out of service, or into maintenance."""

    node_id: str
    operation: str
    containers: int
    containers_left: int
    bytes_left: int
    pipelines_left: int
    estimated_ms: int = Field(description="0: not known, or it does not end by itself.")
    unplaced: int = Field(description="Containers whose replicas no other DataNode can take.")
    is_counted: bool
    waits_for: str = Field(description="Beside containers and pipelines; empty: nothing.")
    waiting: list[WaitingView]


class ReplicationView(AdminModel):
    node_id: str
    is_waiting: bool = Field(description="Nothing is repaired yet: see safe mode.")
    health: list[HealthView]
    queued: int
    unplaced: int = Field(description="Containers that lack what no DataNode can take.")
    copies: int
    rebuilds: int
    removals: int
    weight: int
    weight_max: int
    made: int
    made_bytes: int
    made_bytes_per_s: int
    looked_at_all: bool
    in_flight: list[RepairView]
    departures: list[DepartureView]


class DeletionView(AdminModel):
    """Bytes are what clients wrote, before replication, as far as they are known; `garbage_bytes`
    are those of all replicas."""

    bytes_to_reclaim: int = Field(description="Before replication: kept, or being deleted.")
    oldest_ms: int = Field(description="How long the first of it has been let go.")
    bytes_per_s: int = Field(description="Deleted in a second, lately.")
    kept_bytes: int = Field(description="Of these, kept for readers under way.")
    kept_ranges: int = Field(description="Of blocks that are kept.")
    transactions: int
    blocks: int
    estimated_bytes: int = Field(description="Of these, being deleted.")
    oldest_waits_for: list[str]
    blocks_per_s: int
    garbage_bytes: int = Field(description="Deleted, and not yet given back by compaction.")
    is_counted: bool


class HolderView(AdminModel):
    """What has bytes in containers that were asked for.

    Attributes:
    kind: OBJECT, VERSION (of before, which something still keeps) or PART (of an upload).
    held_bytes: of its bytes those in these containers.
    """

    kind: str
    volume: str = Field(description="Empty: of a bucket that was deleted.")
    bucket: str
    key: str
    object_id: int = Field(description="0: of a part.")
    upload_id: str
    part_number: int
    size_bytes: int
    modified_ms: int
    held_bytes: int
    container_ids: list[int]


class ReferencedView(AdminModel):
    container_id: int
    blocks: int = Field(description="That something holds.")
    is_all: bool = Field(description="False: there are more, no more were counted.")


class HolderPage(AdminModel):
    """Attributes:
    next: `after` of the next page; empty: it was the last.
    examined: rows that were looked at for it; it may have found nothing.
    rows: with the first page: all that will be looked at, about.
    containers: with the first page.
    """

    holders: list[HolderView]
    next: str
    examined: int
    rows: int
    containers: list[ReferencedView]
