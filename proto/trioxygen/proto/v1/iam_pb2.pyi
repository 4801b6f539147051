from trioxygen.proto.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PrincipalKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRINCIPAL_KIND_UNSPECIFIED: _ClassVar[PrincipalKind]
    USER: _ClassVar[PrincipalKind]
    GROUP: _ClassVar[PrincipalKind]
    ROLE: _ClassVar[PrincipalKind]
PRINCIPAL_KIND_UNSPECIFIED: PrincipalKind
USER: PrincipalKind
GROUP: PrincipalKind
ROLE: PrincipalKind

class IdentityTag(_message.Message):
    __slots__ = ("key", "value")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: str
    def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class InlinePolicy(_message.Message):
    __slots__ = ("name", "document")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    name: str
    document: str
    def __init__(self, name: _Optional[str] = ..., document: _Optional[str] = ...) -> None: ...

class PrincipalRow(_message.Message):
    __slots__ = ("kind", "account_id", "name", "path", "unique_id", "created_ms", "tags", "inline", "attached", "boundary", "group_ids", "trust_policy", "session_seconds_max", "description", "last_used_ms", "groups")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    UNIQUE_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    INLINE_FIELD_NUMBER: _ClassVar[int]
    ATTACHED_FIELD_NUMBER: _ClassVar[int]
    BOUNDARY_FIELD_NUMBER: _ClassVar[int]
    GROUP_IDS_FIELD_NUMBER: _ClassVar[int]
    TRUST_POLICY_FIELD_NUMBER: _ClassVar[int]
    SESSION_SECONDS_MAX_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_MS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    kind: PrincipalKind
    account_id: str
    name: str
    path: str
    unique_id: str
    created_ms: int
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    inline: _containers.RepeatedCompositeFieldContainer[InlinePolicy]
    attached: _containers.RepeatedScalarFieldContainer[str]
    boundary: str
    group_ids: _containers.RepeatedScalarFieldContainer[str]
    trust_policy: str
    session_seconds_max: int
    description: str
    last_used_ms: int
    groups: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[_Union[PrincipalKind, str]] = ..., account_id: _Optional[str] = ..., name: _Optional[str] = ..., path: _Optional[str] = ..., unique_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., inline: _Optional[_Iterable[_Union[InlinePolicy, _Mapping]]] = ..., attached: _Optional[_Iterable[str]] = ..., boundary: _Optional[str] = ..., group_ids: _Optional[_Iterable[str]] = ..., trust_policy: _Optional[str] = ..., session_seconds_max: _Optional[int] = ..., description: _Optional[str] = ..., last_used_ms: _Optional[int] = ..., groups: _Optional[_Iterable[str]] = ...) -> None: ...

class PolicyVersion(_message.Message):
    __slots__ = ("number", "document", "created_ms")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    number: int
    document: str
    created_ms: int
    def __init__(self, number: _Optional[int] = ..., document: _Optional[str] = ..., created_ms: _Optional[int] = ...) -> None: ...

class ManagedPolicyRow(_message.Message):
    __slots__ = ("account_id", "name", "path", "unique_id", "description", "created_ms", "updated_ms", "versions", "default_version", "last_version", "tags", "attachment_count", "boundary_count")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    UNIQUE_ID_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    UPDATED_MS_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VERSION_FIELD_NUMBER: _ClassVar[int]
    LAST_VERSION_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    BOUNDARY_COUNT_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    name: str
    path: str
    unique_id: str
    description: str
    created_ms: int
    updated_ms: int
    versions: _containers.RepeatedCompositeFieldContainer[PolicyVersion]
    default_version: int
    last_version: int
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    attachment_count: int
    boundary_count: int
    def __init__(self, account_id: _Optional[str] = ..., name: _Optional[str] = ..., path: _Optional[str] = ..., unique_id: _Optional[str] = ..., description: _Optional[str] = ..., created_ms: _Optional[int] = ..., updated_ms: _Optional[int] = ..., versions: _Optional[_Iterable[_Union[PolicyVersion, _Mapping]]] = ..., default_version: _Optional[int] = ..., last_version: _Optional[int] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., attachment_count: _Optional[int] = ..., boundary_count: _Optional[int] = ...) -> None: ...

