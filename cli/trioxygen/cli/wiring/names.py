"""The groups, and the names of the services and nodes of an all-in-one store."""

from typing import Final

from trioxygen.metadata.raft.ports import GroupId

OM_GROUP: Final = GroupId(1)
SCM_GROUP: Final = GroupId(2)
OM_ADDRESS: Final = "om"
SCM_ADDRESS: Final = "scm"
DATANODE_ADDRESS: Final = "datanode"
OM_ID: Final = "om1"
SCM_ID: Final = "scm1"
DATANODE_ID: Final = "dn1"
