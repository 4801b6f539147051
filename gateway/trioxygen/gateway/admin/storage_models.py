"""What the admin API says of DataNodes and safe mode, and takes for them."""

from enum import Enum

from pydantic import Field

from trioxygen.gateway.admin.container_models import DepartureView
from trioxygen.gateway.admin.model import AdminModel


class DiskView(AdminModel):
    """A DataNode's volume."""

    volume_id: str
    path: str = Field(description="At the DataNode. Empty: an older one does not say it.")
    capacity_bytes: int
    used_bytes: int
    free_bytes: int
    reserved_bytes: int = Field(description="Of what is free, what new data may not take.")
    is_failed: bool
    is_full: bool


class DataNodeView(AdminModel):
    """A DataNode, as the leading SCM knows it. Bytes are the sums of its volumes.

    Attributes:
    last_heartbeat_age_ms: -1: none since that SCM began to lead.
    operation_age_ms, maintenance_left_ms: 0: it was always in this one; it does not end by itself.
    """

    node_id: str
    address: str
    rack: str
    health: str
    operation: str
    operation_age_ms: int
    maintenance_left_ms: int
    last_heartbeat_age_ms: int
    fully_reported: bool = Field(description="It has told all its containers to that SCM.")
    takes_new_data: bool
    containers: int
    pipelines: int
    pipelines_led: int
    capacity_bytes: int
    used_bytes: int
    free_bytes: int
    writable_bytes: int = Field(description="Of what is free, what new data may take.")
    disks: list[DiskView]
    departure: DepartureView | None = Field(
        description="While it is on its way out of service, or into maintenance."
    )


class DataNodeList(AdminModel):
    datanodes: list[DataNodeView]


class WantedOperation(Enum):
    DECOMMISSION = "decommission"
    RECOMMISSION = "recommission"
    MAINTENANCE = "maintenance"


class NewOperation(AdminModel):
    """Attributes:
    maintenance_seconds: after which a maintenance ends by itself; 0: when somebody says so.
    force: also where the other DataNodes are too few for all replicas.
    """

    operation: WantedOperation
    maintenance_seconds: int = Field(default=0, ge=0, le=3_650 * 86_400)
    force: bool = False


class OperationView(AdminModel):
    node_id: str
    operation: str


class SafeModeRuleView(AdminModel):
    name: str
    passed: bool
    waits_for: str


class SafeModeView(AdminModel):
    """Attributes:
    is_on: repair and removal of replicas wait.
    gives_blocks: what is written has a place.
    forced: an operator ended it before its rules had passed.
    """

    node_id: str
    is_on: bool
    gives_blocks: bool
    forced: bool
    rules: list[SafeModeRuleView]
