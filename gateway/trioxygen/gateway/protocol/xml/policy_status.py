"""PolicyStatus. Source: S3 API, GetBucketPolicyStatus."""

from trioxygen.gateway.protocol.xml.document import boolean, document, element


def policy_status_document(*, is_public: bool) -> bytes:
    return document("PolicyStatus", element("IsPublic", boolean(is_public)))
