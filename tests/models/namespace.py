"""The S3 namespace as plain dictionaries and sorted lists: what the OM must agree with.

Slow and obvious on purpose. Source: S3 API, ListObjectsV2, ListMultipartUploads.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """A key or a common prefix of a listing."""

    name: bytes
    is_prefix: bool


@dataclass(frozen=True, slots=True)
class Page:
    entries: tuple[Entry, ...]
    truncated: bool

    @property
    def keys(self) -> list[bytes]:
        return [entry.name for entry in self.entries if not entry.is_prefix]

    @property
    def common_prefixes(self) -> list[bytes]:
        return [entry.name for entry in self.entries if entry.is_prefix]


def rolled_up(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """The common prefix that a key with the prefix is shown as; None: as itself."""
    if not delimiter:
        return None
    actual = key.find(delimiter, len(prefix))
    return None if actual < 0 else key[: actual + len(delimiter)]


def all_entries(keys: Iterable[bytes], *, prefix: bytes, delimiter: bytes) -> list[Entry]:
    entries = set()
    for key in keys:
        if key.startswith(prefix):
            rolled = rolled_up(key, prefix, delimiter)
            entries.add(Entry(key, False) if rolled is None else Entry(rolled, True))
    return sorted(entries, key=lambda entry: entry.name)


def list_keys(
    keys: Iterable[bytes],
    *,
    prefix: bytes,
    delimiter: bytes,
    after: bytes,
    count_max: int,
    inclusive: bool,
) -> Page:
    """A common prefix stands at its own name: one that is not greater than `after` is passed,
    with all its keys."""
    entries = [
        entry
        for entry in all_entries(keys, prefix=prefix, delimiter=delimiter)
        if entry.name > after or (inclusive and entry.name == after)
    ]
    return Page(tuple(entries[:count_max]), count_max > 0 and len(entries) > count_max)


Upload = tuple[bytes, bytes]


def list_uploads(
    uploads: Iterable[Upload],
    *,
    prefix: bytes,
    delimiter: bytes,
    key_marker: bytes,
    upload_id_marker: bytes,
    count_max: int,
) -> tuple[list[Upload | bytes], bool]:
    """(uploads as (key, id) and common prefixes in their order, truncated)."""
    shown: list[Upload | bytes] = []
    for key, upload_id in sorted(uploads):
        if not key.startswith(prefix):
            continue
        rolled = rolled_up(key, prefix, delimiter)
        if rolled is not None:
            if rolled > key_marker and rolled not in shown:
                shown.append(rolled)
        elif key > key_marker or (
            key == key_marker and upload_id_marker and upload_id > upload_id_marker
        ):
            shown.append((key, upload_id))
    return shown[:count_max], count_max > 0 and len(shown) > count_max


# ---- what commands do ----

Block = int


@dataclass(slots=True)
class Version:
    etag: str
    blocks: list[Block]
    object_id: int


@dataclass(slots=True)
class Blocks:
    """Every block that was ever leased is in exactly one place."""

    leases: dict[int, set[Block]] = field(default_factory=dict)
    holders: dict[Block, int] = field(default_factory=dict)
    gone: set[Block] = field(default_factory=set)

    def leased(self, lease: int, block: Block) -> bool:
        """Whether it may be committed under the lease: also one that was committed before."""
        return lease in self.leases and block in self.leases[lease] and block not in self.gone

    def hold(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            assert block not in self.gone
            self.holders[block] = self.holders.get(block, 0) + 1

    def release(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            self.holders[block] -= 1
            if not self.holders[block]:
                del self.holders[block]
                self.gone.add(block)

    def give_back(self, block: Block) -> None:
        """A block of a lease that goes on."""
        if block not in self.holders and any(block in lease for lease in self.leases.values()):
            self.gone.add(block)

    def end_lease(self, lease: int) -> None:
        self.gone |= {block for block in self.leases.pop(lease, set()) if block not in self.holders}

    def unused(self) -> set[Block]:
        """Leased, and neither held nor gone."""
        leased = set().union(*self.leases.values())
        return leased - self.holders.keys() - self.gone


@dataclass(slots=True)
class Namespace:
    """One bucket's keys and uploads, and the blocks of both."""

    keys: dict[bytes, Version] = field(default_factory=dict)
    uploads: dict[bytes, tuple[bytes, dict[int, Version]]] = field(default_factory=dict)
    blocks: Blocks = field(default_factory=Blocks)

    def refusal(self, key: bytes, *, if_none_match: str, if_match: str) -> str | None:
        """The name of the error that a write's condition gives."""
        old = self.keys.get(key)
        if if_none_match and old is not None and if_none_match in ("*", old.etag):
            return "ConditionFailed"
        if if_match and old is None:
            return "NoSuchKey"
        if if_match and old is not None and if_match not in ("*", old.etag):
            return "ConditionFailed"
        return None

    def put(self, key: bytes, version: Version) -> None:
        self.blocks.hold(version.blocks)
        self._replace(key, version)

    def _replace(self, key: bytes, version: Version) -> None:
        old = self.keys.get(key)
        self.keys[key] = version
        if old is not None:
            self.blocks.release(old.blocks)

    def delete(self, key: bytes) -> None:
        old = self.keys.pop(key, None)
        if old is not None:
            self.blocks.release(old.blocks)

    def put_part(self, upload_id: bytes, number: int, part: Version) -> None:
        parts = self.uploads[upload_id][1]
        old = parts.get(number)
        self.blocks.hold(part.blocks)
        parts[number] = part
        if old is not None:
            self.blocks.release(old.blocks)

    def complete(self, upload_id: bytes, numbers: Iterable[int], etag: str, object_id: int) -> None:
        key, parts = self.uploads.pop(upload_id)
        chosen = [parts.pop(number) for number in numbers]
        blocks = [block for part in chosen for block in part.blocks]
        self._replace(key, Version(etag, blocks, object_id))
        for part in parts.values():
            self.blocks.release(part.blocks)

    def abort(self, upload_id: bytes) -> None:
        _, parts = self.uploads.pop(upload_id)
        for part in parts.values():
            self.blocks.release(part.blocks)
