"""What of a bucket stays private, whatever its policy and ACLs say. Pure values.

Source: S3 user guide, "Blocking public access to your Amazon S3 storage"."""

from trioxygen.gateway.store.values.acls import ALL_BLOCKED, NOTHING_BLOCKED, PublicAccessBlock

__all__ = ("ALL_BLOCKED", "NOTHING_BLOCKED", "PublicAccessBlock")
