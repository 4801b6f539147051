"""An open LMDB environment with its tables. A store may replace its own by another while readers
still use the one before."""

from collections.abc import Iterable
from pathlib import Path

import lmdb

from trioxygen.common.errors import StoreDamaged
from trioxygen.metadata.store.lmdb_file import close_file
from trioxygen.metadata.store.lmdb_room import DATA_FILE
from trioxygen.metadata.store.lmdb_txn import PAGE_ERRORS, DamageWatcher, Rows
from trioxygen.metadata.store.ports import Table
from trioxygen.metadata.store.seal import seed_of


class Environment:
    """An open environment, and who uses it.

    Attributes:
    holders: one item for each; a list, since its methods are atomic.
    """

    __slots__ = ("env", "holders", "rows")

    def __init__(
        self, env: lmdb.Environment, tables: Iterable[Table], path: Path, watcher: DamageWatcher
    ) -> None:
        """Raises: StoreDamaged."""
        self.env = env
        try:
            self.rows = {
                table.number: Rows(
                    env.open_db(table.name.encode()), seed_of(table), table, str(path), watcher
                )
                for table in tables
            }
        except (*PAGE_ERRORS, lmdb.IncompatibleError) as error:
            raise StoreDamaged(
                "the file of a store is damaged", file=str(path / DATA_FILE), cause=str(error)
            ) from error
        self.holders: list[None] = []

    def close(self) -> None:
        close_file(self.env)
