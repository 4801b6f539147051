from urllib.parse import unquote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from tests.unit.gateway.s3.as_client import Client
from trioxygen.gateway.protocol.xml.document import (
    DECLARATION,
    document,
    encoded_names,
    error_document,
    text,
    url_encoded,
)

CONTROLS = [chr(code) for code in range(32) if chr(code) not in "\t\n\r"]
# What XML 1.0 can carry.
XML_TEXT = st.text(
    st.characters(
        codec="utf-8",
        exclude_characters=[chr(n) for n in range(32) if n not in (9, 10, 13)]
        + ["\ufffe", "\uffff"],
    ),
    max_size=40,
)
ANY_KEY = st.text(st.characters(codec="utf-8"), max_size=40)


@given(XML_TEXT)
@example("\r\n\t<&>\"']]>\x7f\x85")
def test_text_that_xml_can_carry_survives(value: str) -> None:
    root = etree.fromstring(document("A", f"<B>{text(value)}</B>"))
    assert (root[0].text or "") == value


def test_characters_xml_cannot_carry_become_references() -> None:
    assert text("a\x01b\x00\uffff") == "a&#x1;b&#x0;&#xFFFF;"
    assert text("\ud800") == "&#xFFFD;"


@given(st.text(max_size=40))
@example("".join(map(chr, [*range(32), 0x7F, 0xFFFE, 0xFFFF, 0xD800])))
def test_error_document_is_well_formed_whatever_a_client_sent(value: str) -> None:
    body = error_document(
        code="InvalidArgument",
        message=f"Invalid: {value}",
        request_id="R",
        host_id="H",
        details={"ArgumentValue": value},
    )
    root = etree.fromstring(body)
    assert [each.tag for each in root] == [
        "Code",
        "Message",
        "ArgumentValue",
        "RequestId",
        "HostId",
    ]
    assert len(root.findtext("ArgumentValue") or "") == len(value)


@given(ANY_KEY)
def test_url_encoding_is_undone_by_form_decoding(value: str) -> None:
    encoded = url_encoded(value)
    assert unquote_plus(encoded, errors="strict") == value
    assert encoded.isascii() and not set(encoded) & set(" <>&\"'~\r\n")


def test_url_encoding_is_that_of_s3() -> None:
    assert url_encoded("quux ab/foo+1/é_.-*") == "quux+ab/foo%2B1/%C3%A9_.-*"
    assert url_encoded("50%/~(1)\n") == "50%25/%7E%281%29%0A"


@given(st.lists(ANY_KEY, max_size=5), st.sampled_from([None, "url"]))
@example(["a\nb", "c"], "url")
@example([], None)
@example(["a%b c", "d+e", "~*"], "url")
def test_names_of_a_page_are_encoded_as_one_by_one(
    names: list[str], encoding_type: str | None
) -> None:
    encode = text if encoding_type is None else url_encoded
    assert list(encoded_names(names, encoding_type)) == [encode(name) for name in names]


def test_document_can_leave_out_a_declaration_sent_before() -> None:
    whole = document("A", "<B/>")
    assert whole == DECLARATION.encode() + document("A", "<B/>", with_declaration=False)
    early = DECLARATION.encode() + b"   \n " + document("A", "<B/>", with_declaration=False)
    assert etree.fromstring(early)[0].tag.endswith("B")


def test_error_document_is_read_by_an_aws_client(client: Client) -> None:
    body = error_document(
        code="NoSuchKey",
        message="The <key> does not exist.",
        request_id="R",
        host_id="H",
        details={"Key": "a&b", "StringToSign": "AWS4\nline"},
    )
    assert client.parsed("GetObject", body, status=404)["Error"] == {
        "Code": "NoSuchKey",
        "Message": "The <key> does not exist.",
        "Key": "a&b",
        "StringToSign": "AWS4\nline",
    }
    root = etree.fromstring(body)
    assert [child.tag for child in root][-3:] == ["StringToSign", "RequestId", "HostId"]


def test_error_of_s3_control_is_wrapped() -> None:
    body = error_document(
        code="NotImplemented",
        message="m",
        request_id="R",
        host_id="H",
        explanation="{}",
        is_wrapped=True,
    )
    root = etree.fromstring(body)
    assert (root.tag, [child.tag for child in root]) == (
        "ErrorResponse",
        ["Error", "RequestId", "HostId", "Explanation"],
    )
    assert [child.tag for child in root[0]] == ["Code", "Message"]


def test_unknown_encoding_type_is_a_programming_error() -> None:
    with pytest.raises(AssertionError):
        encoded_names(["a\n"], "base64")