class OidcProviderRow(_message.Message):
    __slots__ = ("account_id", "url", "client_ids", "thumbprints", "created_ms", "tags")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    THUMBPRINTS_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    url: str
    client_ids: _containers.RepeatedScalarFieldContainer[str]
    thumbprints: _containers.RepeatedScalarFieldContainer[str]
    created_ms: int
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    def __init__(self, account_id: _Optional[str] = ..., url: _Optional[str] = ..., client_ids: _Optional[_Iterable[str]] = ..., thumbprints: _Optional[_Iterable[str]] = ..., created_ms: _Optional[int] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ...) -> None: ...

class AccessKeyRow(_message.Message):
    __slots__ = ("access_key", "secret_key", "account_id", "created_ms", "user_id", "is_inactive", "last_used_ms", "last_used_service", "last_used_region", "user")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_MS_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    IS_INACTIVE_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_MS_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_SERVICE_FIELD_NUMBER: _ClassVar[int]
    LAST_USED_REGION_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    secret_key: str
    account_id: str
    created_ms: int
    user_id: str
    is_inactive: bool
    last_used_ms: int
    last_used_service: str
    last_used_region: str
    user: str
    def __init__(self, access_key: _Optional[str] = ..., secret_key: _Optional[str] = ..., account_id: _Optional[str] = ..., created_ms: _Optional[int] = ..., user_id: _Optional[str] = ..., is_inactive: _Optional[bool] = ..., last_used_ms: _Optional[int] = ..., last_used_service: _Optional[str] = ..., last_used_region: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class SessionKeyRow(_message.Message):
    __slots__ = ("key_id", "secret", "made_ms")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    SECRET_FIELD_NUMBER: _ClassVar[int]
    MADE_MS_FIELD_NUMBER: _ClassVar[int]
    key_id: int
    secret: bytes
    made_ms: int
    def __init__(self, key_id: _Optional[int] = ..., secret: _Optional[bytes] = ..., made_ms: _Optional[int] = ...) -> None: ...

class AccountSettingRow(_message.Message):
    __slots__ = ("document",)
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    document: bytes
    def __init__(self, document: _Optional[bytes] = ...) -> None: ...

class SessionContent(_message.Message):
    __slots__ = ("access_key", "secret_key", "account_id", "principal_id", "session_name", "expires_ms", "policies", "policy_arns", "tags", "context")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_ID_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    POLICY_ARNS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    secret_key: str
    account_id: str
    principal_id: str
    session_name: str
    expires_ms: int
    policies: _containers.RepeatedScalarFieldContainer[str]
    policy_arns: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    context: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    def __init__(self, access_key: _Optional[str] = ..., secret_key: _Optional[str] = ..., account_id: _Optional[str] = ..., principal_id: _Optional[str] = ..., session_name: _Optional[str] = ..., expires_ms: _Optional[int] = ..., policies: _Optional[_Iterable[str]] = ..., policy_arns: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., context: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ...) -> None: ...

class MintSessionRequest(_message.Message):
    __slots__ = ("account_id", "user", "role", "session_name", "lasts_seconds", "policies", "policy_arns", "tags", "context")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    SESSION_NAME_FIELD_NUMBER: _ClassVar[int]
    LASTS_SECONDS_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    POLICY_ARNS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    user: str
    role: str
    session_name: str
    lasts_seconds: int
    policies: _containers.RepeatedScalarFieldContainer[str]
    policy_arns: _containers.RepeatedScalarFieldContainer[str]
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    context: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    def __init__(self, account_id: _Optional[str] = ..., user: _Optional[str] = ..., role: _Optional[str] = ..., session_name: _Optional[str] = ..., lasts_seconds: _Optional[int] = ..., policies: _Optional[_Iterable[str]] = ..., policy_arns: _Optional[_Iterable[str]] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., context: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ...) -> None: ...

class MintSessionReply(_message.Message):
    __slots__ = ("access_key", "secret_key", "session_token", "expires_ms")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    SECRET_KEY_FIELD_NUMBER: _ClassVar[int]
    SESSION_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    secret_key: str
    session_token: str
    expires_ms: int
    def __init__(self, access_key: _Optional[str] = ..., secret_key: _Optional[str] = ..., session_token: _Optional[str] = ..., expires_ms: _Optional[int] = ...) -> None: ...

class PolicyText(_message.Message):
    __slots__ = ("source", "document")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    source: str
    document: str
    def __init__(self, source: _Optional[str] = ..., document: _Optional[str] = ...) -> None: ...

class Identity(_message.Message):
    __slots__ = ("kind", "arn", "user_id", "name", "role_arn", "tags", "context", "policies", "boundary", "has_session_policies", "session_policies", "expires_ms", "revision")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        ROOT: _ClassVar[Identity.Kind]
        USER: _ClassVar[Identity.Kind]
        ROLE_SESSION: _ClassVar[Identity.Kind]
    ROOT: Identity.Kind
    USER: Identity.Kind
    ROLE_SESSION: Identity.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    ARN_FIELD_NUMBER: _ClassVar[int]
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_ARN_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    BOUNDARY_FIELD_NUMBER: _ClassVar[int]
    HAS_SESSION_POLICIES_FIELD_NUMBER: _ClassVar[int]
    SESSION_POLICIES_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    kind: Identity.Kind
    arn: str
    user_id: str
    name: str
    role_arn: str
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    context: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    policies: _containers.RepeatedCompositeFieldContainer[PolicyText]
    boundary: PolicyText
    has_session_policies: bool
    session_policies: _containers.RepeatedCompositeFieldContainer[PolicyText]
    expires_ms: int
    revision: int
    def __init__(self, kind: _Optional[_Union[Identity.Kind, str]] = ..., arn: _Optional[str] = ..., user_id: _Optional[str] = ..., name: _Optional[str] = ..., role_arn: _Optional[str] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., context: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., policies: _Optional[_Iterable[_Union[PolicyText, _Mapping]]] = ..., boundary: _Optional[_Union[PolicyText, _Mapping]] = ..., has_session_policies: _Optional[bool] = ..., session_policies: _Optional[_Iterable[_Union[PolicyText, _Mapping]]] = ..., expires_ms: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...

class PrincipalName(_message.Message):
    __slots__ = ("kind", "name")
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    kind: PrincipalKind
    name: str
    def __init__(self, kind: _Optional[_Union[PrincipalKind, str]] = ..., name: _Optional[str] = ...) -> None: ...

class CreatePrincipal(_message.Message):
    __slots__ = ("principal",)
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    principal: PrincipalRow
    def __init__(self, principal: _Optional[_Union[PrincipalRow, _Mapping]] = ...) -> None: ...

class ChangePrincipal(_message.Message):
    __slots__ = ("of", "name", "path", "boundary", "trust_policy", "session_seconds_max", "description")
    OF_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    BOUNDARY_FIELD_NUMBER: _ClassVar[int]
    TRUST_POLICY_FIELD_NUMBER: _ClassVar[int]
    SESSION_SECONDS_MAX_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    of: PrincipalName
    name: str
    path: str
    boundary: str
    trust_policy: str
    session_seconds_max: int
    description: str
    def __init__(self, of: _Optional[_Union[PrincipalName, _Mapping]] = ..., name: _Optional[str] = ..., path: _Optional[str] = ..., boundary: _Optional[str] = ..., trust_policy: _Optional[str] = ..., session_seconds_max: _Optional[int] = ..., description: _Optional[str] = ...) -> None: ...

class PutInlinePolicy(_message.Message):
    __slots__ = ("of", "policy")
    OF_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    of: PrincipalName
    policy: InlinePolicy
    def __init__(self, of: _Optional[_Union[PrincipalName, _Mapping]] = ..., policy: _Optional[_Union[InlinePolicy, _Mapping]] = ...) -> None: ...

class DeleteInlinePolicy(_message.Message):
    __slots__ = ("of", "policy")
    OF_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    of: PrincipalName
    policy: str
    def __init__(self, of: _Optional[_Union[PrincipalName, _Mapping]] = ..., policy: _Optional[str] = ...) -> None: ...

class PolicyAttachment(_message.Message):
    __slots__ = ("of", "policy_arn")
    OF_FIELD_NUMBER: _ClassVar[int]
    POLICY_ARN_FIELD_NUMBER: _ClassVar[int]
    of: PrincipalName
    policy_arn: str
    def __init__(self, of: _Optional[_Union[PrincipalName, _Mapping]] = ..., policy_arn: _Optional[str] = ...) -> None: ...

class TagPrincipal(_message.Message):
    __slots__ = ("of", "tags", "removed")
    OF_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    of: PrincipalName
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    removed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, of: _Optional[_Union[PrincipalName, _Mapping]] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., removed: _Optional[_Iterable[str]] = ...) -> None: ...

class Membership(_message.Message):
    __slots__ = ("group", "user")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    group: str
    user: str
    def __init__(self, group: _Optional[str] = ..., user: _Optional[str] = ...) -> None: ...

class CreatePolicy(_message.Message):
    __slots__ = ("policy",)
    POLICY_FIELD_NUMBER: _ClassVar[int]
    policy: ManagedPolicyRow
    def __init__(self, policy: _Optional[_Union[ManagedPolicyRow, _Mapping]] = ...) -> None: ...

class AddPolicyVersion(_message.Message):
    __slots__ = ("policy_arn", "document", "is_default")
    POLICY_ARN_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    IS_DEFAULT_FIELD_NUMBER: _ClassVar[int]
    policy_arn: str
    document: str
    is_default: bool
    def __init__(self, policy_arn: _Optional[str] = ..., document: _Optional[str] = ..., is_default: _Optional[bool] = ...) -> None: ...

class NamedVersion(_message.Message):
    __slots__ = ("policy_arn", "number")
    POLICY_ARN_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    policy_arn: str
    number: int
    def __init__(self, policy_arn: _Optional[str] = ..., number: _Optional[int] = ...) -> None: ...

class TagPolicy(_message.Message):
    __slots__ = ("policy_arn", "tags", "removed")
    POLICY_ARN_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    policy_arn: str
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    removed: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, policy_arn: _Optional[str] = ..., tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ..., removed: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateOidcProvider(_message.Message):
    __slots__ = ("provider",)
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    provider: OidcProviderRow
    def __init__(self, provider: _Optional[_Union[OidcProviderRow, _Mapping]] = ...) -> None: ...

class StringList(_message.Message):
    __slots__ = ("values",)
    VALUES_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, values: _Optional[_Iterable[str]] = ...) -> None: ...

