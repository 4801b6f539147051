"""What the process of a store and that of a single role have in common: signals, HTTP ports, the
file that tells where it can be reached."""

import asyncio
import gc
import json
import os
import resource
import signal
import ssl
import sys
from typing import Final

from trioxygen.cli.admin_client import ENDPOINT_FILE
from trioxygen.cli.config import ConfigError
from trioxygen.cli.config_schema import S3Config
from trioxygen.cli.data_folder import DataFolder
from trioxygen.cli.exits import Exit, reason_of
from trioxygen.common import logs
from trioxygen.common.errors import NoSpace
from trioxygen.common.runtime import Runtime
from trioxygen.gateway.http_limits import HttpLimits

log = logs.get(__name__)

_ENDPOINT_KEPT: Final = f"{ENDPOINT_FILE}.kept"
TOKEN_LENGTH: Final = 40
ADMIN_DRAIN_SECONDS: Final = 2.0
# For stores, logs, blocks that are read, and the ports of nodes.
DESCRIPTORS_RESERVED: Final = 1_024
DESCRIPTORS_MIN: Final = 256
ADMIN_LIMITS: Final = HttpLimits(connections_max=256)


def stop_at_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second one ends the process where it stands."""
    stopping = asyncio.Event()

    def stop() -> None:
        if stopping.is_set():
            # Nothing is lost that was answered: the store survives a kill at any time.
            os._exit(Exit.INTERRUPTED)
        stopping.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    return stopping


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


def write_endpoint(runtime: Runtime, folder: DataFolder, **told: str) -> None:
    """Where the process can be reached, for commands that are given its data folder. On a full disk
    it takes the space of the last one. Where that is not there either, commands need --admin-url.
    """
    disk, path = runtime.disk, folder.path / ENDPOINT_FILE
    text = json.dumps({**told, "pid": os.getpid()})
    try:
        remove_endpoint(runtime, folder)
        file = disk.open(folder.path / _ENDPOINT_KEPT, create=True)
        try:
            data = text.encode() + b"\n"
            file.pwrite((data,), 0)
            file.truncate(len(data))
            file.datasync()
        finally:
            file.close()
        disk.rename(folder.path / _ENDPOINT_KEPT, path)
        disk.sync_directory(folder.path)
    except NoSpace as error:
        log.error("endpoint_not_written", path=path, reason=error)


def remove_endpoint(runtime: Runtime, folder: DataFolder) -> None:
    """The process cannot be reached any more. The file's space is kept for the next start."""
    path = folder.path / ENDPOINT_FILE
    if runtime.disk.exists(path):
        runtime.disk.rename(path, folder.path / _ENDPOINT_KEPT)


def freeze_what_stays() -> None:
    """What a start leaves behind lives as long as the process (about 200,000 objects, most of them
    of imports): the collector need not walk over it again and again."""
    gc.collect()
    gc.freeze()
