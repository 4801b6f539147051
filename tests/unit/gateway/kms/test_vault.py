import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.certificates import Authority
from tests.unit.gateway.kms.transit_server import TransitServer
from tests.unit.metadata.inline_runtime import inline_runtime
from tests.unit.metadata.manual_clock import SkippingClock
from trioxygen.common.errors import (
    ChecksumMismatch,
    KmsKeyDisabled,
    KmsUnavailable,
    NoSuchKmsKey,
)
from trioxygen.common.units import SECOND_MS
from trioxygen.gateway.kms.metrics import KmsMetrics
from trioxygen.gateway.kms.port import ArnPlace, WrappedKey
from trioxygen.gateway.kms.vault import Vault, VaultConfig
from trioxygen.gateway.kms.vault_http import VaultPlace, VaultTransit

CONTEXT = b'{"aws:s3:arn":"arn:aws:s3:::photos"}'
KEYS = [bytes([number]) * 32 for number in range(3)]
KEY_MS = 300 * SECOND_MS


@pytest.fixture
def server() -> Iterator[TransitServer]:
    with TransitServer() as running:
        running.made("photos")
        yield running


@dataclass
class Gateway:
    """Its clients of one server; time passes by sleeping, or as a test says."""

    clock: SkippingClock
    place: VaultPlace

    def vault(self, **changed: Any) -> Vault:
        runtime = inline_runtime(self.clock)
        transit = VaultTransit(runtime.disk, replace(self.place, **changed))
        config = VaultConfig(default_key="photos", arns=ArnPlace(), key_ms=KEY_MS)
        return Vault(runtime, transit, config, KmsMetrics(runtime.registry))


def token_file(folder: Path, token: str) -> Path:
    path = folder / "token"
    path.touch(mode=0o600)
    path.write_text(f"{token}\n")
    return path


def run(folder: Path, server: TransitServer, test: Callable[[Gateway], Awaitable[None]]) -> None:
    async def running() -> None:
        place = VaultPlace(url=server.url, token_path=token_file(folder, server.token))
        await test(Gateway(SkippingClock(), place))

    asyncio.run(running())


