"""What happens to the parts of a data folder, each as a function of the folder."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]


def gone(part: str) -> Damage:
    def damage(data: Path) -> None:
        path = data / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    return damage


def a_file(part: str) -> Damage:
    def damage(data: Path) -> None:
        gone(part)(data)
        (data / part).write_bytes(b"x")

    return damage


def a_folder(part: str) -> Damage:
    def damage(data: Path) -> None:
        gone(part)(data)
        (data / part).mkdir()

    return damage


def holding(part: str, content: bytes) -> Damage:
    def damage(data: Path) -> None:
        (data / part).write_bytes(content)

    return damage


def cut(part: str) -> Damage:
    return lambda data: os.truncate(data / part, (data / part).stat().st_size // 2)


def noise(part: str, at: int, size: int) -> Damage:
    def damage(data: Path) -> None:
        with (data / part).open("r+b") as file:
            file.seek(at)
            file.write(random.Random(1).randbytes(size))

    return damage


def of_segment(log: str, change: Callable[[str], Damage]) -> Damage:
    """Of the oldest segment of a log."""

    def damage(data: Path) -> None:
        name = min(path.name for path in (data / log).glob("*.wal"))
        change(f"{log}/{name}")(data)

    return damage


def no_segments(log: str) -> Damage:
    def damage(data: Path) -> None:
        for path in (data / log).glob("*.wal"):
            path.unlink()

    return damage


def flipped(part: str, at: int) -> Damage:
    """One bit. Args: at: negative: from the end."""

    def damage(data: Path) -> None:
        content = bytearray((data / part).read_bytes())
        content[at] ^= 4
        (data / part).write_bytes(content)

    return damage


def every(part: str, actual: bytes) -> Damage:
    """One bit of whatever stands behind some bytes, wherever they are."""

    def damage(data: Path) -> None:
        content = bytearray((data / part).read_bytes())
        at = content.find(actual)
        assert at >= 0
        while at >= 0:
            content[at + len(actual) + 2] ^= 4
            at = content.find(actual, at + len(actual))
        (data / part).write_bytes(content)

    return damage
