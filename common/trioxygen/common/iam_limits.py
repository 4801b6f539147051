"""Quotas of identities, as AWS sets them for an account that never asked for more, but of what is
attached to users and roles: there as many as AWS gives to who asks.

Source: IAM user guide, "IAM and AWS STS quotas"; "policy size" counts no white space."""

from typing import Final

from trioxygen.common.units import KIB

USERS_MAX: Final = 5_000
GROUPS_MAX: Final = 300
ROLES_MAX: Final = 1_000
POLICIES_MAX: Final = 1_500
OIDC_PROVIDERS_MAX: Final = 100
CLIENT_IDS_MAX: Final = 100
THUMBPRINTS_MAX: Final = 5
KEYS_PER_USER_MAX: Final = 2
GROUPS_PER_USER_MAX: Final = 10
ATTACHED_TO_USER_MAX: Final = 20
ATTACHED_TO_GROUP_MAX: Final = 10
ATTACHED_TO_ROLE_MAX: Final = 20
VERSIONS_PER_POLICY_MAX: Final = 5
TAGS_MAX: Final = 50
# Characters, without white space; of inline policies of all that one has together.
INLINE_OF_USER_MAX: Final = 2_048
INLINE_OF_GROUP_MAX: Final = 5_120
INLINE_OF_ROLE_MAX: Final = 10_240
POLICY_MAX: Final = 6_144
TRUST_POLICY_MAX: Final = 4_096
SESSION_POLICY_MAX: Final = 2_048
SESSION_POLICY_ARNS_MAX: Final = 10
# The longest session of a role is within; what GetSessionToken gives at most.
ROLE_SESSION_SECONDS_MIN: Final = 3_600
ROLE_SESSION_SECONDS_MAX: Final = 43_200
SESSION_SECONDS_MAX: Final = 129_600

# Ours: white space is bounded too, so that all policies of an identity come in one reply.
DOCUMENT_BYTES_MAX: Final = 24 * KIB
PRINCIPAL_BYTES_MAX: Final = 128 * KIB
# Of what is minted; AWS promises no bound, and clients send it in a header.
SESSION_TOKEN_BYTES_MAX: Final = 4 * KIB
ACCOUNT_SETTING_BYTES_MAX: Final = 64 * KIB
# Uses of access keys that one command notes.
KEY_USES_MAX: Final = 10_000
