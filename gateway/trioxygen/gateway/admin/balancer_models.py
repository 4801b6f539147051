"""What the admin API takes and says of the balancer."""

from pydantic import Field

from trioxygen.common.rpc.rules.rule import NUMBER_MAX
from trioxygen.gateway.admin.model import AdminModel


class NewBalancing(AdminModel):
    """What is left out, or 0, is as configured."""

    threshold_percent: float = Field(default=0, ge=0, lt=100, allow_inf_nan=False)
    containers_moving_max: int = Field(default=0, ge=0, le=100_000)
    moving_bytes_max: int = Field(default=0, ge=0, le=NUMBER_MAX)
    node_moving_bytes_max: int = Field(default=0, ge=0, le=NUMBER_MAX)


class BalancedNodeView(AdminModel):
    """A DataNode that may give and take."""

    node_id: str
    capacity_bytes: int
    used_bytes: int
    used_percent: float
    above_bytes: int = Field(description="Beyond the band; 0: none.")
    below_bytes: int = Field(description="That it lacks to be within; 0: none.")


class MoveView(AdminModel):
    container_id: int
    from_node_id: str
    to_node_id: str
    size_bytes: int
    age_ms: int
    is_copied: bool = Field(description="It has still to go where it was.")


class BalancerView(AdminModel):
    """Of its present run, or its last."""

    node_id: str = Field(description="The SCM that leads.")
    is_running: bool
    has_run: bool
    waits_for: str = Field(description="Why nothing is begun now; empty: nothing keeps it.")
    ended_why: str
    run_ms: int = Field(description="From its start to its end; 0: it runs, or never did.")
    threshold_percent: float
    containers_moving_max: int
    moving_bytes_max: int
    node_moving_bytes_max: int
    iterations: int
    mean_percent: float
    low_percent: float
    high_percent: float
    nodes: list[BalancedNodeView] = Field(description="Those out of the band first.")
    nodes_out: int
    nodes_counted: int
    bytes_left: int = Field(description="That have to move at least.")
    queued: int
    moves: list[MoveView]
    moved: int
    moved_bytes: int
    failed: int
    moved_bytes_per_s: int
    estimated_ms: int = Field(description="By that rate; 0: not known.")
