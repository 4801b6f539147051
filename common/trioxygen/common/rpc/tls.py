"""Certificates of a process, as it shows them to others and as it checks theirs."""

from dataclasses import dataclass, field
from pathlib import Path

from trioxygen.common.disk import Disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM texts.

    Attributes:
    certificate, private_key: of this process, as server and, where asked, as client.
    authority: verifies the certificates of the others.
    client_certificates: servers refuse clients without one of that authority.
    """

    certificate: bytes
    private_key: bytes = field(repr=False)
    authority: bytes
    client_certificates: bool = True


def read_tls(
    disk: Disk,
    *,
    certificate: Path,
    private_key: Path,
    authority: Path,
    client_certificates: bool = True,
) -> Tls:
    """Raises OSError."""
    return Tls(
        certificate=disk.read(certificate),
        private_key=disk.read(private_key),
        authority=disk.read(authority),
        client_certificates=client_certificates,
    )
