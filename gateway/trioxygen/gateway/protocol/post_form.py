"""What the fields of a POST form say: of the object, as headers of a PUT would, and of the answer.

Source: S3 API, POST Object, "Form Fields"; S3 user guide, "HTML form fields".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import punctuation
from typing import Final
from urllib.parse import quote, urlencode

from trioxygen.gateway.protocol.errors import S3Error, invalid_argument
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.headers import META_PREFIX
from trioxygen.gateway.protocol.xml.document import DECLARATION, element
from trioxygen.gateway.protocol.xml.tags import TAGGING_HEADER, check_object_tags, read_tags

KEY: Final = "key"
POLICY: Final = "policy"

_FILE_NAME: Final = "${filename}"
_TOKEN: Final = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_URL: Final = re.compile(r"https?://[!-~]+")
_STATUSES: Final = {"200": 200, "201": 201}
_NO_CONTENT: Final = 204

_TAGGING: Final = "tagging"
_AMAZON: Final = "x-amz-"
# Of the object, under the names of their headers.
_CONTENT: Final = frozenset(
    "cache-control content-disposition content-encoding content-language content-md5 content-type"
    " expires".split()
)
# Of the signature, and of how a body travels that is no form.
_OF_THE_REQUEST: Final = frozenset(
    "x-amz-algorithm x-amz-content-sha256 x-amz-copy-source x-amz-credential x-amz-date"
    " x-amz-decoded-content-length x-amz-security-token x-amz-signature x-amz-trailer".split()
)
# Header fields of the request that say something of the request itself, and nothing of the object.
_KEPT_AMAZON: Final = frozenset((b"x-amz-expected-bucket-owner", b"x-amz-request-payer"))
_NOT_KEPT: Final = frozenset(
    (b"authorization", b"cache-control", b"date", b"expires", b"range", b"transfer-encoding")
)
# A signature's fields are what was signed: nothing in them stands for something else.
_LITERAL: Final = _OF_THE_REQUEST | {POLICY, "signature", "awsaccesskeyid"}


@dataclass(frozen=True, slots=True)
class PostForm:
    """Attributes:
    fields: by name in lower case, with the file's name where they ask for it.
    """

    fields: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.fields[KEY]

    def value(self, name: str) -> str | None:
        return self.fields.get(name)


def missing_field(name: str) -> S3Error:
    return invalid_argument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the"
        " order of the fields.",
        name,
        "",
    )


def read_form(fields: Iterable[tuple[str, str]], file_name: str) -> PostForm:
    """Of several fields of a name the last one counts; those of metadata are joined.

    Args:
        file_name: with or without a path, as browsers send it; "": the form does not say.
    Raises: InvalidArgument: there is no key.
    """
    base_name = re.split(r"[/\\]", file_name)[-1]
    read: dict[str, str] = {}
    for name, value in fields:
        if name not in _LITERAL:
            value = value.replace(_FILE_NAME, base_name)
        if name in read and name.startswith(META_PREFIX):
            value = f"{read[name]},{value}"
        read[name] = value
    if not read.get(KEY):
        raise missing_field(KEY)
    return PostForm(read)


def as_put(head: RequestHead, form: PostForm) -> RequestHead:
    """The request as one that puts the file, with the form's fields as headers. Header fields of
    the request itself say nothing of the object.

    Raises: InvalidArgument: a field that no header's name is; S3Errors of the tags."""
    kept = [field for field in head.headers if _is_kept(field[0])]
    kept += [
        (name.encode(), value.strip(" \t").encode()) for name, value in _headers_of(form.fields)
    ]
    return RequestHead(head.method, head.raw_path, head.raw_query, kept)


def _is_kept(name: bytes) -> bool:
    if name.startswith(b"x-amz-"):
        return name in _KEPT_AMAZON
    return not name.startswith(b"content-") and name not in _NOT_KEPT


def _headers_of(fields: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    for name, value in fields.items():
        if name == "acl":
            yield "x-amz-acl", value
        elif name == _TAGGING:
            tags = read_tags(value.encode())
            check_object_tags(tags)
            yield TAGGING_HEADER, urlencode(tags)
        elif name in _CONTENT:
            yield name, value
        elif name.startswith(_AMAZON) and name not in _OF_THE_REQUEST:
            if _TOKEN.fullmatch(name) is None:
                raise invalid_argument(
                    "The name of a field that stands for a header holds a character that no"
                    " header's name has.",
                    name,
                    value,
                )
            yield name, value


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """Of a form whose file is stored. Attributes: location: of a redirect, or of the object."""

    status: int
    location: str
    document: bytes


def answer_of(form: PostForm, *, bucket: str, etag: str, location: str) -> FormAnswer:
    """Args:
    etag: without quotes.
    location: URL of the object.
    """
    wanted = form.value("success_action_redirect") or form.value("redirect")
    redirect = _redirect(wanted or "", {"bucket": bucket, "key": form.key, "etag": f'"{etag}"'})
    if redirect is not None:
        return FormAnswer(303, redirect, b"")
    status = _STATUSES.get(form.value("success_action_status") or "", _NO_CONTENT)
    document = b""
    if status == 201:
        document = _post_response(location=location, bucket=bucket, key=form.key, etag=etag)
    return FormAnswer(status, location, document)


def _redirect(url: str, added: Mapping[str, str]) -> str | None:
    """None: it is no URL, which S3 takes as if it was not there."""
    url = quote(url, safe=punctuation)
    if _URL.fullmatch(url) is None:
        return None
    url, hash_sign, fragment = url.partition("#")
    joined = "&" if "?" in url else "?"
    return f"{url}{joined}{urlencode(added, quote_via=quote, safe='')}{hash_sign}{fragment}"


def _post_response(*, location: str, bucket: str, key: str, etag: str) -> bytes:
    content: Sequence[str] = (
        element("Location", location),
        element("Bucket", bucket),
        element("Key", key),
        element("ETag", f'"{etag}"'),
    )
    return f"{DECLARATION}<PostResponse>{''.join(content)}</PostResponse>".encode()
