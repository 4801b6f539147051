"""All rules in one table, and those of the session's own frames."""

from typing import Final

from google.protobuf.message import Message

from trioxygen.common.rpc.rules.datanode import DATANODE
from trioxygen.common.rpc.rules.iam import IAM
from trioxygen.common.rpc.rules.namespaces import NAMESPACES
from trioxygen.common.rpc.rules.om import OM
from trioxygen.common.rpc.rules.raft import RAFT
from trioxygen.common.rpc.rules.rule import ANY, PART, MessageRules, each, line, raw, rules
from trioxygen.common.rpc.rules.scm import SCM
from trioxygen.common.rpc.rules.table import Table
from trioxygen.common.rpc.rules.types import NAME_OR_NONE, TYPES
from trioxygen.common.units import MIB
from trioxygen.proto.v1 import session_pb2 as session

ORIGIN_LENGTH_MAX: Final = 255
_FRAMES_MAX: Final = 1_000_000
_BODY: Final = raw(64 * MIB)

SESSION: Final[dict[type[Message], MessageRules]] = {
    session.Batch: rules(
        hello=PART,
        calls=each(PART, _FRAMES_MAX),
        cancelled_ids=each(ANY, _FRAMES_MAX),
        answers=each(PART, _FRAMES_MAX),
    ),
    # A role that is not known here is nobody's.
    session.Hello: rules(protocol_version=ANY, cluster_id=NAME_OR_NONE, peer=line(1_024), role=ANY),
    session.CallFrame: rules(
        id=ANY,
        deadline_ms=ANY,
        method=line(255),
        body=_BODY,
        request_id=line(ORIGIN_LENGTH_MAX),
        trace=line(ORIGIN_LENGTH_MAX),
    ),
    session.AnswerFrame: rules(id=ANY, status=ANY, body=_BODY),
}

RULES: Final = Table(TYPES, OM, IAM, SCM, NAMESPACES, DATANODE, RAFT, SESSION)
