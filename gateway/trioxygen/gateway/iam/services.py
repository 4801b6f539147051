"""What actions of IAM and STS work with: the store's identities, the clock, configuration."""

from dataclasses import dataclass
from typing import Final

from trioxygen.common.clock import Clock
from trioxygen.gateway.access.unnumbered import ALL_NUMBERED, UnnumberedAccount
from trioxygen.gateway.iam.oidc.fetching import FetchLimits
from trioxygen.gateway.iam.oidc.signing_keys import SigningKeys
from trioxygen.gateway.store.iam_port import Iam


@dataclass(frozen=True, slots=True, kw_only=True)
class IamConfig:
    """Attributes:
    wants_audience: a token is for a client that its provider names, as AWS has it; False: a
        provider that names none takes tokens for any.
    fetch_limits: what may be asked of providers.
    unnumbered: whose ARNs have no number.
    """

    wants_audience: bool = True
    fetch_limits: FetchLimits = FetchLimits()
    unnumbered: UnnumberedAccount = ALL_NUMBERED


IAM_DEFAULTS: Final = IamConfig()


class IamServices:
    """Attributes: signing_keys: who vouches for web identities."""

    def __init__(
        self, iam: Iam, clock: Clock, config: IamConfig, signing_keys: SigningKeys
    ) -> None:
        self.iam, self.clock, self.config = iam, clock, config
        self.signing_keys = signing_keys

    @property
    def now_s(self) -> int:
        """Seconds since 1970."""
        return self.clock.wall_ms() // 1_000
