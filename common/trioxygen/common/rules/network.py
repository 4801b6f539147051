"""All rules in one table, and those of the session's own frames."""

from typing import Final

from google.protobuf.message import Message

from trioxygen.common.rules.datanode import DATANODE
from trioxygen.common.rules.om import OM
from trioxygen.common.rules.raft import RAFT
from trioxygen.common.rules.rule import ANY, PART, MessageRules, each, line, raw, rules
from trioxygen.common.rules.scm import SCM
from trioxygen.common.rules.table import Table
from trioxygen.common.rules.types import NAME_OR_NONE, TYPES
from trioxygen.common.units import MIB
from trioxygen.proto.v1 import session_pb2 as session

_FRAMES_MAX: Final = 1_000_000
_BODY: Final = raw(64 * MIB)

SESSION: Final[dict[type[Message], MessageRules]] = {
    session.Batch: rules(
        hello=PART,
        calls=each(PART, _FRAMES_MAX),
        cancelled_ids=each(ANY, _FRAMES_MAX),
        answers=each(PART, _FRAMES_MAX),
    ),
    session.Hello: rules(protocol_version=ANY, cluster_id=NAME_OR_NONE, peer=line(1_024)),
    session.CallFrame: rules(id=ANY, deadline_ms=ANY, method=line(255), body=_BODY),
    session.AnswerFrame: rules(id=ANY, status=ANY, body=_BODY),
}

RULES: Final = Table(TYPES, OM, SCM, DATANODE, RAFT, SESSION)
