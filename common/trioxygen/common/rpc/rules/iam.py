"""Rules of what changes identities, of what is asked of them, and of the rows that come with it.

What AWS's APIs refuse with words of their own they refuse before; these are the bounds of what is
stored."""

from dataclasses import replace
from typing import Any, Final

from google.protobuf.message import Message

from trioxygen.common import iam_limits as limits
from trioxygen.common.rpc.rules.om_objects import ACCOUNT_ID
from trioxygen.common.rpc.rules.rule import (
    ANY,
    PART,
    REQUIRED_PART,
    MessageRules,
    Rule,
    each,
    known,
    line,
    matching,
    number,
    raw,
    rules,
    some,
    text,
)
from trioxygen.common.rpc.rules.types import ID_OR_NONE, RETRIED, SENT, TIME_MS
from trioxygen.proto.v1 import iam_pb2 as iam

# Source: IAM API reference, CreateUser, CreatePolicy, CreateRole.
_NAME_OR_NONE: Final = matching(
    "a name of letters, digits and '+=,.@_-'", "[A-Za-z0-9_+=,.@-]+", 128
)
_NAME: Final = replace(_NAME_OR_NONE, is_required=True)
_PATH_OR_NONE: Final = matching("a path, between slashes", r"/|/[!-~]*/", 512)
_NAMED: Final = line(2_048, low=1)
_NAMED_OR_NONE: Final = line(2_048)
_ARN: Final = line(2_048, low=1)
_ARN_OR_NONE: Final = line(2_048)
_DOCUMENT: Final = text(limits.DOCUMENT_BYTES_MAX, low=1)
_TRUST: Final = text(limits.DOCUMENT_BYTES_MAX)
_DESCRIPTION: Final = text(1_000)
_KIND: Final = known(is_required=True)
_SECONDS: Final = number(0, limits.ROLE_SESSION_SECONDS_MAX)
# More come than are kept: the handler says so as AWS does.
_TAGS: Final = each(PART, 2 * limits.TAGS_MAX)
_REMOVED: Final = each(line(128), 2 * limits.TAGS_MAX)
_ARNS: Final = each(_ARN_OR_NONE, 100)
_CLIENTS: Final = each(line(255, low=1), 2 * limits.CLIENT_IDS_MAX)
_PRINTS: Final = each(line(64, low=1), 2 * limits.THUMBPRINTS_MAX)
_VERSION: Final = number(1, 2**31)
_ACCESS_KEY: Final = line(128, low=1)
_SETTING_KIND_OR_NONE: Final = matching("a kind of settings", "[a-z_]+", 64)
_SETTING_KIND: Final = replace(_SETTING_KIND_OR_NONE, is_required=True)
_OF: Final[dict[str, Rule]] = {"of": REQUIRED_PART}


def _policy_fault(policy: Any) -> str | None:
    return None if policy.versions else "a policy is to have a version"


ROWS: Final[dict[type[Message], MessageRules]] = {
    iam.IdentityTag: rules(key=line(128, low=1), value=line(256)),
    iam.InlinePolicy: rules(name=_NAME, document=_DOCUMENT),
    iam.PrincipalRow: rules(
        kind=_KIND,
        account_id=ACCOUNT_ID,
        name=_NAME,
        path=_PATH_OR_NONE,
        unique_id=line(128),
        created_ms=TIME_MS,
        tags=_TAGS,
        inline=each(PART, 100),
        attached=_ARNS,
        boundary=_ARN_OR_NONE,
        group_ids=each(line(128), 100),
        trust_policy=_TRUST,
        session_seconds_max=_SECONDS,
        description=_DESCRIPTION,
        last_used_ms=TIME_MS,
        groups=each(line(128), 100),
    ),
    iam.PolicyVersion: rules(number=ID_OR_NONE, document=_DOCUMENT, created_ms=TIME_MS),
    iam.ManagedPolicyRow: rules(
        _policy_fault,
        account_id=ACCOUNT_ID,
        name=_NAME,
        path=_PATH_OR_NONE,
        unique_id=line(128),
        description=_DESCRIPTION,
        created_ms=TIME_MS,
        updated_ms=TIME_MS,
        versions=each(PART, 1),
        default_version=ANY,
        last_version=ANY,
        tags=_TAGS,
        attachment_count=ANY,
        boundary_count=ANY,
    ),
    iam.OidcProviderRow: rules(
        account_id=ACCOUNT_ID,
        url=line(255, low=1),
        client_ids=_CLIENTS,
        thumbprints=_PRINTS,
        created_ms=TIME_MS,
        tags=_TAGS,
    ),
    iam.PrincipalName: rules(kind=_KIND, name=_NAMED),
    iam.Membership: rules(group=_NAMED, user=_NAMED),
    iam.NamedVersion: rules(policy_arn=_ARN, number=_VERSION),
    iam.StringList: rules(values=each(line(255, low=1), 2 * limits.CLIENT_IDS_MAX)),
    iam.IdentityTags: rules(tags=_TAGS),
    iam.AccessKeyUse: rules(
        access_key=_ACCESS_KEY, used_ms=TIME_MS, service=line(64), region=line(64)
    ),
    iam.Page: rules(after=SENT, count_max=ANY),
    iam.Nothing: rules(),
}

