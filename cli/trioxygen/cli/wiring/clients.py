"""Clients of the OM and of the SCM."""

from trioxygen.cli.config.schema import Config
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient


def build_om_client(config: Config, runtime: Runtime, addresses: list[str]) -> OmClient:
    network = config.network
    return OmClient(
        runtime,
        addresses,
        timeout_ms=network.call_seconds_max * SECOND_MS,
        try_ms=network.call_try_ms,
        refused_ms=network.call_refused_seconds_max * SECOND_MS,
    )


def build_scm_client(config: Config, runtime: Runtime, addresses: list[str]) -> ScmClient:
    network = config.network
    return ScmClient(
        runtime,
        addresses,
        timeout_ms=network.call_seconds_max * SECOND_MS,
        try_ms=network.call_try_ms,
        refused_ms=network.call_refused_seconds_max * SECOND_MS,
    )
