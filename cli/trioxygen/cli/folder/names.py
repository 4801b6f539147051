"""The files of a data folder that several modules know."""

from typing import Final

VERSION_FILE: Final = "VERSION"
# All parts were there once.
COMPLETE: Final = "complete"
VERSION_FIELDS: Final = frozenset(("format", "cluster_id", "role", "node_id", COMPLETE))
# Where its process can be reached, while it runs.
ENDPOINT_FILE: Final = "endpoint.json"
# At which folders a DataNode's disks have been mounted.
MOUNTS_FILE: Final = "mounts.json"
# In the folder of a local cluster, which has its nodes' data folders: which they are.
LAYOUT_FILE: Final = "cluster.json"
