"""Rules of requests about namespaces of blocks, and of what the SCM answers who writes there."""

from typing import Final

from google.protobuf.message import Message

from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    REQUIRED_PART,
    MessageRules,
    each,
    matching,
    number,
    raw,
    rules,
    some,
    text,
)
from trioxygen.common.rpc.rules.scm import NODES_MAX
from trioxygen.common.rpc.rules.types import (
    BLOCK_BYTES,
    COUNT,
    ID,
    NAME_OR_NONE,
    NODE_ID,
    RETRIED,
    SIZE_BYTES,
    TIME_MS,
)
from trioxygen.common.units import DAY_MS
from trioxygen.proto.v1 import namespaces_pb2 as namespaces

NAMESPACE: Final = matching(
    "a namespace's name: 1 to 63 lower-case letters, digits, '-' and '.'",
    "[a-z0-9][a-z0-9.-]*",
    63,
    is_required=True,
)
LABEL_BYTES_MAX: Final = 256
# Of one request.
BLOCKS_MAX: Final = 1_000
LEASES_MAX: Final = 10_000
PAGE_MAX: Final = number(0, 1_000)
# The SCM fills it in itself.
CALLER: Final = text(0)
_LABEL: Final = raw(LABEL_BYTES_MAX)

NAMESPACES: Final[dict[type[Message], MessageRules]] = {
    namespaces.NamespaceRow: rules(
        namespace_id=ID,
        name=NAMESPACE,
        owner=NAME_OR_NONE,
        replication=PART,
        created_ms=TIME_MS,
        blocks_max=COUNT,
        bytes_max=SIZE_BYTES,
        blocks=COUNT,
        bytes=SIZE_BYTES,
    ),
    namespaces.CreateNamespaceRequest: rules(
        **RETRIED,
        caller=CALLER,
        name=NAMESPACE,
        replication=PART,
        blocks_max=COUNT,
        bytes_max=SIZE_BYTES,
        owner=NAME_OR_NONE,
    ),
    namespaces.DeleteNamespaceRequest: rules(**RETRIED, caller=CALLER, name=NAMESPACE, force=ANY),
    namespaces.DescribeNamespaceRequest: rules(name=NAMESPACE),
    namespaces.GrantBlockTokensRequest: rules(
        client_id=ANY, blocks=each(PART, BLOCKS_MAX), writes=ANY
    ),
    namespaces.ListNamespacesRequest: rules(after=NAME_OR_NONE, count_max=PAGE_MAX),
    namespaces.LeaseNamespaceBlocksRequest: rules(
        **RETRIED,
        namespace=NAMESPACE,
        count=number(1, 10_000),
        block_bytes_max=BLOCK_BYTES,
        replication=PART,
        excluded_node_ids=each(NODE_ID, NODES_MAX),
    ),
    namespaces.LeaseNamespaceBlocksReply: rules(
        lease_id=ID,
        blocks=REQUIRED_PART,
        pipeline=REQUIRED_PART,
        duration_ms=number(1, DAY_MS),
        other_pipelines=ANY,
    ),
    namespaces.RenewNamespaceLeasesRequest: rules(
        **RETRIED, caller=CALLER, namespace=NAMESPACE, lease_ids=each(ID, LEASES_MAX)
    ),
    namespaces.ReleaseNamespaceLeasesRequest: rules(
        **RETRIED,
        caller=CALLER,
        namespace=NAMESPACE,
        lease_ids=each(ID, LEASES_MAX),
        blocks=each(PART, LEASES_MAX),
    ),
    namespaces.BlockToCommit: rules(
        id=REQUIRED_PART,
        lease_id=ID,
        length_bytes=BLOCK_BYTES,
        tag=ANY,
        erasure_coded=ANY,
        label=_LABEL,
    ),
    namespaces.CommitNamespaceBlocksRequest: rules(
        **RETRIED, caller=CALLER, namespace=NAMESPACE, blocks=some(PART, BLOCKS_MAX)
    ),
    namespaces.DeleteNamespaceBlocksRequest: rules(
        **RETRIED, caller=CALLER, namespace=NAMESPACE, blocks=each(PART, BLOCKS_MAX)
    ),
    namespaces.ListNamespaceBlocksRequest: rules(
        namespace=NAMESPACE, after=PART, count_max=PAGE_MAX
    ),
}
