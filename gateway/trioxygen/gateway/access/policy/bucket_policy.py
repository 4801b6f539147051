"""Bucket policies: what S3 takes of them, and how it refuses the others.

Source: S3 API, PutBucketPolicy; S3 user guide, "Bucket policies for Amazon S3", "Policy condition
keys"; Service Authorization Reference for S3."""

from collections.abc import Sequence
from typing import Final

from trioxygen.gateway.access.policy import condition_keys
from trioxygen.gateway.access.policy.document import bytes_without_blanks, decode
from trioxygen.gateway.access.policy.elements import (
    action_matcher,
    known_operator,
    read_conditions,
    required,
    required_principals,
    resource_texts,
    statement_of,
)
from trioxygen.gateway.access.policy.faults import S3_MESSAGES, Fault, Malformed
from trioxygen.gateway.access.policy.grammar import RawStatement, read_policy, texts_of
from trioxygen.gateway.access.policy.patterns import ANY, can_begin, matcher
from trioxygen.gateway.access.policy.policy import CompiledPolicy
from trioxygen.gateway.access.policy.s3_actions import S3_ACTIONS, ResourceType, S3Action
from trioxygen.gateway.access.policy.statement import Statement
from trioxygen.gateway.access.policy.variables import Template
from trioxygen.gateway.protocol.errors import S3Error

BUCKET_POLICY_BYTES_MAX: Final = 20_480
# With the white space that does not count.
_DOCUMENT_BYTES_MAX: Final = 16 * BUCKET_POLICY_BYTES_MAX

_ARN: Final = "arn:aws:s3:::"
_VENDOR: Final = "s3:"


def read_bucket_policy(document: bytes, bucket: str) -> CompiledPolicy:
    """Args: bucket: whose the policy is to be; it may speak of no other.

    Raises S3Error: MalformedPolicy. Whether its principals exist is for the caller to ask
    (`CompiledPolicy.named_principals`); S3 says `Invalid principal in policy` of those that do not
    (`invalid_principal`)."""
    try:
        if len(document) > _DOCUMENT_BYTES_MAX:
            raise Malformed(Fault.SIZE, str(BUCKET_POLICY_BYTES_MAX))
        text = decode(document)
        policy = read_policy(text)
        if bytes_without_blanks(text) > BUCKET_POLICY_BYTES_MAX:
            raise Malformed(Fault.SIZE, str(BUCKET_POLICY_BYTES_MAX))
        return CompiledPolicy(
            [
                _statement(number, raw, bucket, has_variables=policy.has_variables)
                for number, raw in enumerate(policy.statements)
            ]
        )
    except Malformed as malformed:
        raise S3Error("MalformedPolicy", malformed.says(S3_MESSAGES)) from None


def invalid_principal() -> S3Error:
    """Of a policy that names somebody who does not exist."""
    return S3Error("MalformedPolicy", S3_MESSAGES[Fault.PRINCIPAL])


def _statement(number: int, raw: RawStatement, bucket: str, *, has_variables: bool) -> Statement:
    principals = required_principals(raw)
    actions = texts_of(required(raw.action, "Action").value, Fault.ACTION)
    meant = [_actions_meant(name) for name in actions]
    names = texts_of(required(raw.resource, "Resource").value, Fault.RESOURCE)
    resources = resource_texts(names, has_variables=has_variables)
    types = _resource_types(resources, bucket)
    assert raw.action is not None and raw.resource is not None
    if raw.resource.is_not:
        types = frozenset((ResourceType.BUCKET, ResourceType.OBJECT))
    if raw.action.is_not:
        matches = action_matcher(actions)
        meant = [[action for name, action in S3_ACTIONS.items() if not matches(name)]]
    applying = [[action for action in each if action.resource in types] for each in meant]
    if not all(applying):
        raise Malformed(Fault.MISMATCH)
    _check_keys(raw, applying)
    return statement_of(
        number,
        raw,
        principals=principals,
        actions=actions,
        resources=resources,
        conditions=read_conditions(raw, has_variables=has_variables),
    )


def _actions_meant(name: str) -> list[S3Action]:
    """All that a name of the policy means. Raises Malformed: ACTION: none."""
    lowered = name.lower()
    exact = S3_ACTIONS.get(lowered)
    if exact is not None:
        return [exact]
    if name == "*":
        return list(S3_ACTIONS.values())
    matches = action_matcher([name])
    meant = [action for known, action in S3_ACTIONS.items() if matches(known)]
    if not meant or not lowered.startswith(_VENDOR):
        raise Malformed(Fault.ACTION)
    return meant


def _resource_types(resources: Sequence[str | Template], bucket: str) -> frozenset[ResourceType]:
    """Raises Malformed: RESOURCE: one that is not the bucket, nor in it."""
    arn = f"{_ARN}{bucket}"
    types: set[ResourceType] = set()
    for resource in resources:
        pattern = _widened(resource)
        of_resource: set[ResourceType] = set()
        if not pattern.startswith("arn:"):
            raise Malformed(Fault.RESOURCE)
        if matcher(pattern)(arn):
            of_resource.add(ResourceType.BUCKET)
        if can_begin(pattern, f"{arn}/"):
            of_resource.add(ResourceType.OBJECT)
        if not of_resource:
            raise Malformed(Fault.RESOURCE)
        types |= of_resource
    return frozenset(types)


def _widened(resource: str | Template) -> str:
    """A marked text: what a variable stands for may be anything."""
    if isinstance(resource, str):
        return resource
    return "".join(part if isinstance(part, str) else ANY for part in resource.parts)


def _check_keys(raw: RawStatement, actions: Sequence[Sequence[S3Action]]) -> None:
    """Args: actions: by each name of the statement, those that apply to its resources.

    Raises Malformed: OPERATOR; CONDITION_KEY: there is none; UNUSED_KEY: one of the names has no
    action with that key."""
    for operator, key, _ in raw.conditions:
        known_operator(operator)
        if not (condition_keys.is_global(key) or condition_keys.is_of_s3(key)):
            raise Malformed(Fault.CONDITION_KEY)
    for _, key, _ in raw.conditions:
        if condition_keys.is_common(key):
            continue
        family = condition_keys.family(key)
        if not all(any(family in action.keys for action in each) for each in actions):
            raise Malformed(Fault.UNUSED_KEY)