class IdentityTags(_message.Message):
    __slots__ = ("tags",)
    TAGS_FIELD_NUMBER: _ClassVar[int]
    tags: _containers.RepeatedCompositeFieldContainer[IdentityTag]
    def __init__(self, tags: _Optional[_Iterable[_Union[IdentityTag, _Mapping]]] = ...) -> None: ...

class ChangeOidcProvider(_message.Message):
    __slots__ = ("arn", "client_ids", "thumbprints", "tags")
    ARN_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    THUMBPRINTS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    arn: str
    client_ids: StringList
    thumbprints: StringList
    tags: IdentityTags
    def __init__(self, arn: _Optional[str] = ..., client_ids: _Optional[_Union[StringList, _Mapping]] = ..., thumbprints: _Optional[_Union[StringList, _Mapping]] = ..., tags: _Optional[_Union[IdentityTags, _Mapping]] = ...) -> None: ...

class ChangeAccessKey(_message.Message):
    __slots__ = ("user", "access_key", "is_active")
    USER_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    user: str
    access_key: str
    is_active: bool
    def __init__(self, user: _Optional[str] = ..., access_key: _Optional[str] = ..., is_active: _Optional[bool] = ...) -> None: ...

class DeleteAccessKey(_message.Message):
    __slots__ = ("user", "access_key")
    USER_FIELD_NUMBER: _ClassVar[int]
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    user: str
    access_key: str
    def __init__(self, user: _Optional[str] = ..., access_key: _Optional[str] = ...) -> None: ...

