"""What a form's fields mean: of the object, and of the answer."""

from typing import Final

import pytest

from trioxygen.gateway.protocol.errors import S3Error
from trioxygen.gateway.protocol.head import RequestHead
from trioxygen.gateway.protocol.post_form import PostForm, answer_of, as_put, read_form

SENT: Final = RequestHead(
    "POST",
    b"/b",
    b"x=1",
    [
        (b"host", b"h:1"),
        (b"origin", b"https://o"),
        (b"content-type", b"multipart/form-data; boundary=b"),
        (b"content-length", b"9"),
        (b"cache-control", b"max-age=0"),
        (b"x-amz-meta-of-the-request", b"1"),
        (b"x-amz-expected-bucket-owner", b"111111111111"),
    ],
)


def head_of(**fields: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    head = as_put(SENT, PostForm(named))
    assert (head.method, head.raw_path, head.raw_query) == ("POST", b"/b", b"x=1")
    return {name.decode(): value.decode() for name, value in head.headers}


REQUESTS_OWN: Final = {
    "host": "h:1",
    "origin": "https://o",
    "x-amz-expected-bucket-owner": "111111111111",
}


def test_fields_are_headers_and_headers_of_the_request_are_not_the_objects() -> None:
    assert head_of(key="k", policy="p", file="f", submit="s", x_ignore_a="1") == REQUESTS_OWN
    fields = {
        "cache_control": "no-cache",
        "content_type": " a/b ",
        "content_disposition": 'attachment; filename="ü"',
        "content_encoding": "gzip",
        "expires": "never",
        "content_md5": "m",
        "x_amz_meta_a": "1",
        "x_amz_storage_class": "STANDARD_IA",
        "x_amz_server_side_encryption": "AES256",
        "x_amz_checksum_crc32": "c",
        "x_amz_object_lock_mode": "GOVERNANCE",
        "x_amz_website_redirect_location": "/r",
    }
    expected = {name.replace("_", "-"): value.strip() for name, value in fields.items()}
    assert head_of(**fields) == REQUESTS_OWN | expected


def test_fields_of_the_signature_and_of_other_requests_are_no_headers() -> None:
    names = (
        "x-amz-algorithm x-amz-credential x-amz-date x-amz-signature x-amz-security-token"
        " x-amz-content-sha256 x-amz-trailer x-amz-decoded-content-length x-amz-copy-source"
        " content-range if-match range"
    )
    assert head_of(**dict.fromkeys(names.split(), "1")) == REQUESTS_OWN


def test_acl_and_tags_have_names_of_their_own() -> None:
    tagging = (
        "<Tagging><TagSet><Tag><Key>a b</Key><Value>ü=&amp;</Value></Tag>"
        "<Tag><Key>c</Key><Value/></Tag></TagSet></Tagging>"
    )
    with pytest.raises(S3Error) as refused:
        head_of(tagging=tagging)
    assert refused.value.code == "InvalidTag"
    headers = head_of(acl="private", tagging=tagging.replace("&amp;", "/"))
    assert headers["x-amz-acl"] == "private"
    assert headers["x-amz-tagging"] == "a+b=%C3%BC%3D%2F&c="
    for bad, code in (("a=b", "MalformedXML"), ("", "MissingRequestBodyError")):
        with pytest.raises(S3Error) as refused:
            head_of(tagging=bad)
        assert refused.value.code == code


def test_field_that_no_header_is_called() -> None:
    with pytest.raises(S3Error) as refused:
        as_put(SENT, PostForm({"x-amz-meta-a b": "1"}))
    assert refused.value.code == "InvalidArgument"
    assert refused.value.details["ArgumentName"] == "x-amz-meta-a b"


@pytest.mark.parametrize(
    ("file_name", "base"),
    [
        ("a.txt", "a.txt"),
        ("", ""),
        ("C:\\Program Files\\directory1\\file.txt", "file.txt"),
        ("/home/a/ü.txt", "ü.txt"),
        ("a/", ""),
        ("${filename}", "${filename}"),
    ],
)
def test_file_name_stands_where_fields_ask_for_it(file_name: str, base: str) -> None:
    fields = [
        ("key", "u/${filename}"),
        ("x-amz-meta-name", "${filename}-${filename}"),
        ("success_action_redirect", "http://a/${filename}"),
        ("policy", "${filename}"),
        ("x-amz-credential", "${filename}"),
    ]
    form = read_form(fields, file_name)
    assert form.fields == {
        "key": f"u/{base}",
        "x-amz-meta-name": f"{base}-{base}",
        "success_action_redirect": f"http://a/{base}",
        "policy": "${filename}",
        "x-amz-credential": "${filename}",
    }


def test_metadata_is_joined_and_of_other_fields_the_last_one_counts() -> None:
    fields = [("x-amz-meta-a", "1"), ("x-amz-meta-a", "2"), ("key", "a"), ("key", "b")]
    assert read_form(fields, "").fields == {"x-amz-meta-a": "1,2", "key": "b"}


@pytest.mark.parametrize("fields", [[], [("key", "")], [("key", "${filename}")]])
def test_form_without_a_key(fields: list[tuple[str, str]]) -> None:
    with pytest.raises(S3Error) as refused:
        read_form(fields, "")
    assert refused.value.details == {"ArgumentName": "key", "ArgumentValue": ""}


def answer(**fields: str) -> tuple[int, str, bytes]:
    form = PostForm({"key": "a b", **fields})
    shown = answer_of(form, bucket="b", etag="e", location="http://h/b/a%20b")
    return shown.status, shown.location, shown.document


DOCUMENT: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<PostResponse><Location>http://h/b/a%20b</Location><Bucket>b</Bucket><Key>a b</Key>"
    b"<ETag>&quot;e&quot;</ETag></PostResponse>"
)
TOLD: Final = "bucket=b&key=a%20b&etag=%22e%22"


@pytest.mark.parametrize(
    ("status", "shown", "document"),
    [
        ("200", 200, b""),
        ("201", 201, DOCUMENT),
        ("204", 204, b""),
        ("404", 204, b""),
        ("", 204, b""),
    ],
)
def test_status_that_a_form_asks_for(status: str, shown: int, document: bytes) -> None:
    expected = (shown, "http://h/b/a%20b", document)
    assert answer(success_action_status=status) == expected
    assert status or answer() == expected


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://a", f"http://a?{TOLD}"),
        ("https://a/b?c=d", f"https://a/b?c=d&{TOLD}"),
        ("http://a/b#c", f"http://a/b?{TOLD}#c"),
        ("http://a/ü b?%20", f"http://a/%C3%BC%20b?%20&{TOLD}"),
        ("http://a/\r\nset-cookie: a", f"http://a/%0D%0Aset-cookie:%20a?{TOLD}"),
    ],
)
def test_redirect(url: str, location: str) -> None:
    for name in ("success_action_redirect", "redirect"):
        assert answer(**{name: url, "success_action_status": "201"}) == (303, location, b"")


@pytest.mark.parametrize("url", ["", "here", "//a/b", "javascript:alert(1)", "http://", "ftp://a"])
def test_redirect_to_what_is_no_url_is_none(url: str) -> None:
    assert answer(success_action_redirect=url)[0] == 204
