"""Actions that AWS's IAM and STS have and that are not here; a request for one is told so.

Source: the API references' lists of actions."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trioxygen.gateway.iam.action import Api

_IAM: Final = """
    AcceptDelegationRequest AcquireRole AddRoleToInstanceProfile AssociateDelegationRequest
    ChangePassword CreateDelegationRequest CreateInstanceProfile CreateLoginProfile
    CreateSAMLProvider CreateServiceLinkedRole CreateServiceSpecificCredential
    CreateVirtualMFADevice DeactivateMFADevice DeleteAccountPasswordPolicy DeleteInstanceProfile
    DeleteSAMLProvider DeleteSSHPublicKey DeleteServerCertificate DeleteServiceLinkedRole
    DeleteServiceSpecificCredential DeleteSigningCertificate DeleteVirtualMFADevice
    DisableOrganizationsRootCredentialsManagement DisableOrganizationsRootSessions
    DisableOutboundWebIdentityFederation EnableMFADevice
    EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootSessions
    EnableOutboundWebIdentityFederation GenerateCredentialReport
    GenerateOrganizationsAccessReport GenerateServiceLastAccessedDetails GetAccountProperties
    GetContextKeysForCustomPolicy GetContextKeysForPrincipalPolicy GetCredentialReport
    GetDelegationRequest GetHumanReadableSummary GetInstanceProfile GetMFADevice
    GetOrganizationsAccessReport GetOutboundWebIdentityFederationInfo GetRoleTemplateVersion
    GetSAMLProvider GetSSHPublicKey GetServerCertificate GetServiceLastAccessedDetails
    GetServiceLastAccessedDetailsWithEntities GetServiceLinkedRoleDeletionStatus
    ListDelegationRequests ListInstanceProfileTags ListMFADeviceTags ListOrganizationsFeatures
    ListPoliciesGrantingServiceAccess ListSAMLProviderTags ListServerCertificateTags
    PutAccountProperties RejectDelegationRequest RemoveRoleFromInstanceProfile
    ResetServiceSpecificCredential ResyncMFADevice SendDelegationToken
    SetSecurityTokenServicePreferences TagInstanceProfile TagMFADevice TagSAMLProvider
    TagServerCertificate UntagInstanceProfile UntagMFADevice UntagSAMLProvider
    UntagServerCertificate UpdateAccountPasswordPolicy UpdateDelegationRequest
    UpdateLoginProfile UpdateSAMLProvider UpdateSSHPublicKey UpdateServerCertificate
    UpdateServiceSpecificCredential UpdateSigningCertificate UploadSSHPublicKey
    UploadServerCertificate UploadSigningCertificate
"""
_STS: Final = """
    AssumeRoleWithSAML AssumeRoot GetDelegatedAccessToken GetFederationToken
    GetWebIdentityToken
"""
NAMES: Final[Mapping[Api, frozenset[str]]] = MappingProxyType(
    {Api.IAM: frozenset(_IAM.split()), Api.STS: frozenset(_STS.split())}
)