class AccessKeyUse(_message.Message):
    __slots__ = ("access_key", "used_ms", "service", "region")
    ACCESS_KEY_FIELD_NUMBER: _ClassVar[int]
    USED_MS_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    access_key: str
    used_ms: int
    service: str
    region: str
    def __init__(self, access_key: _Optional[str] = ..., used_ms: _Optional[int] = ..., service: _Optional[str] = ..., region: _Optional[str] = ...) -> None: ...

class NoteAccessKeyUses(_message.Message):
    __slots__ = ("uses",)
    USES_FIELD_NUMBER: _ClassVar[int]
    uses: _containers.RepeatedCompositeFieldContainer[AccessKeyUse]
    def __init__(self, uses: _Optional[_Iterable[_Union[AccessKeyUse, _Mapping]]] = ...) -> None: ...

class PutAccountSetting(_message.Message):
    __slots__ = ("kind", "document")
    KIND_FIELD_NUMBER: _ClassVar[int]
    DOCUMENT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    document: bytes
    def __init__(self, kind: _Optional[str] = ..., document: _Optional[bytes] = ...) -> None: ...

class ChangeIamRequest(_message.Message):
    __slots__ = ("client_id", "request_id", "is_retry", "account_id", "create_principal", "change_principal", "delete_principal", "put_inline", "delete_inline", "attach", "detach", "tag_principal", "add_member", "remove_member", "create_policy", "delete_policy", "add_version", "delete_version", "set_default_version", "tag_policy", "create_provider", "change_provider", "delete_provider", "change_key", "delete_key", "note_uses", "set_alias", "put_setting")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    IS_RETRY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    CREATE_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CHANGE_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    DELETE_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PUT_INLINE_FIELD_NUMBER: _ClassVar[int]
    DELETE_INLINE_FIELD_NUMBER: _ClassVar[int]
    ATTACH_FIELD_NUMBER: _ClassVar[int]
    DETACH_FIELD_NUMBER: _ClassVar[int]
    TAG_PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    ADD_MEMBER_FIELD_NUMBER: _ClassVar[int]
    REMOVE_MEMBER_FIELD_NUMBER: _ClassVar[int]
    CREATE_POLICY_FIELD_NUMBER: _ClassVar[int]
    DELETE_POLICY_FIELD_NUMBER: _ClassVar[int]
    ADD_VERSION_FIELD_NUMBER: _ClassVar[int]
    DELETE_VERSION_FIELD_NUMBER: _ClassVar[int]
    SET_DEFAULT_VERSION_FIELD_NUMBER: _ClassVar[int]
    TAG_POLICY_FIELD_NUMBER: _ClassVar[int]
    CREATE_PROVIDER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_PROVIDER_FIELD_NUMBER: _ClassVar[int]
    DELETE_PROVIDER_FIELD_NUMBER: _ClassVar[int]
    CHANGE_KEY_FIELD_NUMBER: _ClassVar[int]
    DELETE_KEY_FIELD_NUMBER: _ClassVar[int]
    NOTE_USES_FIELD_NUMBER: _ClassVar[int]
    SET_ALIAS_FIELD_NUMBER: _ClassVar[int]
    PUT_SETTING_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    request_id: int
    is_retry: bool
    account_id: str
    create_principal: CreatePrincipal
    change_principal: ChangePrincipal
    delete_principal: PrincipalName
    put_inline: PutInlinePolicy
    delete_inline: DeleteInlinePolicy
    attach: PolicyAttachment
    detach: PolicyAttachment
    tag_principal: TagPrincipal
    add_member: Membership
    remove_member: Membership
    create_policy: CreatePolicy
    delete_policy: str
    add_version: AddPolicyVersion
    delete_version: NamedVersion
    set_default_version: NamedVersion
    tag_policy: TagPolicy
    create_provider: CreateOidcProvider
    change_provider: ChangeOidcProvider
    delete_provider: str
    change_key: ChangeAccessKey
    delete_key: DeleteAccessKey
    note_uses: NoteAccessKeyUses
    set_alias: str
    put_setting: PutAccountSetting
    def __init__(self, client_id: _Optional[int] = ..., request_id: _Optional[int] = ..., is_retry: _Optional[bool] = ..., account_id: _Optional[str] = ..., create_principal: _Optional[_Union[CreatePrincipal, _Mapping]] = ..., change_principal: _Optional[_Union[ChangePrincipal, _Mapping]] = ..., delete_principal: _Optional[_Union[PrincipalName, _Mapping]] = ..., put_inline: _Optional[_Union[PutInlinePolicy, _Mapping]] = ..., delete_inline: _Optional[_Union[DeleteInlinePolicy, _Mapping]] = ..., attach: _Optional[_Union[PolicyAttachment, _Mapping]] = ..., detach: _Optional[_Union[PolicyAttachment, _Mapping]] = ..., tag_principal: _Optional[_Union[TagPrincipal, _Mapping]] = ..., add_member: _Optional[_Union[Membership, _Mapping]] = ..., remove_member: _Optional[_Union[Membership, _Mapping]] = ..., create_policy: _Optional[_Union[CreatePolicy, _Mapping]] = ..., delete_policy: _Optional[str] = ..., add_version: _Optional[_Union[AddPolicyVersion, _Mapping]] = ..., delete_version: _Optional[_Union[NamedVersion, _Mapping]] = ..., set_default_version: _Optional[_Union[NamedVersion, _Mapping]] = ..., tag_policy: _Optional[_Union[TagPolicy, _Mapping]] = ..., create_provider: _Optional[_Union[CreateOidcProvider, _Mapping]] = ..., change_provider: _Optional[_Union[ChangeOidcProvider, _Mapping]] = ..., delete_provider: _Optional[str] = ..., change_key: _Optional[_Union[ChangeAccessKey, _Mapping]] = ..., delete_key: _Optional[_Union[DeleteAccessKey, _Mapping]] = ..., note_uses: _Optional[_Union[NoteAccessKeyUses, _Mapping]] = ..., set_alias: _Optional[str] = ..., put_setting: _Optional[_Union[PutAccountSetting, _Mapping]] = ...) -> None: ...

