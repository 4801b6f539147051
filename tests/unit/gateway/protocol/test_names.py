from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.names import (
    CopySource,
    Target,
    check_bucket_name,
    check_key,
    parse_copy_source,
    parse_target,
)

DOMAINS = ("example.com", "s3.example.com")


def accepted(name: str) -> bool:
    try:
        check_bucket_name(name)
    except S3Error as error:
        assert error.code == "InvalidBucketName"
        assert error.details == {"BucketName": name}
        return False
    return True


@pytest.mark.parametrize(
    "name",
    ["abc", "a" * 63, "0ab", "a.b.c", "a-b", "a--b", "1.2.3", "1.2.3.4.5", "1234.1.1.1", "xn-a"],
)
def test_bucket_name_within_the_rules_is_accepted(name: str) -> None:
    assert accepted(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "a", "aa", "a" * 64, "Abc", "a_b", "-abc", "abc-", ".abc", "abc.", "a..b", "a.-b"),
        *("a-.b", "192.168.5.4", "xn--abc", "sthree-a", "amzn-s3-demo-a", "abc-s3alias"),
        *("abc--ol-s3", "abc.mrap", "abc--x-s3", "abc--table-s3", "abc\n", "äbc", "a b", "abc/"),
    ],
)
def test_bucket_name_outside_the_rules_is_refused(name: str) -> None:
    assert not accepted(name)


RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def model_accepts(name: str) -> bool:
    labels = name.split(".")
    alphabet = set("abcdefghijklmnopqrstuvwxyz0123456789-")
    looks_like_ip = len(labels) == 4 and all(
        1 <= len(label) <= 3 and set(label) <= set("0123456789") for label in labels
    )
    return (
        3 <= len(name) <= 63
        and all(label and set(label) <= alphabet for label in labels)
        and all(label[0] != "-" and label[-1] != "-" for label in labels)
        and not looks_like_ip
        and not name.startswith(RESERVED_PREFIXES)
        and not name.endswith(RESERVED_SUFFIXES)
    )


@given(
    st.one_of(
        st.text("ab1-.", max_size=70),
        st.text("12.", max_size=16),
        st.text(max_size=6),
        st.builds("{}{}".format, st.sampled_from(RESERVED_PREFIXES), st.text("ab-", max_size=4)),
        st.builds("{}{}".format, st.text("ab-", max_size=4), st.sampled_from(RESERVED_SUFFIXES)),
    )
)
def test_bucket_name_rules_agree_with_a_plain_model(name: str) -> None:
    assert accepted(name) == model_accepts(name)


def test_key_limit_counts_bytes_of_utf_8() -> None:
    check_key("k" * 1024)
    check_key("é" * 512)
    with pytest.raises(S3Error) as refused:
        check_key("é" * 512 + "k")
    assert refused.value.code == "KeyTooLongError"
    assert refused.value.details == {"Size": "1025", "MaxSizeAllowed": "1024"}


def test_empty_key_is_refused() -> None:
    with pytest.raises(S3Error, match="InvalidArgument"):
        check_key("")


@pytest.mark.parametrize(
    ("raw", "bucket", "key"),
    [
        (b"/", None, None),
        (b"/b", "b", None),
        (b"/b/", "b", None),
        (b"/b/k", "b", "k"),
        (b"/b//k", "b", "/k"),
        (b"/b/../k", "b", "../k"),
        (b"/b/k/", "b", "k/"),
        (b"/b/a+b", "b", "a+b"),
        (b"/b/a%2Fb", "b", "a/b"),
        (b"/b/a%252Fb", "b", "a%2Fb"),
        (b"/b/%F0%9F%98%80", "b", "😀"),
        (b"/b/a%00b", "b", "a\0b"),
    ],
)
def test_path_style_target_is_decoded_once(raw: bytes, bucket: str | None, key: str | None) -> None:
    assert parse_target(raw, "localhost:9878", DOMAINS) == Target(bucket, key)


