"""No secret is shown by what a store writes, answers or is called with: SSE-C keys, right, wrong
and malformed ones, account secrets, master keys, the keyring's passphrase, Vault's token,
signatures."""

import hashlib
import os
import random
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, quote_plus

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.integration.conftest import NewStore
from tests.integration.endpoint import Endpoint, Keys
from tests.integration.s3.uploads import PART_MIN, Upload
from tests.integration.s3.wire import Request, connection, presign, send
from tests.integration.store_process import ADMIN, OTHER, StoreProcess
from tests.integration.test_vault import with_vault
from tests.unit.gateway.kms.transit_server import TransitServer
from trioxygen.common.system_disk import SystemDisk
from trioxygen.gateway.kms.keyring_store import KeyringStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PREFIXES: Final = ("x-amz-server-side-encryption-", "x-amz-copy-source-server-side-encryption-")
_CONTEXT: Final = "context-that-is-of-the-clients"


def forms(secret: bytes) -> Iterator[bytes]:
    """As which it could be written."""
    encoded = b64encode(secret)
    yield from (secret, encoded, encoded.rstrip(b"="), urlsafe_b64encode(secret))
    yield from (quote(encoded, safe="").encode(), quote_plus(secret).encode())
    for each in (secret, encoded):
        digits = each.hex()
        yield from (digits.encode(), digits.upper().encode(), each.hex(" ").encode())
        yield from (repr(each)[2:-1].encode(), b64encode(each))


class Watch:
    """Attributes: secrets, by what they are; seen: what was written or answered, by place."""

    def __init__(self) -> None:
        self.secrets: dict[str, bytes] = {}
        self.seen: dict[str, bytes] = {}

    def answered(self, what: str, body: bytes | str) -> None:
        text = body.encode() if isinstance(body, str) else body
        self.seen[f"{what} ({len(self.seen)})"] = text

    def leaks(self) -> list[str]:
        return [
            f"{name} in {place}"
            for name, secret in self.secrets.items()
            for place, text in self.seen.items()
            if any(form in text for form in forms(secret))
        ]


def customer(key: bytes) -> dict[str, Any]:
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key}


def of_source(key: bytes) -> dict[str, Any]:
    return {f"CopySource{name}": value for name, value in customer(key).items()}


def sent(key: str, prefix: str = _PREFIXES[0], *, md5: str | None = None) -> dict[str, str]:
    digest = md5
    if digest is None:
        digest = b64encode(
            hashlib.md5(b64decode(key + "=="), usedforsecurity=False).digest()
        ).decode()
    return {
        f"{prefix}customer-algorithm": "AES256",
        f"{prefix}customer-key": key,
        f"{prefix}customer-key-MD5": digest,
    }


def right_calls(s3: "S3Client", watch: Watch) -> None:
    right = watch.secrets["a customer's key"]
    s3.create_bucket(Bucket="books")
    s3.put_object(Bucket="books", Key="own", Body=b"body" * 5_000, **customer(right))
    s3.get_object(Bucket="books", Key="own", **customer(right))["Body"].read()
    source: Any = {"Bucket": "books", "Key": "own"}
    s3.copy_object(
        Bucket="books", Key="to", CopySource=source, **of_source(right), **customer(right)
    )
    upload = Upload.begin(s3, "books", "parts", **customer(right))
    upload.put(1, bytes(PART_MIN), **customer(right))
    s3.upload_part_copy(
        PartNumber=2, CopySource=source, **upload.names, **of_source(right), **customer(right)
    )
    upload.complete([1], **customer(right))
    context = b64encode(b'{"about": "%b"}' % _CONTEXT.encode()).decode()
    s3.put_object(
        Bucket="books",
        Key="kms",
        Body=b"kms",
        ServerSideEncryption="aws:kms",
        SSEKMSEncryptionContext=context,
    )
    s3.get_object(Bucket="books", Key="kms")["Body"].read()


