"""Where OIDC providers stand: by account and issuer."""

from typing import Final

from trioxygen.metadata.om.state.schema import OIDC_PROVIDERS
from trioxygen.metadata.store.ports import ReadTxn
from trioxygen.proto.v1.iam_pb2 import OidcProviderRow

# Of an issuer, in characters; and of what is looked for, which may be longer.
_URL_MAX: Final = 255
# Of what is not of https; ARNs name neither, so that there is one of both.
_HTTP: Final = "http://"


def provider_key(account_id: str, url: str) -> bytes:
    place = url.removeprefix(_HTTP)
    return f"{account_id}\0{place[: _URL_MAX + 1]}".encode()


def provider_arn(row: OidcProviderRow) -> str:
    return f"arn:aws:iam::{row.account_id}:oidc-provider/{row.url.removeprefix(_HTTP)}"


def get_provider(txn: ReadTxn, account_id: str, arn: str) -> OidcProviderRow | None:
    start = f"arn:aws:iam::{account_id}:oidc-provider/"
    if not arn.startswith(start):
        return None
    return OIDC_PROVIDERS.get(txn, provider_key(account_id, arn[len(start) :]))
