"""Clients of HDDS: whoever keeps blocks on DataNodes.

A program that keeps blocks without an OM begins with `connect` (docs/hdds-client.md)."""

from trioxygen.hdds.client.namespaces.block_ref import BlockRef, ListedBlock
from trioxygen.hdds.client.namespaces.hdds import Hdds, connect
from trioxygen.hdds.client.namespaces.namespace import Namespace, NamespaceInfo
from trioxygen.hdds.client.namespaces.writers import AllocatedBlock, StreamWriter

__all__ = [
    "AllocatedBlock",
    "BlockRef",
    "Hdds",
    "ListedBlock",
    "Namespace",
    "NamespaceInfo",
    "StreamWriter",
    "connect",
]