def wrong_calls(s3: "S3Client", watch: Watch) -> None:
    wrong = watch.secrets["a wrong key"]
    source: Any = {"Bucket": "books", "Key": "own"}
    names: Any = {"Bucket": "books", "Key": "own"}
    upload = Upload.begin(s3, "books", "mine", **customer(watch.secrets["a customer's key"]))
    for call, arguments in (
        (s3.get_object, {**names, **customer(wrong)}),
        (s3.head_object, {**names, **customer(wrong)}),
        (s3.copy_object, {**names, "CopySource": source, **of_source(wrong)}),
        (s3.upload_part, {**upload.names, "PartNumber": 1, "Body": b"x", **customer(wrong)}),
        (
            s3.upload_part_copy,
            {**upload.names, "PartNumber": 1, "CopySource": source, **of_source(wrong)},
        ),
    ):
        with pytest.raises(ClientError) as raised:
            call(**arguments)
        watch.answered("an answer to a wrong key", repr(raised.value.response))


def malformed_calls(endpoint: Endpoint, watch: Watch) -> None:
    """And signatures that do not match, whose errors tell what was signed."""
    right = b64encode(watch.secrets["a customer's key"]).decode()
    short, text = (watch.secrets[name] for name in ("a short key", "a key that is no base64"))
    stranger = Keys(ADMIN.access, watch.secrets["another account secret"].decode())
    for prefix in _PREFIXES:
        more = {} if prefix is _PREFIXES[0] else {"x-amz-copy-source": "/books/own"}
        for fields in (
            sent(b64encode(short).decode(), prefix),
            sent(text.decode(), prefix, md5="AAAA"),
            sent(right, prefix, md5=right),
            sent(right, prefix, md5="A" * 22 + "=="),
            {f"{prefix}customer-key": right},
            sent(right, prefix) | {f"{prefix}customer-algorithm": "AES128"},
            sent(right, prefix) | {"x-amz-server-side-encryption": "aws:kms"},
        ):
            request = Request("PUT", "/books/k", body=b"x", fields={**fields, **more})
            watch.answered("an answer to a malformed key", send(endpoint, request).body)
            request = Request("PUT", "/books/k", body=b"x", fields={**fields, **more})
            refused = send(endpoint, request, keys=stranger)
            assert refused.code == "SignatureDoesNotMatch"
            watch.answered("an answer to a signature", refused.body)


def presigned_calls(endpoint: Endpoint, watch: Watch) -> None:
    right = b64encode(watch.secrets["a customer's key"]).decode()
    hoisted = "&".join(f"{name}={quote(value, safe='')}" for name, value in sent(right).items())
    stranger = Keys(ADMIN.access, watch.secrets["another account secret"].decode())
    version_2 = AWSRequest("GET", f"{endpoint.url}/books/own", headers=sent(right))
    HmacV1QueryAuth(Credentials(stranger.access, stranger.secret)).add_auth(version_2)
    assert version_2.url is not None
    targets = [
        presign(endpoint, Request("GET", "/books/own", hoisted), 60),
        presign(endpoint, Request("GET", "/books/own", hoisted), 60, keys=stranger),
        version_2.url.removeprefix(endpoint.url),
    ]
    statuses = []
    for target in targets:
        with connection(endpoint) as wire:
            wire.send(Request("GET", target).bytes({}, endpoint.host))
            answer = wire.answer()
        statuses.append(answer.status)
        watch.answered("an answer to a presigned request", answer.body)
    assert statuses == [200, 403, 403]
    signature = targets[0].partition("X-Amz-Signature=")[2].partition("&")[0]
    watch.secrets["a presigned URL's signature"] = signature.encode()


def processes() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


