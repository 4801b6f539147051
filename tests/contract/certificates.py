"""Certificates of nodes, as an operator makes them."""

import datetime
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from trioxygen.common.rpc.tls import Tls, read_tls
from trioxygen.common.system_disk import SystemDisk


class Authority:
    """A certificate authority that lasts for one test."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self._name, self._key.public_key(), authority=True)

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePublicKey,
        *,
        authority: bool,
        identities: Sequence[str] = (),
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        names: list[x509.GeneralName] = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        names += [
            x509.UniformResourceIdentifier(f"trioxygen://{identity}") for identity in identities
        ]
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def write(self, directory: Path, name: str, *identities: str) -> Tls:
        """Files of a node, read again.

        Args:
            identities: ROLE/NODE_ID, what the node is."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._sign(subject, key.public_key(), authority=False, identities=identities)
        pem = serialization.Encoding.PEM
        paths = {kind: directory / f"{name}.{kind}" for kind in ("crt", "key", "ca")}
        paths["crt"].write_bytes(certificate.public_bytes(pem))
        paths["ca"].write_bytes(self.certificate.public_bytes(pem))
        paths["key"].write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        return read_tls(
            SystemDisk(),
            certificate=paths["crt"],
            private_key=paths["key"],
            authority=paths["ca"],
        )