def test_keys_come_back_that_were_wrapped(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        vault = gateway.vault()
        wrapped = await vault.wrap("", CONTEXT, KEYS)
        assert {each.master_key for each in wrapped} == {"vault:photos:1"}
        assert await vault.unwrap(CONTEXT, wrapped) == KEYS
        assert await gateway.vault().unwrap(CONTEXT, wrapped) == KEYS
        described = await vault.describe("alias/photos")
        assert described.arn == "arn:aws:kms:us-east-1:000000000000:key/photos"

    run(tmp_path, server, test)


def test_many_keys_cost_few_calls(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        vault, reader = gateway.vault(), gateway.vault()
        wrapped = [(await vault.wrap("photos", CONTEXT, KEYS[:1]))[0] for _ in range(1_000)]
        await asyncio.gather(*(reader.unwrap(CONTEXT, [each]) for each in wrapped))
        calls = [server.calls_of(what) for what in ("keys", "encrypt", "decrypt")]
        assert calls == [1, 1, 1]

    run(tmp_path, server, test)


def test_many_intermediate_keys_are_opened_in_one_call(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        wrapped = [
            each for _ in range(20) for each in await gateway.vault().wrap("photos", CONTEXT, KEYS)
        ]
        assert await gateway.vault().unwrap(CONTEXT, wrapped) == KEYS * 20
        assert server.calls_of("decrypt") == 1

    run(tmp_path, server, test)


def test_rotated_key_wraps_after_minutes_and_old_versions_unwrap(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        vault = gateway.vault()
        old = await vault.wrap("", CONTEXT, KEYS)
        server.rotate("photos")
        gateway.clock.advance(KEY_MS)
        # What is due is made beside; nobody waits for it.
        assert (await vault.wrap("", CONTEXT, KEYS))[0].master_key == "vault:photos:1"
        for _ in range(10):
            await asyncio.sleep(0)
        new = await vault.wrap("", CONTEXT, KEYS)
        assert new[0].master_key == "vault:photos:2"
        assert await gateway.vault().unwrap(CONTEXT, [*old, *new]) == KEYS * 2

    run(tmp_path, server, test)


def test_key_does_not_unwrap_with_another_context_or_a_flipped_bit(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        vault = gateway.vault()
        [wrapped] = await vault.wrap("", CONTEXT, KEYS[:1])
        with pytest.raises(ChecksumMismatch):
            await vault.unwrap(b"other", [wrapped])
        for position in range(len(wrapped.sealed)):
            sealed = bytearray(wrapped.sealed)
            sealed[position] ^= 4
            with pytest.raises(ChecksumMismatch):
                await vault.unwrap(CONTEXT, [WrappedKey(wrapped.master_key, bytes(sealed))])
        with pytest.raises(ChecksumMismatch):
            await vault.unwrap(CONTEXT, [WrappedKey("vault:photos:2", wrapped.sealed)])
        # One bad key keeps none from those that come with it.
        assert await vault.unwrap(CONTEXT, [wrapped]) == KEYS[:1]

    run(tmp_path, server, test)


def test_key_that_derives_is_given_a_context(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        server.made("derived", is_derived=True)
        wrapped = await gateway.vault().wrap("derived", CONTEXT, KEYS)
        assert await gateway.vault().unwrap(CONTEXT, wrapped) == KEYS

    run(tmp_path, server, test)


def test_key_that_is_not_there_is_not_made(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        with pytest.raises(NoSuchKmsKey, match="nix"):
            await gateway.vault().wrap("nix", CONTEXT, KEYS)
        assert "nix" not in server.keys
        wrapped = await gateway.vault().wrap("photos", CONTEXT, KEYS)
        del server.keys["photos"]
        with pytest.raises(NoSuchKmsKey, match="photos"):
            await gateway.vault().unwrap(CONTEXT, wrapped)

    run(tmp_path, server, test)


def test_version_that_vault_disallows_and_key_that_does_not_encrypt_are_disabled(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        wrapped = await gateway.vault().wrap("photos", CONTEXT, KEYS)
        server.rotate("photos")
        server.keys["photos"].min_decryption_version = 2
        with pytest.raises(KmsKeyDisabled):
            await gateway.vault().unwrap(CONTEXT, wrapped)
        server.made("signs", type="ed25519")
        with pytest.raises(KmsKeyDisabled):
            await gateway.vault().describe("signs")

    run(tmp_path, server, test)


@pytest.mark.parametrize("status", [412, 429, 473, 500, 502, 503])
def test_busy_vault_is_asked_again(tmp_path: Path, server: TransitServer, status: int) -> None:
    async def test(gateway: Gateway) -> None:
        server.next_replies = [(status, b'{"errors":["later"]}'), (status, b"<html>no JSON")]
        assert await gateway.vault().wrap("photos", CONTEXT, KEYS)
        assert 150 <= gateway.clock.monotonic <= 300

    run(tmp_path, server, test)


def test_sealed_vault_is_given_up_in_time(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        server.is_sealed = True
        with pytest.raises(KmsUnavailable, match="Vault is sealed"):
            await gateway.vault().wrap("photos", CONTEXT, KEYS)
        assert 8_000 <= gateway.clock.monotonic <= 10_000

    run(tmp_path, server, test)


def test_vault_that_does_not_listen_is_unavailable(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        with pytest.raises(KmsUnavailable, match="does not answer"):
            await gateway.vault(url="http://127.0.0.1:9").describe("photos")

    run(tmp_path, server, test)


def test_outage_is_not_noticed_by_writers_for_a_while(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        vault = gateway.vault()
        await vault.wrap("photos", CONTEXT, KEYS)
        server.is_sealed = True
        gateway.clock.advance(1.5 * KEY_MS)
        assert await vault.wrap("photos", CONTEXT, KEYS)
        gateway.clock.advance(KEY_MS)
        with pytest.raises(KmsUnavailable):
            await vault.wrap("photos", CONTEXT, KEYS)
        server.is_sealed = False
        assert await vault.wrap("photos", CONTEXT, KEYS)

    run(tmp_path, server, test)


def test_token_is_read_anew_and_a_wrong_one_not_tried_again(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        vault = gateway.vault()
        server.token = "hvs.token-2"
        with pytest.raises(KmsUnavailable, match="refuses the gateway's token") as refused:
            await vault.describe("photos")
        assert "hvs" not in str(refused.value) and gateway.clock.monotonic == 0
        token_file(tmp_path, server.token)
        assert await vault.describe("photos")
        gateway.place.token_path.chmod(0o604)
        gateway.clock.advance(3 * KEY_MS)
        with pytest.raises(KmsUnavailable, match="may be read by others"):
            await vault.describe("photos")

    run(tmp_path, server, test)


def test_mount_and_namespace_are_those_that_were_configured(
    tmp_path: Path, server: TransitServer
) -> None:
    async def test(gateway: Gateway) -> None:
        server.mount, server.namespace = "kms/eu", "team-1"
        assert await gateway.vault(mount="kms/eu", namespace="team-1").describe("photos")
        # Not that the key is missing: nothing is mounted there.
        for wrong in ({"mount": "transit"}, {"namespace": "team-2"}):
            with pytest.raises(KmsUnavailable, match="no handler for route"):
                await gateway.vault(**{"mount": "kms/eu", "namespace": "team-1", **wrong}).describe(
                    "photos"
                )

    run(tmp_path, server, test)


def test_standby_names_the_active_node(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        with TransitServer() as standby:
            standby.next_replies = [(307, server.url.encode())] * 2
            assert await gateway.vault(url=standby.url).wrap("photos", CONTEXT, KEYS)

    run(tmp_path, server, test)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data":{"batch_results":[1]}}', b"\xff"])
def test_answer_of_something_else_is_unavailable(
    tmp_path: Path, server: TransitServer, body: bytes
) -> None:
    async def test(gateway: Gateway) -> None:
        server.next_replies = [(200, body)]
        with pytest.raises(KmsUnavailable, match="not one of the transit engine"):
            await gateway.vault().describe("photos")

    run(tmp_path, server, test)


def certified(folder: Path) -> ssl.SSLContext:
    Authority("ours").write(folder, "vault")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "vault.crt", folder / "vault.key")
    return context


def test_token_does_not_follow_a_redirect_to_http(tmp_path: Path, server: TransitServer) -> None:
    async def test(gateway: Gateway) -> None:
        secure.next_replies = [(307, server.url.encode())] * 100
        with pytest.raises(KmsUnavailable):
            await gateway.vault(ca_path=tmp_path / "vault.ca").describe("photos")
        assert server.calls == []

    with TransitServer(tls=certified(tmp_path)) as secure:
        run(tmp_path, secure, test)


def test_server_shows_a_certificate_of_the_authority(tmp_path: Path) -> None:
    context = certified(tmp_path)
    Authority("theirs").write(tmp_path, "other")
    ours, theirs = tmp_path / "vault.ca", tmp_path / "other.ca"

    async def test(gateway: Gateway) -> None:
        assert await gateway.vault(ca_path=ours).describe("photos")
        with pytest.raises(KmsUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await gateway.vault(ca_path=theirs).describe("photos")

    with TransitServer(tls=context) as server:
        server.made("photos")
        run(tmp_path, server, test)