CHANGES: Final[dict[type[Message], MessageRules]] = {
    iam.CreatePrincipal: rules(principal=REQUIRED_PART),
    iam.ChangePrincipal: rules(
        **_OF,
        name=_NAME_OR_NONE,
        path=_PATH_OR_NONE,
        boundary=_ARN_OR_NONE,
        trust_policy=_TRUST,
        session_seconds_max=_SECONDS,
        description=_DESCRIPTION,
    ),
    iam.PutInlinePolicy: rules(**_OF, policy=REQUIRED_PART),
    iam.DeleteInlinePolicy: rules(**_OF, policy=_NAMED),
    iam.PolicyAttachment: rules(**_OF, policy_arn=_ARN),
    iam.TagPrincipal: rules(**_OF, tags=_TAGS, removed=_REMOVED),
    iam.CreatePolicy: rules(policy=REQUIRED_PART),
    iam.AddPolicyVersion: rules(policy_arn=_ARN, document=_DOCUMENT, is_default=ANY),
    iam.TagPolicy: rules(policy_arn=_ARN, tags=_TAGS, removed=_REMOVED),
    iam.CreateOidcProvider: rules(provider=REQUIRED_PART),
    iam.ChangeOidcProvider: rules(arn=_ARN, client_ids=PART, thumbprints=PART, tags=PART),
    iam.ChangeAccessKey: rules(user=_NAMED_OR_NONE, access_key=_NAMED, is_active=ANY),
    iam.DeleteAccessKey: rules(user=_NAMED_OR_NONE, access_key=_NAMED),
    iam.NoteAccessKeyUses: rules(uses=some(PART, limits.KEY_USES_MAX)),
    iam.PutAccountSetting: rules(
        kind=_SETTING_KIND, document=raw(limits.ACCOUNT_SETTING_BYTES_MAX)
    ),
    iam.ChangeIamRequest: rules(
        **RETRIED,
        account_id=ACCOUNT_ID,
        create_principal=PART,
        change_principal=PART,
        delete_principal=PART,
        put_inline=PART,
        delete_inline=PART,
        attach=PART,
        detach=PART,
        tag_principal=PART,
        add_member=PART,
        remove_member=PART,
        create_policy=PART,
        delete_policy=_ARN_OR_NONE,
        add_version=PART,
        delete_version=PART,
        set_default_version=PART,
        tag_policy=PART,
        create_provider=PART,
        change_provider=PART,
        delete_provider=_ARN_OR_NONE,
        change_key=PART,
        delete_key=PART,
        note_uses=PART,
        # Source: IAM API reference, CreateAccountAlias.
        set_alias=matching(
            "an alias, or nothing: lower-case letters, digits and '-'", "([a-z0-9-]{3,63})?", 63
        ),
        put_setting=PART,
    ),
}

READS: Final[dict[type[Message], MessageRules]] = {
    iam.ListPrincipals: rules(kind=_KIND, path_prefix=SENT, page=REQUIRED_PART),
    iam.ListPolicies: rules(path_prefix=SENT, page=REQUIRED_PART),
    iam.ListMembers: rules(group=_NAMED, page=REQUIRED_PART),
    iam.ListAttachments: rules(policy_arn=_ARN, page=REQUIRED_PART),
    iam.ListUserKeys: rules(user=_NAMED_OR_NONE, page=REQUIRED_PART),
    iam.FindAccount: rules(canonical_id=SENT, email=SENT),
    iam.ReadIamRequest: rules(
        account_id=ACCOUNT_ID,
        principal=PART,
        principals=PART,
        members=PART,
        policy=_ARN_OR_NONE,
        policies=PART,
        attachments=PART,
        provider=_ARN_OR_NONE,
        providers=PART,
        keys=PART,
        key=_NAMED_OR_NONE,
        account=PART,
        summary=PART,
        setting=_SETTING_KIND_OR_NONE,
    ),
    iam.MintSessionRequest: rules(
        account_id=ACCOUNT_ID,
        user=_NAMED_OR_NONE,
        role=_NAMED_OR_NONE,
        session_name=line(64),
        lasts_seconds=number(1, limits.SESSION_SECONDS_MAX),
        policies=each(_DOCUMENT, 2),
        policy_arns=each(_ARN, limits.SESSION_POLICY_ARNS_MAX),
        tags=_TAGS,
        context=each(PART, 100),
    ),
}
IAM: Final = {**ROWS, **CHANGES, **READS}
