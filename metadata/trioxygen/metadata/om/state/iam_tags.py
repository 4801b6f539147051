"""Tags of identities. Their keys are found whatever their case is.

Source: IAM user guide, "Rules for tagging in IAM and AWS STS"."""

from collections.abc import Iterable

from trioxygen.proto.v1.iam_pb2 import IdentityTag


def merged_tags(
    before: Iterable[IdentityTag], put: Iterable[IdentityTag], removed: Iterable[str]
) -> list[IdentityTag]:
    """In the order in which they came."""
    by_key = {tag.key.lower(): tag for tag in before}
    for key in removed:
        by_key.pop(key.lower(), None)
    by_key |= {tag.key.lower(): tag for tag in put}
    return list(by_key.values())
