"""What the process of a store and that of a single role have in common: HTTP ports, descriptors."""

import ctypes
import gc
import resource
import ssl
import sys
from typing import Final

from trioxygen.cli.config.ports import S3Config
from trioxygen.cli.config.reading import ConfigError
from trioxygen.cli.exits import reason_of
from trioxygen.common import logs
from trioxygen.common.units import MIB
from trioxygen.gateway.http.limits import HttpLimits

log = logs.get(__name__)

TOKEN_LENGTH: Final = 40
ADMIN_DRAIN_SECONDS: Final = 2.0
# For stores, logs, blocks that are read, and the ports of nodes.
DESCRIPTORS_RESERVED: Final = 1_024
DESCRIPTORS_MIN: Final = 256
# mallopt(3): names and what they are set to. Set, they stay: glibc adjusts them otherwise.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_TRIM_BYTES: Final = 16 * MIB
_MMAP_BYTES: Final = 4 * MIB
ADMIN_LIMITS: Final = HttpLimits(connections_max=256)


def tls_context(s3: S3Config) -> ssl.SSLContext | None:
    """Raises ConfigError when the files are not a certificate and its key."""
    if not s3.tls_certificate_file:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(s3.tls_certificate_file, s3.tls_key_file)
    except OSError as error:  # SSLError is one
        files = f"{s3.tls_certificate_file}, {s3.tls_key_file}"
        reason = reason_of(error)
        raise ConfigError(f"tls_certificate_file, tls_key_file ({files}): {reason}") from error
    return context


def raise_descriptors() -> int:
    """Takes as many file descriptors as this process may have: how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return sys.maxsize if hard == resource.RLIM_INFINITY else hard


def s3_limits(s3: S3Config) -> HttpLimits:
    """What was configured; fewer connections where the system grants few file descriptors.

    Raises ConfigError: too few to serve anybody.
    """
    granted = raise_descriptors()
    if granted < DESCRIPTORS_MIN:
        raise ConfigError(
            f"the system grants {granted} file descriptors, {DESCRIPTORS_MIN} are the least to work"
            " with: raise the hard limit of open files (ulimit -Hn, LimitNOFILE=)"
        )
    # A connection that uploads has a file beside its socket.
    possible = (granted - min(DESCRIPTORS_RESERVED, granted // 2)) // 2
    if possible < s3.connections_max:
        log.warning(
            "few_file_descriptors",
            connections_max=possible,
            configured=s3.connections_max,
            remedy="raise the hard limit of open files (ulimit -Hn, LimitNOFILE=)",
        )
    return HttpLimits(
        connections_max=min(s3.connections_max, possible),
        keep_alive_seconds=s3.keep_alive_seconds,
        head_seconds_max=s3.head_seconds_max,
        body_idle_seconds_max=s3.body_idle_seconds_max,
        write_idle_seconds_max=s3.write_idle_seconds_max,
        tls_handshake_seconds_max=s3.tls_handshake_seconds_max,
        rate_bytes_per_second_min=s3.rate_bytes_per_second_min,
        rate_window_seconds=s3.rate_window_seconds,
        intake_bytes_max=s3.intake_bytes_max,
    )


def keep_freed_memory() -> None:
    """Block data comes and goes in pieces of 1 MiB. glibc gives each back to the system, and the
    kernel clears its pages anew for the next one: a fifth of what a DataNode spent on a large PUT.
    Another C library has no such switch, and nothing is changed there."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)


def freeze_what_stays() -> None:
    """What a start leaves behind lives as long as the process (about 200,000 objects, most of them
    of imports): the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
