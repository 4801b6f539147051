"""A cluster's containers, as the SCM that leads tells of them."""

import json
from typing import Any, Final

from tests.cluster.cluster import Cluster

# As containers are shown.
EC_3_2: Final = "EC/rs-3-2-1024k"


def admin(cluster: Cluster, *arguments: str) -> Any:
    """What `o3 admin ... --json` prints."""
    gateway = cluster.data / cluster.ids("gateway")[0]
    return json.loads(cluster.o3("admin", *arguments, "--json", data=gateway))


def are_whole(cluster: Cluster, replication: str, blocks: int) -> bool:
    """Closes the containers of a replication: whether all have as many replicas, or parts, as they
    are to have, each of them whole. A DataNode that was slow is left by the writer; what it lacks
    is made of the others once the container is closed.

    Args: blocks: that were written, at least: those that nobody has reported yet are waited for.
    """
    details: list[Any] = []
    for each in admin(cluster, "container", "list"):
        if each["replication"] != replication or not each["block_count"]:
            continue
        if each["state"] == "OPEN":
            admin(cluster, "container", "close", str(each["container_id"]))
        details.append(admin(cluster, "container", "info", str(each["container_id"])))
    known = sum(
        max((replica["block_count"] for replica in detail["replicas"]), default=0)
        for detail in details
    )
    return known >= blocks and all(detail["health"] == "healthy" for detail in details)
