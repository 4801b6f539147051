"""Users, groups, roles, policies and tags as answers have them. Pure.

Source: IAM API reference, "Data Types"."""

from typing import Final

from trioxygen.gateway.iam.document import Value, date_text, policy_text
from trioxygen.gateway.store.values.iam import ManagedPolicy, PolicyVersion, Principal, Tags

Fields = dict[str, Value]

_BOUNDARY_TYPE: Final = "Policy"


def tags_shown(tags: Tags) -> list[Value]:
    return [{"Key": key, "Value": value} for key, value in tags]


def boundary_shown(principal: Principal) -> Value:
    if not principal.boundary:
        return None
    return {
        "PermissionsBoundaryType": _BOUNDARY_TYPE,
        "PermissionsBoundaryArn": principal.boundary,
    }


def _identified(principal: Principal, noun: str) -> Fields:
    return {
        "Path": principal.path,
        f"{noun}Name": principal.name,
        f"{noun}Id": principal.unique_id,
        "Arn": principal.arn,
        "CreateDate": date_text(principal.created_ms),
    }


def user_shown(user: Principal, *, is_whole: bool = True) -> Fields:
    """Args: is_whole: False: without boundary and tags, as lists have it."""
    fields = _identified(user, "User")
    if is_whole:
        fields["PermissionsBoundary"] = boundary_shown(user)
        fields["Tags"] = tags_shown(user.tags) or None
    return fields


def group_shown(group: Principal) -> Fields:
    return _identified(group, "Group")


def role_shown(role: Principal, *, is_whole: bool = True) -> Fields:
    """Args: is_whole: False: without boundary, tags and last use, as lists have it."""
    fields = _identified(role, "Role") | {
        "AssumeRolePolicyDocument": policy_text(role.trust_policy),
        "Description": role.description or None,
        "MaxSessionDuration": role.session_seconds_max,
    }
    if is_whole:
        fields["PermissionsBoundary"] = boundary_shown(role)
        fields["Tags"] = tags_shown(role.tags) or None
        fields["RoleLastUsed"] = last_use_shown(role)
    return fields


def last_use_shown(role: Principal) -> Fields:
    return {"LastUsedDate": date_text(role.last_used_ms)} if role.last_used_ms else {}


def policy_shown(policy: ManagedPolicy, *, is_whole: bool = True) -> Fields:
    """Args: is_whole: False: without description and tags, as lists have it."""
    fields: Fields = {
        "PolicyName": policy.name,
        "PolicyId": policy.unique_id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": version_id(policy.default_version),
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": policy.boundary_count,
        "IsAttachable": True,
        "CreateDate": date_text(policy.created_ms),
        "UpdateDate": date_text(policy.updated_ms),
    }
    if is_whole:
        fields["Description"] = policy.description or None
        fields["Tags"] = tags_shown(policy.tags)
    return fields


def version_id(number: int) -> str:
    return f"v{number}"


def version_shown(
    version: PolicyVersion, default_version: int, *, has_document: bool = True
) -> Fields:
    return {
        "Document": policy_text(version.document) if has_document else None,
        "VersionId": version_id(version.number),
        "IsDefaultVersion": version.number == default_version,
        "CreateDate": date_text(version.created_ms),
    }


def attached_shown(policy_arn: str) -> Fields:
    return {"PolicyName": policy_arn.rpartition("/")[2], "PolicyArn": policy_arn}
