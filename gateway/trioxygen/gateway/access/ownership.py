"""Who owns what is uploaded, and whether ACLs say anything in a bucket. Pure.

Source: S3 user guide, "Controlling ownership of objects and disabling ACLs"."""

from trioxygen.gateway.store.values.acls import Ownership

__all__ = ("Ownership", "owns_upload", "uses_acls")


def uses_acls(ownership: Ownership | None) -> bool:
    """Args: ownership: None: the controls were deleted, who uploads is the owner."""
    return ownership is not Ownership.BUCKET_OWNER_ENFORCED


def owns_upload(
    ownership: Ownership | None, *, writer: str, bucket_owner: str, gives_full_control: bool
) -> str:
    """The account id of an upload's owner.

    Args:
        writer: account id; "": nobody signed.
        gives_full_control: it came with the canned ACL `bucket-owner-full-control`.
    """
    if ownership is Ownership.BUCKET_OWNER_ENFORCED:
        return bucket_owner
    if ownership is Ownership.BUCKET_OWNER_PREFERRED and gives_full_control:
        return bucket_owner
    return writer
