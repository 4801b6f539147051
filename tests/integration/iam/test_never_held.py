"""What users and roles never have here: tools ask for it before they delete them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.iam.answers import refused, trust
from tests.integration.iam.conftest import Site


def test_user_is_deleted_as_the_documentation_says(site: Site, iam: Any) -> None:
    """Source: IAM user guide, "Remove or deactivate an IAM user": all of it is looked for."""
    name = site.name("ann")
    iam.create_user(UserName=name)
    assert iam.list_mfa_devices(UserName=name)["MFADevices"] == []
    assert iam.list_ssh_public_keys(UserName=name)["SSHPublicKeys"] == []
    assert iam.list_signing_certificates(UserName=name)["Certificates"] == []
    answer = iam.list_service_specific_credentials(UserName=name)
    assert answer["ServiceSpecificCredentials"] == []
    for ask in (iam.get_login_profile, iam.delete_login_profile):
        with pytest.raises(ClientError) as error:
            ask(UserName=name)
        message = f"Login Profile for User {name} cannot be found."
        assert refused(error) == ("NoSuchEntity", 404, message)
    iam.delete_user(UserName=name)
    for ask in (iam.list_mfa_devices, iam.get_login_profile):
        with pytest.raises(ClientError) as error:
            ask(UserName=name)
        message = f"The user with name {name} cannot be found."
        assert refused(error) == ("NoSuchEntity", 404, message)


def test_role_is_in_no_instance_profile(site: Site, iam: Any) -> None:
    name = site.name("role")
    with pytest.raises(ClientError) as error:
        iam.list_instance_profiles_for_role(RoleName=name)
    assert refused(error)[:2] == ("NoSuchEntity", 404)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": site.account_id}))
    answer = iam.list_instance_profiles_for_role(RoleName=name)
    assert (answer["InstanceProfiles"], answer["IsTruncated"]) == ([], False)
    iam.delete_role(RoleName=name)


def test_account_has_none_either(site: Site, iam: Any) -> None:
    assert iam.list_virtual_mfa_devices(AssignmentStatus="Any")["VirtualMFADevices"] == []
    assert iam.list_instance_profiles(PathPrefix="/x/")["InstanceProfiles"] == []
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    assert iam.list_saml_providers()["SAMLProviderList"] == []
    with pytest.raises(ClientError) as error:
        iam.get_account_password_policy()
    message = f"The Password Policy with domain name {site.account_id} cannot be found."
    assert refused(error) == ("NoSuchEntity", 404, message)