@pytest.mark.parametrize(
    "raw", [b"", b"*", b"b/k", b"/b/%", b"/b/%zz", b"/b/%FF", b"/%FF", b"/b/\xff"]
)
def test_target_that_is_not_a_path_of_utf_8_is_refused(raw: bytes) -> None:
    with pytest.raises(S3Error, match="InvalidURI"):
        parse_target(raw, None, ())


def test_path_without_a_bucket_before_the_key_is_refused() -> None:
    with pytest.raises(S3Error, match="InvalidBucketName"):
        parse_target(b"//key", None, ())


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.example.com", "b"),
        ("b.c.s3.example.com:9878", "b.c"),
        ("B.S3.Example.com", "b"),
        ("b.s3.example.com.", "b"),
        ("other.example.com", "other"),
    ],
)
def test_virtual_host_names_the_bucket_and_the_path_is_the_key(host: str, bucket: str) -> None:
    assert parse_target(b"/", host, DOMAINS) == Target(bucket, None, is_bucket_in_host=True)
    assert parse_target(b"/a/b%20c", host, DOMAINS) == Target(
        bucket, "a/b c", is_bucket_in_host=True
    )
    assert parse_target(b"//", host, DOMAINS) == Target(bucket, "/", is_bucket_in_host=True)


@pytest.mark.parametrize(
    "host", ["s3.example.com", "s3.example.com:443", "xs3-example.com", "127.0.0.1", "[::1]:80", ""]
)
def test_host_that_is_no_subdomain_is_path_style(host: str) -> None:
    assert parse_target(b"/a/b", host, DOMAINS) == Target("a", "b")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))
def test_any_key_round_trips_through_its_encoded_path(key: str) -> None:
    assert parse_target(b"/b/" + quote(key, safe="/").encode(), None, ()) == Target("b", key)
    assert parse_copy_source("bkt/" + quote(key)) == CopySource("bkt", key, None)


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ("/bkt/k", CopySource("bkt", "k", None)),
        ("bkt/k?versionId=v1", CopySource("bkt", "k", "v1")),
        ("bkt/a+b%2Bc%3Fd", CopySource("bkt", "a+b+c?d", None)),
        ("bkt%2Fa%2Fc", CopySource("bkt", "a/c", None)),
        ("%2Fbkt%2Fa", CopySource("bkt", "a", None)),
        ("%2Fbkt/a", CopySource("bkt", "a", None)),
        ("bkt//k", CopySource("bkt", "/k", None)),
        ("bkt/\xc3\xa9", CopySource("bkt", "é", None)),
    ],
)
def test_copy_source_is_decoded(value: str, source: CopySource) -> None:
    assert parse_copy_source(value) == source


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("bkt/%", "Invalid copy source encoding"),
        ("bkt/%zz", "Invalid copy source encoding"),
        ("%FF/k", "Invalid copy source encoding"),
        ("bkt/k?versionId=%FF", "Invalid copy source encoding"),
        ("bkt/\xff", "Invalid copy source encoding"),
        *((value, "Invalid copy source bucket name") for value in ("", "/", "//k", "No_Bucket/k")),
        *((value, "Invalid copy source object key") for value in ("bkt", "/bkt", "bkt/")),
        ("/bkt/k?versionId=", "Version id cannot be the empty string"),
        ("b/k", "Invalid copy source bucket name"),
        ("b%00t/k", "Invalid copy source bucket name"),
        ("../k", "Invalid copy source bucket name"),
    ],
)
def test_copy_source_that_names_nothing_is_an_invalid_argument(value: str, message: str) -> None:
    with pytest.raises(S3Error) as refused:
        parse_copy_source(value)
    assert (refused.value.code, refused.value.message) == ("InvalidArgument", message)
    assert refused.value.details["ArgumentValue"] == value


def test_host_without_a_name_before_the_domain_is_no_bucket() -> None:
    with pytest.raises(S3Error, match="InvalidBucketName"):
        parse_target(b"/k", ".s3.example.com", DOMAINS)


def test_copy_source_of_an_access_point_is_not_implemented() -> None:
    with pytest.raises(S3Error, match="NotImplemented"):
        parse_copy_source("arn:aws:s3:eu-west-1:1:accesspoint/a/object/k")
