"""How keys of namespaces' rows are made."""

from trioxygen.metadata.leases.runs import block_key
from trioxygen.metadata.scm.schema import id_key
from trioxygen.proto.v1.types_pb2 import BlockId


def name_key(name: str) -> bytes:
    return name.encode()


def lease_key(namespace_id: int, lease_id: int) -> bytes:
    return id_key(namespace_id) + id_key(lease_id)


def held_key(namespace_id: int, container: int, local: int) -> bytes:
    return id_key(namespace_id) + block_key(container, local)


def held_block(key: bytes) -> BlockId:
    """Of a `held_key`."""
    return BlockId(
        container=int.from_bytes(key[8:16], "big"), local=int.from_bytes(key[16:24], "big")
    )


def garbage_key(not_before_ms: int, container: int, local: int) -> bytes:
    return id_key(not_before_ms) + block_key(container, local)
