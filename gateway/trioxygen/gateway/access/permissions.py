"""What an identity brings with it: the policies that say what it may. Pure values."""

from dataclasses import dataclass
from typing import Final

from trioxygen.gateway.access.policy.verdict import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """Of root none are asked, but a session's. Attributes:
    policies: all that are attached to the identity, its groups' among them; (source, policy).
    boundary: it allows nothing beyond; None: there is none.
    session: session policies, which allow nothing beyond; None: there are none.
    """

    policies: tuple[tuple[str, Policy], ...] = ()
    boundary: tuple[str, Policy] | None = None
    session: tuple[tuple[str, Policy], ...] | None = None


NO_PERMISSIONS: Final = Permissions()
