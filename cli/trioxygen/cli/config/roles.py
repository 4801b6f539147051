"""The roles of a cluster's processes, stated once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """Attributes:
    article: as in "an om".
    asks: the groups whose addresses it has to know.
    is_group: its nodes are the members of one Raft group.
    id_prefix: of its nodes in a local cluster.
    local_count: of its nodes in a new local cluster.
    """

    article: str
    asks: tuple[str, ...]
    is_group: bool = False
    id_prefix: str
    local_count: int = 3


ROLES: Final[Mapping[str, RoleFacts]] = {
    "om": RoleFacts(article="an", asks=("om", "scm"), is_group=True, id_prefix="om"),
    "scm": RoleFacts(article="an", asks=("scm",), is_group=True, id_prefix="scm"),
    "datanode": RoleFacts(article="a", asks=("scm",), id_prefix="dn"),
    "gateway": RoleFacts(article="a", asks=("om", "scm"), id_prefix="gw", local_count=2),
}
GROUPS: Final = tuple(name for name, facts in ROLES.items() if facts.is_group)