class ChangeIamReply(_message.Message):
    __slots__ = ("principal", "policy", "provider")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    principal: PrincipalRow
    policy: ManagedPolicyRow
    provider: OidcProviderRow
    def __init__(self, principal: _Optional[_Union[PrincipalRow, _Mapping]] = ..., policy: _Optional[_Union[ManagedPolicyRow, _Mapping]] = ..., provider: _Optional[_Union[OidcProviderRow, _Mapping]] = ...) -> None: ...

class Page(_message.Message):
    __slots__ = ("after", "count_max")
    AFTER_FIELD_NUMBER: _ClassVar[int]
    COUNT_MAX_FIELD_NUMBER: _ClassVar[int]
    after: str
    count_max: int
    def __init__(self, after: _Optional[str] = ..., count_max: _Optional[int] = ...) -> None: ...

class ListPrincipals(_message.Message):
    __slots__ = ("kind", "path_prefix", "page")
    KIND_FIELD_NUMBER: _ClassVar[int]
    PATH_PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    kind: PrincipalKind
    path_prefix: str
    page: Page
    def __init__(self, kind: _Optional[_Union[PrincipalKind, str]] = ..., path_prefix: _Optional[str] = ..., page: _Optional[_Union[Page, _Mapping]] = ...) -> None: ...

