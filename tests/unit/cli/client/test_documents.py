from pathlib import Path

import pytest

from trioxygen.cli.client.documents import read_document
from trioxygen.cli.exits import CommandFailed, Exit


def test_document_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('{\n "Id": "ä" }\n')
    assert read_document(file) == '{\n "Id": "ä" }\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{\n  "a": }', "is not JSON: line 2, column 8: expecting value"),
        (b"", "is not JSON: line 1, column 1: expecting value"),
        (b"\xff", "is not text in UTF-8"),
        (b"[" * 100_000, "is not JSON that can be read"),
        (b"9" * 5_000, "is not JSON that can be read"),
    ],
)
def test_what_is_no_document_is_told_by_the_name_of_its_file(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / "policy.json"
    file.write_bytes(content)
    with pytest.raises(CommandFailed) as raised:
        read_document(file)
    assert raised.value.code == Exit.USAGE
    assert str(raised.value).startswith(f"'{file}' {said}")
