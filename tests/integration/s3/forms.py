"""POST forms: signed as boto3 does it, or as a test wants it, and sent as browsers do."""

import base64
import datetime
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from tests.integration.endpoint import REGION, Endpoint, Keys
from tests.integration.s3.wire import Answer, Request, connection, signing_key

BOUNDARY: Final = "----WebKitFormBoundaryo3"
Fields = Iterable[tuple[str, str]]


def encoded(fields: Fields, file: bytes | None, file_name: str = "f.txt") -> bytes:
    """Of a form that ends with the file; None: it has none."""
    body = b""
    for name, value in fields:
        body += _head(f'name="{name}"') + value.encode() + b"\r\n"
    if file is not None:
        named = f'name="file"; filename="{file_name}"'
        body += _head(named, "\r\nContent-Type: text/of-the-part") + file + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def _head(named: str, more: str = "") -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {named}{more}\r\n\r\n".encode()


def form_request(bucket: str, body: bytes, **fields: str) -> Request:
    sent = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(body)),
    }
    return Request("POST", f"/{bucket}", body=body, fields={**sent, **fields})


def post(
    endpoint: Endpoint,
    bucket: str,
    fields: Fields | Mapping[str, str],
    file: bytes | None = b"body",
    **more: Any,
) -> Answer:
    pairs = cast(Fields, fields.items() if isinstance(fields, Mapping) else fields)
    return post_body(endpoint, bucket, encoded(pairs, file, **more))


def post_body(endpoint: Endpoint, bucket: str, body: bytes, **fields: str) -> Answer:
    """Sends it as it is."""
    request = form_request(bucket, body, **fields)
    with connection(endpoint) as wire:
        wire.send(request.bytes(request.fields, endpoint.host))
        return wire.answer()


def moment(seconds: float = 0) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)


def policy_of(
    bucket: str,
    fields: Mapping[str, str],
    conditions: Iterable[Any] = (),
    *,
    expires_seconds: float = 600,
) -> str:
    """One that lets just these fields pass, and what else there is to be said."""
    document = {
        "expiration": moment(expires_seconds).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "conditions": [
            {"bucket": bucket},
            *({name: value} for name, value in fields.items()),
            *conditions,
        ],
    }
    return base64.b64encode(json.dumps(document).encode()).decode()


def signed(
    bucket: str,
    fields: Mapping[str, str],
    conditions: Iterable[Any] = (),
    *,
    keys: Keys,
    policy: str | None = None,
    **more: Any,
) -> dict[str, str]:
    """The form's fields, with a policy that lets them pass and Signature Version 4 of it.

    Args:
        policy: to be signed as it is, in place of that one."""
    now = moment().strftime("%Y%m%dT%H%M%SZ")
    own = {
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{keys.access}/{now[:8]}/{REGION}/s3/aws4_request",
        "x-amz-date": now,
        **_token(keys),
    }
    text = policy_of(bucket, {**fields, **own}, conditions, **more) if policy is None else policy
    signature = hmac.new(signing_key(keys, now), text.encode(), "sha256").hexdigest()
    return {**fields, **own, "policy": text, "x-amz-signature": signature}


def signed_v2(
    bucket: str,
    fields: Mapping[str, str],
    conditions: Iterable[Any] = (),
    *,
    keys: Keys,
    **more: Any,
) -> dict[str, str]:
    """The same in Version 2."""
    text = policy_of(bucket, {**fields, **_token(keys)}, conditions, **more)
    digest = hmac.digest(keys.secret.encode(), text.encode(), hashlib.sha1)
    return {
        **fields,
        **_token(keys),
        "AWSAccessKeyId": keys.access,
        "policy": text,
        "signature": base64.b64encode(digest).decode(),
    }


def _token(keys: Keys) -> dict[str, str]:
    return {} if keys.token is None else {"x-amz-security-token": keys.token}
