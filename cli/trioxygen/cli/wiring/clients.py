"""Clients of the OM and of the SCM."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from trioxygen.cli.config.schema import Config
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient

C = TypeVar("C", OmClient, ScmClient)


def build_om_client(config: Config, runtime: Runtime, addresses: list[str]) -> OmClient:
    return _build(OmClient, config, runtime, addresses)


def build_scm_client(config: Config, runtime: Runtime, addresses: list[str]) -> ScmClient:
    return _build(ScmClient, config, runtime, addresses)


def build_scm_clients(
    config: Config, runtime: Runtime, addresses: Sequence[str]
) -> list[ScmClient]:
    """One for each SCM: what one is told is for it alone, whoever leads."""
    clients = partial(ScmClient, only_these=True)
    return [_build(clients, config, runtime, [address]) for address in addresses]


def _build(kind: Callable[..., C], config: Config, runtime: Runtime, addresses: list[str]) -> C:
    network = config.network
    return kind(
        runtime,
        addresses,
        timeout_ms=network.call_seconds_max * SECOND_MS,
        try_ms=network.call_try_ms,
        refused_ms=network.call_refused_seconds_max * SECOND_MS,
    )