def look_around(store: StoreProcess, watch: Watch) -> None:
    """While it runs."""
    commands = list(processes())
    assert any(b"serve" in each and str(store.data).encode() in each for each in commands)
    watch.answered("the command lines of all processes", b"\n".join(commands))
    metrics = store.metrics_text()
    assert "trioxygen_gateway_requests_total" in metrics
    watch.answered("the metrics", metrics)
    for said in ("keyring status", "config show"):
        done = store.o3(*said.split())
        watch.answered(f"o3 {said}", done.stdout + done.stderr)
    short = watch.secrets["a short account secret"].decode()
    arguments = ("key", "create", "--account", "other", "--access-key", "AKSHORT", "--secret-stdin")
    done = store.o3(*arguments, stdin=f"{short}\n")
    assert done.returncode != 0
    watch.answered("a refusal of a secret", done.stdout + done.stderr)


def kept_secrets(keyring: Path, passphrase: Path) -> Iterator[bytes]:
    content = KeyringStore(SystemDisk(), random.Random(1), keyring, passphrase).read().content
    for key in content.keys.values():
        for version in key.versions.values():
            yield version.secret


def files_of(store: StoreProcess, but: Path) -> Iterator[Path]:
    yield from (path for path in store.data.rglob("*") if path.is_file() and path != but)


@pytest.fixture
def server() -> Iterator[TransitServer]:
    with TransitServer() as running:
        running.made("s3")
        yield running


def test_no_secret_is_shown(new_store: NewStore, server: TransitServer, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    watch = Watch()
    watch.secrets = {
        "a customer's key": secrets.token_bytes(32),
        "a wrong key": secrets.token_bytes(32),
        "a short key": secrets.token_bytes(31),
        "a key that is no base64": secrets.token_hex(16).encode() + b"!",
        "an account secret": ADMIN.secret.encode(),
        "another account secret": OTHER.secret.encode(),
        "a short account secret": f"~{secrets.token_urlsafe(5)[:5]}~".encode(),
        "the passphrase": secrets.token_hex(16).encode(),
        "Vault's token": server.token.encode(),
    }
    passphrase.write_bytes(watch.secrets["the passphrase"] + b"\n")
    settings = {
        "log.level": "DEBUG",
        "encryption.passphrase_file": passphrase,
    }
    # Started as users do: its command line is looked at too.
    store = new_store(settings, anew=True).start()
    store.add_account("other", OTHER)
    with store.endpoint.client() as s3:
        right_calls(s3, watch)
        wrong_calls(s3, watch)
    malformed_calls(store.endpoint, watch)
    presigned_calls(store.endpoint, watch)
    store.stop()
    with_vault(store, server, tmp_path).start()
    with store.endpoint.client() as s3:
        s3.put_object(Bucket="books", Key="v", Body=b"v", ServerSideEncryption="AES256")
        (tmp_path / "token").write_text("none")
        with pytest.raises(ClientError):
            s3.put_object(
                Bucket="books",
                Key="v",
                Body=b"v",
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId="other",
            )
    look_around(store, watch)
    store.stop()
    check_written(store, watch, passphrase, tmp_path)


def check_written(store: StoreProcess, watch: Watch, passphrase: Path, folder: Path) -> None:
    keyring = store.data / "keyring"
    for number, secret in enumerate(kept_secrets(keyring, passphrase)):
        watch.secrets[f"master key {number}"] = secret
    log, access_log = store.log.read_bytes(), (store.data / "logs" / "access.log").read_bytes()
    watch.seen |= {"the log": log, "what it printed": "\n".join(store.lines).encode()}
    assert b" DEBUG " in log and b"call_ended" in log and b'"GetObject"' in access_log
    for text in (log, access_log):
        assert _CONTEXT.encode() not in text
    assert watch.leaks() == []
    # What the OM is to check signatures with is in its state.
    for name in ("an account secret", "another account secret"):
        del watch.secrets[name]
    watch.seen = {str(path): path.read_bytes() for path in files_of(store, keyring)}
    watch.seen["the keyring"] = keyring.read_bytes()
    for service in ("om", "scm"):
        file = folder / service
        assert store.o3("admin", "dump", service, str(file)).returncode == 0
        assert os.stat(file).st_mode & 0o077 == 0
        watch.seen[f"the dump of {service}"] = file.read_bytes()
    assert watch.leaks() == []
