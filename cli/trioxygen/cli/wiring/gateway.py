"""The gateway, made of its parts; the HTTP ports are its owner's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from trioxygen.cli.config.schema import Config
from trioxygen.cli.wiring.clients import build_om_client, build_scm_client
from trioxygen.cli.wiring.first_keys import make_admin
from trioxygen.cli.wiring.first_volume import make_volume
from trioxygen.cli.wiring.master_keys import MasterKeys
from trioxygen.cli.wiring.part import Node, Part
from trioxygen.common.replication import Replication
from trioxygen.common.rpc.network import Network
from trioxygen.common.runtime import Runtime
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.access.unnumbered import UnnumberedAccount
from trioxygen.gateway.access_log import AccessLog
from trioxygen.gateway.admin.access_routes import AccessAnswers
from trioxygen.gateway.admin.app import create_admin_app
from trioxygen.gateway.admin.backend.fullness import Fullness
from trioxygen.gateway.admin.backend.orphans import Orphans
from trioxygen.gateway.admin.backend.ozone import OzoneAdminBackend
from trioxygen.gateway.app import create_app, create_explainer, create_questions
from trioxygen.gateway.http.limits import AsgiApp
from trioxygen.gateway.iam.oidc.fetching import FetchLimits
from trioxygen.gateway.iam.services import IamConfig
from trioxygen.gateway.kms.port import Kms
from trioxygen.gateway.protocol.dialect import DIALECTS, Dialect
from trioxygen.gateway.protocol.proxies import TrustedProxies
from trioxygen.gateway.protocol.storage_classes import StorageClasses
from trioxygen.gateway.readiness import Readiness
from trioxygen.gateway.s3.services import S3Config
from trioxygen.gateway.s3_refusals import S3Port
from trioxygen.gateway.shares import ShareLimits
from trioxygen.gateway.store.ozone.store import OzoneStore
from trioxygen.gateway.store.values.acls import ALL_BLOCKED, Ownership
from trioxygen.hdds.client.config import ClientConfig
from trioxygen.hdds.client.leases.config import LeasingConfig
from trioxygen.hdds.client.pool import DataNodePool
from trioxygen.hdds.client.reader import BlockReader
from trioxygen.hdds.client.writer import BlockWriter
from trioxygen.hdds.tokens.granted import GrantedTokens
from trioxygen.hdds.tokens.network import TokenNetwork
from trioxygen.metadata.client.om import OmClient
from trioxygen.metadata.client.scm import ScmClient


@dataclass(slots=True, kw_only=True)
class Gateway:
    """Over the clients of OM and SCM; the HTTP ports are its owner's. It starts and stops with the
    lifespan of its S3 port."""

    s3_port: S3Port
    admin_app: AsgiApp


@asynccontextmanager
async def _running(
    ozone: OzoneStore, access_log: AccessLog | None, runtime: Runtime
) -> AsyncIterator[None]:
    writing: list[asyncio.Task[None]] = []
    if access_log is not None:
        await access_log.open()
        writing.append(runtime.tasks.start_worker(access_log))
    ozone.start()
    try:
        yield
    finally:
        # Gives back what is leased.
        await ozone.stop()
        await runtime.tasks.end(*writing)
        if access_log is not None:
            await access_log.close()


def _to_datanodes(config: Config, runtime: Runtime, om_client: OmClient) -> Network:
    if not config.uses_block_tokens:
        return runtime.network
    tokens = GrantedTokens(om_client.tokens_for, runtime.tasks)
    om_client.hear_tokens(tokens.learn)
    return TokenNetwork(runtime.network, tokens)


def _client_config(config: Config) -> ClientConfig:
    return ClientConfig(
        own_host=config.s3.own_host or config.s3.host,
        own_rack=config.s3.rack,
        call_timeout_ms=config.network.call_seconds_max * SECOND_MS,
    )


def _dialect(config: Config) -> Dialect:
    """The chosen one, and with it what is asked for by itself."""
    chosen = DIALECTS[config.s3.dialect]
    return replace(
        chosen,
        names_owners=chosen.names_owners or config.s3.owner_display_name,
        takes_none_match_tags=chosen.takes_none_match_tags or config.s3.if_none_match_tags,
    )


def _s3_config(config: Config) -> S3Config:
    return S3Config(
        volume=config.s3.volume,
        domains=tuple(config.s3.domains),
        proxies=TrustedProxies(config.s3.trusted_proxies),
        regions=tuple(config.s3.regions),
        clock_skew_seconds_max=config.s3.clock_skew_seconds_max,
        dialect=_dialect(config),
        unnumbered=UnnumberedAccount(config.iam.unnumbered_account),
        takes_v2_headers=config.s3.signature_v2 == "all",
        ownership=Ownership(config.s3.object_ownership),
        public_access=ALL_BLOCKED if config.s3.block_public_access else None,
        storage_classes=StorageClasses.configured(
            Replication.parse(config.storage.replication),
            {name: Replication.parse(text) for name, text in config.s3.storage_classes.items()},
        ),
        encrypts=config.encryption.default == "aes256",
        day_ms=config.lifecycle.day_seconds * SECOND_MS,
        shares=ShareLimits(
            requests_max=config.s3.requests_max,
            uploads_max=config.s3.uploads_max,
            queries_max=config.s3.queries_max,
            buffer_bytes_max=config.s3.buffer_bytes_max,
        ),
    )


def _iam_config(config: Config) -> IamConfig:
    return IamConfig(
        wants_audience=config.iam.audience_required,
        unnumbered=UnnumberedAccount(config.iam.unnumbered_account),
        fetch_limits=FetchLimits(
            http_hosts=tuple(config.iam.http_issuers),
            ca_path=config.iam.ca_path,
            seconds_max=config.iam.issuer_seconds_max,
        ),
    )


def build_gateway(
    config: Config,
    data: Path,
    runtime: Runtime,
    om_client: OmClient,
    scm_client: ScmClient,
    readiness: Readiness,
    *,
    kms: Kms,
    admin_token: str,
) -> Gateway:
    pool = DataNodePool(
        _to_datanodes(config, runtime, om_client),
        runtime.clock,
        scm_client.locate,
        _client_config(config),
    )
    s3_config = _s3_config(config)
    ozone = OzoneStore(
        runtime,
        om_client,
        BlockWriter(pool),
        BlockReader(pool),
        LeasingConfig(block_bytes_max=config.storage.block_bytes),
        kms,
        replication_of=s3_config.storage_classes.replication_of,
        day_ms=s3_config.day_ms,
    )
    access_log = None
    if config.log.access_log:
        access_log = AccessLog(
            runtime,
            data / "logs" / "access.log",
            file_bytes_max=config.log.access_log_file_bytes,
            files_max=config.log.access_log_files_max,
        )
    orphans = Orphans(om_client, scm_client, pool.channel, runtime.clock)
    admin = OzoneAdminBackend(
        om_client, scm_client, readiness, config.s3.volume, orphans.page, runtime.clock
    )
    explainer = create_explainer(s3_config, ozone.store, runtime)
    return Gateway(
        s3_port=create_app(
            s3_config,
            ozone.store,
            runtime,
            readiness=readiness,
            iam_config=_iam_config(config),
            access_log=access_log,
            explainer=explainer,
            running=partial(_running, ozone, access_log, runtime),
        ),
        admin_app=create_admin_app(
            admin,
            readiness,
            runtime.registry,
            AccessAnswers(explainer, create_questions(s3_config, ozone.store, runtime)),
            token=admin_token,
            body_bytes_max=config.admin.body_bytes_max,
        ),
    )


class GatewayPart(Part):
    """It starts and stops with the lifespan of its S3 port.

    Args:
    makes_first_key: of a store without accounts, where none is chosen. Not one of several
        gateways: each would make one.
    asks_fullness: OM and SCM are in other processes.
    """

    def __init__(self, node: Node, *, makes_first_key: bool, asks_fullness: bool) -> None:
        self._node, self._makes_first_key = node, makes_first_key
        config, runtime = node.config, node.runtime
        self._om_client = build_om_client(config, runtime, list(node.oms))
        scm_client = build_scm_client(config, runtime, list(node.scms))
        self._master_keys = MasterKeys(config, node.data, runtime, self._om_client)
        self._fullness: Fullness | None = None
        self._asking: list[asyncio.Task[None]] = []
        if asks_fullness:
            fullness = self._fullness = Fullness(self._om_client, scm_client)
            node.readiness.full_if(lambda: fullness.is_full)
        self._gateway = build_gateway(
            config,
            node.data,
            runtime,
            self._om_client,
            scm_client,
            node.readiness,
            kms=self._master_keys.kms,
            admin_token=node.admin_token,
        )
        self.admin_app: AsgiApp = self._gateway.admin_app
        self.s3_port: S3Port = self._gateway.s3_port
        self.first_key: tuple[str, str] | None = None

    async def open(self) -> None:
        if self._fullness is not None:
            self._asking.append(self._node.runtime.tasks.start_worker(self._fullness))

    async def start(self) -> None:
        await self._node.retry_while_unavailable("the OM", self._first_call)
        await self._node.retry_while_unavailable("master keys", self._master_keys.start)

    async def _first_call(self) -> None:
        await make_volume(self._om_client, self._node.config.s3.volume)
        credentials = self._node.credentials
        if credentials is not None or self._makes_first_key:
            self.first_key = await make_admin(self._om_client, credentials)

    async def stop(self) -> None:
        await self._master_keys.stop()
        await self._node.runtime.tasks.end(*self._asking)