class ListPolicies(_message.Message):
    __slots__ = ("path_prefix", "page")
    PATH_PREFIX_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    path_prefix: str
    page: Page
    def __init__(self, path_prefix: _Optional[str] = ..., page: _Optional[_Union[Page, _Mapping]] = ...) -> None: ...

class ListMembers(_message.Message):
    __slots__ = ("group", "page")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    group: str
    page: Page
    def __init__(self, group: _Optional[str] = ..., page: _Optional[_Union[Page, _Mapping]] = ...) -> None: ...

class ListAttachments(_message.Message):
    __slots__ = ("policy_arn", "page")
    POLICY_ARN_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    policy_arn: str
    page: Page
    def __init__(self, policy_arn: _Optional[str] = ..., page: _Optional[_Union[Page, _Mapping]] = ...) -> None: ...

class ListUserKeys(_message.Message):
    __slots__ = ("user", "page")
    USER_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    user: str
    page: Page
    def __init__(self, user: _Optional[str] = ..., page: _Optional[_Union[Page, _Mapping]] = ...) -> None: ...

class FindAccount(_message.Message):
    __slots__ = ("canonical_id", "email")
    CANONICAL_ID_FIELD_NUMBER: _ClassVar[int]
    EMAIL_FIELD_NUMBER: _ClassVar[int]
    canonical_id: str
    email: str
    def __init__(self, canonical_id: _Optional[str] = ..., email: _Optional[str] = ...) -> None: ...

