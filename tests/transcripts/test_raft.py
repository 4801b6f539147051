"""Raft's behaviour as conversations: see `conversation` for the commands.

A file holds blocks: commands, `----`, what was said, an empty line. Lines with `#` explain."""

from pathlib import Path

import pytest

from tests.transcripts.conversation import Conversation

FILES = sorted((Path(__file__).parent / "raft").glob("*.txt"))


def replayed(text: str) -> str:
    conversation = Conversation()
    blocks: list[str] = []
    for block in text.strip("\n").split("\n\n"):
        commands = block.split("\n----")[0].splitlines()
        said = [
            line
            for command in commands
            if not command.startswith("#")
            for line in conversation.run(command)
        ]
        only_comments = all(command.startswith("#") for command in commands)
        blocks.append("\n".join(commands if only_comments else [*commands, "----", *said]))
    return "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_raft_speaks_as_written(path: Path, request: pytest.FixtureRequest) -> None:
    written = path.read_text()
    said = replayed(written)
    if request.config.getoption("--rewrite", default=False):
        path.write_text(said)
    else:
        assert said == written
