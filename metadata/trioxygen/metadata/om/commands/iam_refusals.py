"""Why a change of identities is refused, with what an API says of it. Messages are AWS's where
programs may look at them."""

from trioxygen.metadata.om.state.identities import KIND_NAMES
from trioxygen.metadata.replication.batch import Refusal
from trioxygen.proto.v1 import iam_pb2 as iam
from trioxygen.proto.v1 import types_pb2


def no_such(kind: str, name: str) -> Refusal:
    return Refusal(types_pb2.NO_SUCH_ENTITY, facts={"kind": kind, "name": name})


def no_such_principal(kind: iam.PrincipalKind, name: str) -> Refusal:
    return no_such(KIND_NAMES[kind], name)


def no_such_account(account_id: str) -> Refusal:
    return Refusal(types_pb2.NO_SUCH_ACCOUNT, facts={"account": account_id})


def exists(kind: str, name: str) -> Refusal:
    return Refusal(types_pb2.ENTITY_ALREADY_EXISTS, facts={"kind": kind, "name": name})


def conflict(kind: str, name: str, message: str) -> Refusal:
    return Refusal(types_pb2.DELETE_CONFLICT, message, {"kind": kind, "name": name})


def unmodifiable(arn: str) -> Refusal:
    return Refusal(
        types_pb2.UNMODIFIABLE_ENTITY,
        "it is built in, and nobody's to change",
        {"kind": "policy", "name": arn},
    )


def limit(quota: str, most: int, message: str = "") -> Refusal:
    return Refusal(
        types_pb2.LIMIT_EXCEEDED,
        message or f"Cannot exceed quota for {quota}: {most}",
        {"quota": quota, "most": str(most)},
    )


def invalid(message: str) -> Refusal:
    return Refusal(types_pb2.INVALID_REQUEST, message)
