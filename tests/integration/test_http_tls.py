"""The HTTP server behind TLS: requests and refusals, in whatever pieces they come; readers that are
waited for."""

import datetime
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.http_harness import (
    Served,
    TlsEnds,
    answer,
    echo,
    refuse,
    request,
    run,
    until,
)
from trioxygen.common.units import KIB, MIB
from trioxygen.gateway.http.limits import Receive, Scope, Send


@pytest.fixture
def tls(tmp_path: Path) -> TlsEnds:
    certificate, key = _written_certificate(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    client.check_hostname = False
    return TlsEnds(server, client)


def _written_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed one for localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"


def test_tls_carries_requests_and_refusals(tls: TlsEnds) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["scheme"] == "https"
        await (refuse if scope["path"] == "/refused" else echo)(scope, receive, send)

    async def steps(server: Served) -> None:
        assert server.url.startswith("https://")
        client = await server.client()
        for size in (0, 10, 400_000):
            await client.send(request("PUT", "/k", b"z" * size))
            assert (await client.answer())[2] == b"/k?:" + b"z" * size
        await client.send(request("PUT", "/refused", b"", "Content-Length: 100"))
        status, fields, _ = await client.answer()
        assert (status, fields[b"connection"]) == (403, b"close")

    run(app, steps, tls)


def test_answers_go_out_in_whatever_pieces_requests_come(tls: TlsEnds) -> None:
    """Each piece is read by itself. That must say nothing about whether the client takes what is
    written."""
    came: list[bytes] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            came.append(message["body"])
            if not message["more_body"]:
                break
        await answer(send, 200, b"-".join(came))

    async def steps(server: Served) -> None:
        client = await server.client()
        for pieces in (1, 2, 3, 4, 1, 5, 2, 6, 6):
            came.clear()
            head = request("PUT", "/", b"", f"Content-Length: {pieces}")
            for number in range(pieces):
                await client.send((b"" if number else head) + b"%d" % number)
                await until(lambda number=number: len(came) > number)  # type: ignore[misc]
            status, _, body = await client.answer()
            assert (status, body) == (200, b"-".join(b"%d" % number for number in range(pieces)))

    run(app, steps, tls)


def test_a_reader_who_does_not_read_is_waited_for(tls: TlsEnds) -> None:
    piece, pieces, sent = bytes(256 * KIB), 128, 0

    async def big(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        length = (b"content-length", b"%d" % (len(piece) * pieces))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        for number in range(pieces):
            more = number < pieces - 1
            await send({"type": "http.response.body", "body": piece, "more_body": more})
            sent += 1

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("GET", "/"))
        connections = server.server.connections
        await until(lambda: [each for each in connections if each.outlet.is_paused])
        [connection] = connections
        assert sent < pieces
        assert connection.outlet.unsent_bytes < MIB
        _, _, body = await client.answer()
        assert body == piece * pieces

    run(big, steps, tls)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_application_is_told_the_version_of_tls(tls: TlsEnds, version: ssl.TLSVersion) -> None:
    seen: list[object] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["extensions"]["tls"]["tls_version"])
        await echo(scope, receive, send)

    async def steps(server: Served) -> None:
        client = await server.client()
        await client.send(request("PUT", "/k", b""))
        await client.answer()

    tls.client.maximum_version = version
    run(app, steps, tls)
    assert seen == [version]
