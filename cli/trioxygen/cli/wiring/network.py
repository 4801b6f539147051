"""The network between nodes, as the configuration says."""

import ssl
from pathlib import Path

from trioxygen.cli.config.reading import ConfigError
from trioxygen.cli.config.schema import Config
from trioxygen.cli.exits import reason_of
from trioxygen.common.rpc.grpc_config import GrpcConfig
from trioxygen.common.rpc.tls import Tls, read_tls
from trioxygen.common.system_disk import SystemDisk
from trioxygen.common.units import SECOND_MS


def grpc_config(config: Config) -> GrpcConfig:
    network = config.network
    return GrpcConfig(
        connect_timeout_ms=network.connect_timeout_ms,
        ping_interval_ms=network.ping_interval_ms,
        ping_timeout_ms=network.ping_timeout_ms,
        slow_call_ms=network.slow_call_ms,
        stop_grace_ms=network.drain_seconds * SECOND_MS,
    )


def node_tls(config: Config) -> Tls | None:
    """Raises ConfigError when a file cannot be read."""
    tls = config.tls
    if not tls.is_on:
        return None
    try:
        checked_tls = read_tls(
            SystemDisk(),
            certificate=Path(tls.certificate_file),
            private_key=Path(tls.key_file),
            authority=Path(tls.ca_file),
            client_certificates=tls.client_certificates,
        )
        checked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        checked.load_cert_chain(tls.certificate_file, tls.key_file)
        checked.load_verify_locations(tls.ca_file)
    except ssl.SSLError as error:
        reason = str(error.reason or error).lower().replace("_", " ")
        raise ConfigError(
            f"tls: certificate_file, key_file and ca_file do not work together: {reason}"
        ) from error
    except OSError as error:
        reason = reason_of(error)
        raise ConfigError(f"tls: {error.filename}: {reason}") from error
    return checked_tls
