"""A disk is named by its folder, whatever bytes that has."""

import os
from pathlib import Path

from trioxygen.hdds.datanode.description import path_text


def test_folders_are_text_of_bounded_length() -> None:
    assert path_text(Path("/disk1")) == "/disk1"
    assert path_text(Path(os.fsdecode(b"/d\xff"))) == "/d\\xff"
    assert len(path_text(Path("/" + "x" * 5_000))) == 4_096
