from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from botocore.handlers import (
    decode_list_object,
    decode_list_object_v2,
    decode_list_object_versions,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.gateway.s3.as_client import Client
from trioxygen.common.checksum import Algorithm, ChecksumType
from trioxygen.gateway.protocol.xml.document import Owner
from trioxygen.gateway.protocol.xml.listing import (
    ListedBucket,
    ListingHead,
    list_buckets,
    list_objects_v1,
    list_objects_v2,
    list_versions,
)
from trioxygen.gateway.store.values.keys import ListedKey, ListedVersion

OWNER = Owner("id&1", "name <1>")
MODIFIED_MS = 784_111_777_250
MODIFIED = datetime.fromtimestamp(MODIFIED_MS // 1000, UTC)
AUTOMATIC = {"encoding_type_auto_set": True}


def listing_head(**changes: Any) -> ListingHead:
    given: dict[str, Any] = {
        "bucket": "b",
        "prefix": "",
        "delimiter": "",
        "max_keys": 1000,
        "is_truncated": False,
    }
    return ListingHead(**(given | changes))


def listed(key: str, **changes: Any) -> ListedKey:
    return ListedKey(key=key, modified_ms=MODIFIED_MS, etag="e", size_bytes=7, **changes)


def test_buckets_are_seen_by_an_aws_client(client: Client) -> None:
    body = list_buckets(
        owner=OWNER,
        buckets=[
            ListedBucket(name="a", created_ms=MODIFIED_MS, region="eu-west-1"),
            ListedBucket(name="b", created_ms=MODIFIED_MS),
        ],
        prefix="p",
        continuation_token="t",
    )
    assert client.parsed("ListBuckets", body) == {
        "Owner": {"ID": "id&1", "DisplayName": "name <1>"},
        "Buckets": [
            {"Name": "a", "CreationDate": MODIFIED, "BucketRegion": "eu-west-1"},
            {"Name": "b", "CreationDate": MODIFIED},
        ],
        "ContinuationToken": "t",
        "Prefix": "p",
    }
    assert client.parsed("ListBuckets", list_buckets(owner=OWNER, buckets=[]))["Buckets"] == []


def test_page_of_version_1_is_seen_by_an_aws_client(client: Client) -> None:
    body = list_objects_v1(
        listing_head(prefix="p<", delimiter="/", max_keys=2, is_truncated=True, owner=OWNER),
        marker="m&",
        next_marker="n&",
        objects=[
            listed("a<b"),
            listed(
                "c",
                storage_class="GLACIER_IR",
                checksum_algorithm=Algorithm.CRC32,
                checksum_type=ChecksumType.FULL_OBJECT,
            ),
        ],
        common_prefixes=["d&/"],
    )
    common = {
        "LastModified": MODIFIED,
        "ETag": '"e"',
        "Size": 7,
        "Owner": {"ID": "id&1", "DisplayName": "name <1>"},
    }
    assert client.parsed("ListObjects", body) == {
        "Name": "b",
        "Prefix": "p<",
        "Marker": "m&",
        "NextMarker": "n&",
        "Delimiter": "/",
        "MaxKeys": 2,
        "IsTruncated": True,
        "Contents": [
            {**common, "Key": "a<b", "StorageClass": "STANDARD"},
            {
                **common,
                "Key": "c",
                "StorageClass": "GLACIER_IR",
                "ChecksumAlgorithm": ["CRC32"],
                "ChecksumType": "FULL_OBJECT",
            },
        ],
        "CommonPrefixes": [{"Prefix": "d&/"}],
    }


def test_neighbours_keep_their_own_checksums(client: Client) -> None:
    sha1, full = Algorithm.SHA1, ChecksumType.FULL_OBJECT
    objects = [
        listed("1", checksum_algorithm=sha1, checksum_type=full),
        listed("2", checksum_algorithm=sha1),
        listed("3"),
        listed("4", checksum_algorithm=sha1, checksum_type=full),
    ]
    body = list_objects_v1(
        listing_head(), marker="", next_marker=None, objects=objects, common_prefixes=[]
    )
    seen = [
        (row.get("ChecksumAlgorithm", [None])[0], row.get("ChecksumType"))
        for row in client.parsed("ListObjects", body)["Contents"]
    ]
    assert seen == [
        ("SHA1", "FULL_OBJECT"),
        ("SHA1", None),
        (None, None),
        ("SHA1", "FULL_OBJECT"),
    ]


def test_page_of_version_2_counts_keys_and_prefixes(client: Client) -> None:
    body = list_objects_v2(
        listing_head(is_truncated=True),
        start_after="s",
        continuation_token="t+/=",
        next_continuation_token="u&",
        objects=[listed("a")],
        common_prefixes=["b/"],
    )
    actual = client.parsed("ListObjectsV2", body)
    assert actual["KeyCount"] == 2 and "Owner" not in actual["Contents"][0]
    assert actual["StartAfter"] == "s"
    assert (actual["ContinuationToken"], actual["NextContinuationToken"]) == ("t+/=", "u&")
    assert actual["Prefix"] == "" and "Delimiter" not in actual


def test_empty_page_has_no_contents(client: Client) -> None:
    body = list_objects_v2(
        listing_head(),
        start_after=None,
        continuation_token=None,
        next_continuation_token=None,
        objects=[],
        common_prefixes=[],
    )
    assert client.parsed("ListObjectsV2", body) == {
        "Name": "b",
        "Prefix": "",
        "MaxKeys": 1000,
        "KeyCount": 0,
        "IsTruncated": False,
    }


KEYS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@settings(max_examples=30, deadline=None)
@given(keys=st.lists(KEYS, min_size=1, max_size=4), prefix=KEYS, delimiter=KEYS, marker=KEYS)
def test_url_encoded_pages_give_a_client_every_name_back(
    client: Client, keys: list[str], prefix: str, delimiter: str, marker: str
) -> None:
    page = listing_head(prefix=prefix, delimiter=delimiter, encoding_type="url")
    objects = [listed(key) for key in keys]

    first = client.parsed(
        "ListObjects",
        list_objects_v1(
            page, marker=marker, next_marker=keys[0], objects=objects, common_prefixes=keys
        ),
    )
    decode_list_object(first, AUTOMATIC)
    assert (first["Marker"], first["NextMarker"]) == (marker, keys[0])

    second = client.parsed(
        "ListObjectsV2",
        list_objects_v2(
            page,
            start_after=marker,
            continuation_token=None,
            next_continuation_token=None,
            objects=objects,
            common_prefixes=keys,
        ),
    )
    decode_list_object_v2(second, AUTOMATIC)
    assert second["StartAfter"] == marker

    third = client.parsed(
        "ListObjectVersions",
        list_versions(
            page,
            key_marker=marker,
            version_id_marker="",
            next_key_marker=keys[0],
            next_version_id_marker="null",
            entries=[ListedVersion(o, 0, is_latest=True, is_marker=False) for o in objects],
            common_prefixes=keys,
        ),
    )
    decode_list_object_versions(third, AUTOMATIC)
    assert (third["KeyMarker"], third["NextKeyMarker"]) == (marker, keys[0])

    for actual, rows in ((first, "Contents"), (second, "Contents"), (third, "Versions")):
        assert [row["Key"] for row in actual[rows]] == keys
        assert [row["Prefix"] for row in actual["CommonPrefixes"]] == keys
        assert actual["Delimiter"] == delimiter
    # botocore decodes them all but the first; Java's client that one too.
    prefixes = (unquote_plus(first["Prefix"]), second["Prefix"], third["Prefix"])
    assert prefixes == (prefix, prefix, prefix)


def test_versions_and_delete_markers_are_seen_by_an_aws_client(client: Client) -> None:
    body = list_versions(
        listing_head(is_truncated=True, owner=OWNER),
        key_marker="k",
        version_id_marker="v",
        next_key_marker="n",
        next_version_id_marker="w",
        entries=[
            ListedVersion(listed("a<"), 2, is_latest=True, is_marker=True),
            ListedVersion(listed("a<"), 0, is_latest=False, is_marker=False),
        ],
        common_prefixes=[],
    )
    actual = client.parsed("ListObjectVersions", body)
    owner = {"ID": "id&1", "DisplayName": "name <1>"}
    assert actual["Versions"] == [
        {
            "Key": "a<",
            "VersionId": "null",
            "IsLatest": False,
            "LastModified": MODIFIED,
            "ETag": '"e"',
            "Size": 7,
            "StorageClass": "STANDARD",
            "Owner": owner,
        }
    ]
    assert actual["DeleteMarkers"] == [
        {
            "Key": "a<",
            "VersionId": "0000000000000002",
            "IsLatest": True,
            "LastModified": MODIFIED,
            "Owner": owner,
        }
    ]
    assert (actual["KeyMarker"], actual["VersionIdMarker"]) == ("k", "v")
    assert (actual["NextKeyMarker"], actual["NextVersionIdMarker"]) == ("n", "w")
    assert body.index(b"<DeleteMarker>") < body.index(b"<Version>")


def test_objects_of_other_accounts_are_shown_as_theirs(client: Client) -> None:
    others = {"2": Owner("id2")}
    head = listing_head(owner=OWNER, others=others)
    rows = [listed("a"), listed("b", account_id="2"), listed("c", account_id="1")]
    body = list_objects_v1(head, marker="", next_marker=None, objects=rows, common_prefixes=[])
    shown = [row["Owner"]["ID"] for row in client.parsed("ListObjects", body)["Contents"]]
    assert shown == ["id&1", "id2", "id&1"]
    versions = [
        ListedVersion(row, 1, is_latest=True, is_marker=is_marker)
        for row in rows
        for is_marker in (False, True)
    ]
    body = list_versions(
        head,
        key_marker="",
        version_id_marker="",
        next_key_marker=None,
        next_version_id_marker=None,
        entries=versions,
        common_prefixes=[],
    )
    parsed = client.parsed("ListObjectVersions", body)
    for kind in ("Versions", "DeleteMarkers"):
        assert [row["Owner"]["ID"] for row in parsed[kind]] == shown, kind


def test_other_dialects_write_a_blank_as_a_path_does_and_no_prefix_of_version_1() -> None:
    page: dict[str, Any] = {
        "objects": [listed("quux ab"), listed("asdf+b")],
        "common_prefixes": ["c d/"],
    }
    changes = {"prefix": "a b", "delimiter": "/", "encoding_type": "url"}
    as_form = listing_head(**changes)
    as_path = listing_head(**changes, encodes_as_form=False)
    first, second = (
        list_objects_v1(head, marker="m n", next_marker=None, **page).decode()
        for head in (as_form, as_path)
    )
    for text in ("<Key>quux+ab</Key>", "<Prefix>c+d/</Prefix>", "<Marker>m+n</Marker>"):
        assert text in first and text.replace("+", "%20") in second
    assert "<Key>asdf%2Bb</Key>" in first and "<Key>asdf%2Bb</Key>" in second
    assert "<Prefix>a+b</Prefix>" in first and "<Prefix>a b</Prefix>" in second
    paging: dict[str, Any] = dict.fromkeys(
        ("start_after", "continuation_token", "next_continuation_token")
    )
    assert b"<Prefix>a%20b</Prefix>" in list_objects_v2(as_path, **paging, **page)
