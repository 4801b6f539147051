"""What is asked of policies: may this caller do this action with this resource, in this context?"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from trioxygen.gateway.access.caller import Caller


class Context(Protocol):
    """The condition keys of a request. They are worked out when a condition asks for them."""

    def values(self, key: str) -> Sequence[str] | None:
        """Args: key: in lower case, `aws:sourceip`, `s3:existingobjecttag/colour`.

        None: the request has no such key. One value, or those of a key that has many
        (aws:TagKeys)."""
        ...

    def from_outside(self) -> "Context":
        """What of it the caller knows by himself: without what is of the bucket that is asked
        about, and of what is in it. For explanations to those of other accounts."""
        ...


class Question(NamedTuple):
    """Attributes:
    action: of IAM, such as `s3:GetObject`.
    resource: an ARN, such as `arn:aws:s3:::bucket/key`.
    """

    action: str
    resource: str
    caller: Caller
    context: Context
