"""How gateways ask the OpenID Connect providers that accounts name."""

import re
from pathlib import Path
from typing import Final

from pydantic import Field, field_validator

from trioxygen.cli.config.section import Section

_HOST: Final = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")


class IamConfig(Section):
    """The same on every gateway. Nobody else has anything to do with it.

    Attributes:
        http_issuers: `host` or `host:port` of providers that are asked over http; those of this
            machine always may be.
        ca_file: PEM of who vouches for providers; empty: the system's.
        issuer_seconds_max: for each of a provider's documents.
        audience_required: of a provider without client ids no token is taken, as AWS has it.
        unnumbered_account: whose ARNs have no number, as those of Ceph's users outside accounts.
    """

    http_issuers: list[str] = Field(default=[], max_length=100)
    ca_file: str = ""
    issuer_seconds_max: int = Field(default=5, ge=1, le=60)
    audience_required: bool = True
    unnumbered_account: str = Field(default="", pattern=r"^([0-9]{12})?$")

    @field_validator("http_issuers")
    @classmethod
    def _issuers_are_hosts(cls, issuers: list[str]) -> list[str]:
        for issuer in issuers:
            if not _HOST.fullmatch(issuer):
                raise ValueError(
                    f"'{issuer}' is not a host: write HOST or HOST:PORT, in lower case"
                )
        return issuers

    @property
    def ca_path(self) -> Path | None:
        return Path(self.ca_file) if self.ca_file else None
