"""Errors of identities: users, groups, roles, policies, keys, sessions.

Facts say what about, so that an API can say it as AWS does: `kind` ("user", "group", "role",
"policy", "user policy", "policy version", "access key", "OpenIDConnect provider", "account") and
`name`, which is an ARN of policies and providers.
"""

from trioxygen.common.error_kinds import Refused
from trioxygen.proto.v1 import types_pb2


class NoSuchEntity(Refused):
    """Facts: kind, name."""

    code = types_pb2.NO_SUCH_ENTITY


class EntityAlreadyExists(Refused):
    """Facts: kind, name."""

    code = types_pb2.ENTITY_ALREADY_EXISTS


class DeleteConflict(Refused):
    """Something is still in it, or attached, which the message says as AWS does. Facts: kind,
    name."""

    code = types_pb2.DELETE_CONFLICT


class LimitExceeded(Refused):
    """Facts: quota (as AWS calls it: "AccessKeysPerUser"), most."""

    code = types_pb2.LIMIT_EXCEEDED


class UnmodifiableEntity(Refused):
    """A policy that is built in. Facts: kind, name."""

    code = types_pb2.UNMODIFIABLE_ENTITY


class InvalidToken(Refused):
    """A session token is none, or not of its access key, or its user or role is gone."""

    code = types_pb2.INVALID_TOKEN


class ExpiredToken(Refused):
    """A session is over. Facts: expired_ms, in wall time."""

    code = types_pb2.EXPIRED_TOKEN
