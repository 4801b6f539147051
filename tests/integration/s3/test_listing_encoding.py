"""encoding-type=url, as a client uses it that decodes every field as Java does (URLDecoder)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_plus
from xml.etree import ElementTree

import pytest

from tests.integration.endpoint import Endpoint
from tests.integration.s3.uploads import Upload
from tests.integration.s3.wire import Request, path_of, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_XMLNS = "{http://s3.amazonaws.com/doc/2006-03-01/}"
PREFIXES = [
    "a+b/",
    "50%/",
    "with blank/",
    "%41/",
    "ü😀/",
    "&<>\"'/",
    "\n\t/",
    "\x01/",
    "~*(1)/",
    "",
]
NAMES = ["1", "2 b", "3+c", "4%20", "5\x02", "6/x y/z", "6/x y/zz", "7ö", "~", "~/+/1"]


@dataclass(frozen=True)
class Listing:
    """One of the listings. Attributes:
    row: element of an entry.
    markers: query parameter -> the element that says where it goes on."""

    query: str
    row: str
    markers: dict[str, str]
    size: str = "max-keys"


LISTINGS = {
    "v1": Listing("", "Contents", {"marker": "NextMarker"}),
    "v2": Listing("list-type=2", "Contents", {"continuation-token": "NextContinuationToken"}),
    "versions": Listing(
        "versions=",
        "Version",
        {"key-marker": "NextKeyMarker", "version-id-marker": "NextVersionIdMarker"},
    ),
    "uploads": Listing(
        "uploads=",
        "Upload",
        {"key-marker": "NextKeyMarker", "upload-id-marker": "NextUploadIdMarker"},
        size="max-uploads",
    ),
}
_OPAQUE = {"continuation-token", "version-id-marker", "upload-id-marker"}


@pytest.fixture(scope="module")
def filled(endpoint: Endpoint, s3: "S3Client", shared_bucket: str) -> Iterator[str]:
    """Every prefix with every name, as objects and as uploads under way."""
    uploads = []
    for key in (prefix + name for prefix in PREFIXES for name in NAMES):
        s3.put_object(Bucket=shared_bucket, Key=key)
        # The answer names the key, which is not always something that XML can carry.
        begun = send(endpoint, Request("POST", path_of(shared_bucket, key), "uploads="))
        [upload_id] = re.findall(b"<UploadId>(.*)</UploadId>", begun.body)
        uploads.append(Upload(s3, shared_bucket, key, upload_id.decode()))
    yield shared_bucket
    for upload in uploads:
        upload.abort()


def get(endpoint: Endpoint, bucket: str, query: str, asked: dict[str, str]) -> ElementTree.Element:
    parts = [query] if query else []
    parts += [f"{name}={quote(value, safe='')}" for name, value in asked.items()]
    answer = send(endpoint, Request("GET", f"/{bucket}", "&".join(sorted(parts))))
    assert answer.status == 200, answer.body
    return ElementTree.fromstring(answer.body)


def text(node: ElementTree.Element, path: str) -> str:
    actual = node.find("/".join(_XMLNS + name for name in path.split("/")))
    return "" if actual is None else actual.text or ""


def pages(
    endpoint: Endpoint, bucket: str, listing: Listing, prefix: str, delimiter: str
) -> tuple[list[str], list[str]]:
    """Keys and common prefixes of all pages. What a page echoes is what the next one is asked."""
    keys: list[str] = []
    common: list[str] = []
    asked = {"encoding-type": "url", listing.size: "3"}
    asked |= {"prefix": prefix, "delimiter": delimiter}
    for _ in range(1_000):
        page = get(endpoint, bucket, listing.query, asked)
        assert text(page, "EncodingType") == "url"
        for name in ("Prefix", "Delimiter"):
            echoed = unquote_plus(text(page, name), errors="strict")
            assert echoed == asked[name.lower()]
            asked[name.lower()] = echoed
        actual = page.iter(_XMLNS + listing.row)
        keys += [unquote_plus(text(node, "Key"), errors="strict") for node in actual]
        prefixes = page.iter(_XMLNS + "CommonPrefixes")
        common += [unquote_plus(text(node, "Prefix"), errors="strict") for node in prefixes]
        if text(page, "IsTruncated") != "true":
            return keys, common
        for parameter, element in listing.markers.items():
            value = text(page, element)
            asked[parameter] = value if parameter in _OPAQUE else unquote_plus(value)
        if listing.query == "" and not asked["marker"]:
            # Without a delimiter ListObjects names no marker: the last key is it.
            asked["marker"] = keys[-1]
    raise AssertionError("the pages do not end")


def expected(prefix: str, delimiter: str) -> tuple[list[str], list[str]]:
    every = sorted({p + n for p in PREFIXES for n in NAMES}, key=lambda key: key.encode())
    keys, common = [], []
    for key in every:
        if not key.startswith(prefix):
            continue
        head, actual, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        if not actual:
            keys.append(key)
        elif prefix + head + actual not in common:
            common.append(prefix + head + actual)
    return keys, common


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("delimiter", ["", "/", " ", "+", "%2", "\x02"])
@pytest.mark.parametrize("name", LISTINGS)
def test_client_that_decodes_every_field_pages_through(
    endpoint: Endpoint, filled: str, name: str, delimiter: str, prefix: str
) -> None:
    if not prefix and not delimiter:
        delimiter = "/"
    actual = pages(endpoint, filled, LISTINGS[name], prefix, delimiter)
    assert actual == expected(prefix, delimiter)


@pytest.mark.parametrize("name", LISTINGS)
def test_every_name_is_written_as_s3_writes_it(endpoint: Endpoint, filled: str, name: str) -> None:
    listing = LISTINGS[name]
    asked = {"encoding-type": "url", "prefix": "~*(1)/", "delimiter": " b", listing.size: "1"}
    marker = {"v1": "marker", "v2": "start-after"}.get(name, "key-marker")
    page = get(endpoint, filled, listing.query, asked | {marker: "~*(1)/1 +"})
    assert text(page, "Prefix") == "%7E*%281%29/" and text(page, "Delimiter") == "+b"
    echoed = {"marker": "Marker", "start-after": "StartAfter", "key-marker": "KeyMarker"}[marker]
    assert text(page, echoed) == "%7E*%281%29/1+%2B"
    assert text(page, "CommonPrefixes/Prefix") == "%7E*%281%29/2+b"
    following = {"v1": "NextMarker", "v2": ""}.get(name, "NextKeyMarker")
    if following:
        assert text(page, following) == "%7E*%281%29/2+b"
    page = get(endpoint, filled, listing.query, asked | {marker: "~*(1)/2 b"})
    assert text(page, f"{listing.row}/Key") == "%7E*%281%29/3%2Bc"


def test_names_stay_as_they_are_when_nobody_asks(endpoint: Endpoint, filled: str) -> None:
    for listing in LISTINGS.values():
        asked = {"prefix": "a+b/", "delimiter": " b"}
        page = get(endpoint, filled, listing.query, {**asked, listing.size: "2"})
        assert text(page, "Prefix") == "a+b/" and text(page, "Delimiter") == " b"
        assert text(page, "CommonPrefixes/Prefix") == "a+b/2 b"
        assert page.find(_XMLNS + "EncodingType") is None