class Nothing(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReadIamRequest(_message.Message):
    __slots__ = ("account_id", "principal", "principals", "members", "policy", "policies", "attachments", "provider", "providers", "keys", "key", "account", "summary", "setting")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    PRINCIPALS_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    SETTING_FIELD_NUMBER: _ClassVar[int]
    account_id: str
    principal: PrincipalName
    principals: ListPrincipals
    members: ListMembers
    policy: str
    policies: ListPolicies
    attachments: ListAttachments
    provider: str
    providers: Nothing
    keys: ListUserKeys
    key: str
    account: FindAccount
    summary: Nothing
    setting: str
    def __init__(self, account_id: _Optional[str] = ..., principal: _Optional[_Union[PrincipalName, _Mapping]] = ..., principals: _Optional[_Union[ListPrincipals, _Mapping]] = ..., members: _Optional[_Union[ListMembers, _Mapping]] = ..., policy: _Optional[str] = ..., policies: _Optional[_Union[ListPolicies, _Mapping]] = ..., attachments: _Optional[_Union[ListAttachments, _Mapping]] = ..., provider: _Optional[str] = ..., providers: _Optional[_Union[Nothing, _Mapping]] = ..., keys: _Optional[_Union[ListUserKeys, _Mapping]] = ..., key: _Optional[str] = ..., account: _Optional[_Union[FindAccount, _Mapping]] = ..., summary: _Optional[_Union[Nothing, _Mapping]] = ..., setting: _Optional[str] = ...) -> None: ...

class AttachedPrincipal(_message.Message):
    __slots__ = ("principal", "is_boundary")
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    IS_BOUNDARY_FIELD_NUMBER: _ClassVar[int]
    principal: PrincipalRow
    is_boundary: bool
    def __init__(self, principal: _Optional[_Union[PrincipalRow, _Mapping]] = ..., is_boundary: _Optional[bool] = ...) -> None: ...

class AccountSummary(_message.Message):
    __slots__ = ("users", "groups", "roles", "policies", "providers", "root_keys")
    USERS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    ROOT_KEYS_FIELD_NUMBER: _ClassVar[int]
    users: int
    groups: int
    roles: int
    policies: int
    providers: int
    root_keys: int
    def __init__(self, users: _Optional[int] = ..., groups: _Optional[int] = ..., roles: _Optional[int] = ..., policies: _Optional[int] = ..., providers: _Optional[int] = ..., root_keys: _Optional[int] = ...) -> None: ...

class ReadIamReply(_message.Message):
    __slots__ = ("principals", "policies", "attachments", "providers", "keys", "account", "summary", "setting", "truncated")
    PRINCIPALS_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    SETTING_FIELD_NUMBER: _ClassVar[int]
    TRUNCATED_FIELD_NUMBER: _ClassVar[int]
    principals: _containers.RepeatedCompositeFieldContainer[PrincipalRow]
    policies: _containers.RepeatedCompositeFieldContainer[ManagedPolicyRow]
    attachments: _containers.RepeatedCompositeFieldContainer[AttachedPrincipal]
    providers: _containers.RepeatedCompositeFieldContainer[OidcProviderRow]
    keys: _containers.RepeatedCompositeFieldContainer[AccessKeyRow]
    account: _types_pb2.Account
    summary: AccountSummary
    setting: bytes
    truncated: bool
    def __init__(self, principals: _Optional[_Iterable[_Union[PrincipalRow, _Mapping]]] = ..., policies: _Optional[_Iterable[_Union[ManagedPolicyRow, _Mapping]]] = ..., attachments: _Optional[_Iterable[_Union[AttachedPrincipal, _Mapping]]] = ..., providers: _Optional[_Iterable[_Union[OidcProviderRow, _Mapping]]] = ..., keys: _Optional[_Iterable[_Union[AccessKeyRow, _Mapping]]] = ..., account: _Optional[_Union[_types_pb2.Account, _Mapping]] = ..., summary: _Optional[_Union[AccountSummary, _Mapping]] = ..., setting: _Optional[bytes] = ..., truncated: _Optional[bool] = ...) -> None: ...
