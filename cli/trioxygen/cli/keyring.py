"""`o3 keyring`: master keys of gateways, in the file that they read. No server is asked: a running
one sees what has changed within seconds. No key is ever shown."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trioxygen.cli.exits import CommandFailed, Exit, named_reason_of
from trioxygen.cli.options import DATA_DEFAULT, ConfigOption, JsonOption
from trioxygen.cli.printing import print_columns, print_json, time_text

if TYPE_CHECKING:
    from trioxygen.gateway.kms.keyring_content import KeyringContent
    from trioxygen.gateway.kms.keyring_store import KeyringStore

app = typer.Typer(
    help="Master keys of gateways, in a file.", no_args_is_help=True, rich_markup_mode=None
)

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="Name of a master key.")]
FolderOption = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Data folder, with the keyring in it.")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help="Its first line encrypts the exported file."
    ),
]


def _store(data: Path, config: Path | None) -> "KeyringStore":
    from trioxygen.cli.config.reading import load
    from trioxygen.common.system_disk import SystemDisk
    from trioxygen.gateway.kms.keyring_store import KeyringStore

    encryption = load(config, {}).encryption
    return KeyringStore(
        SystemDisk(),
        random.SystemRandom(),
        encryption.keyring_path(data),
        encryption.passphrase_path,
    )


@contextmanager
def _refusals_as_lines() -> Iterator[None]:
    """What refuses is told in a line."""
    from trioxygen.common.errors import TrioxygenError

    try:
        yield
    except FileNotFoundError as error:
        raise CommandFailed(
            Exit.REFUSED, f"{named_reason_of(error)}: give the folder with --data, or --config"
        ) from error
    except TrioxygenError as error:
        raise CommandFailed(Exit.REFUSED, str(error)) from error


def _change(
    data: Path, config: Path | None, change: "Callable[[KeyringContent], KeyringContent]"
) -> "KeyringContent":
    with _refusals_as_lines():
        return _store(data, config).change(change)


def _secret_and_time() -> tuple[bytes, int]:
    from trioxygen.common.clock import SystemClock
    from trioxygen.gateway.kms.keyring_content import SECRET_BYTES

    return random.SystemRandom().randbytes(SECRET_BYTES), SystemClock().wall_ms()


@app.command("status")
def show_status(
    data: FolderOption = DATA_DEFAULT, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Shows keys and their versions, with what tells them from others; never a key."""
    store = _store(data, config)
    with _refusals_as_lines():
        read = store.read()
    rows: list[dict[str, Any]] = [
        {
            "key": each.key_id,
            "version": each.version,
            "primary": each.is_primary,
            "disabled": read.content.keys[each.key_id].is_disabled,
            "made_ms": read.content.keys[each.key_id].versions[each.version].made_ms,
            "fingerprint": each.check.hex(),
        }
        for each in read.content.fingerprints()
    ]
    if as_json:
        file = {"file": str(store.path), "encrypted": read.is_encrypted, "keys": rows}
        print_json(file)
        return
    print(f"{store.path}: {'' if read.is_encrypted else 'not '}encrypted with a passphrase")
    print_columns(
        ("KEY", "VERSION", "USE", "MADE", "FINGERPRINT"),
        [
            (
                row["key"],
                str(row["version"]),
                _use_of(is_disabled=row["disabled"], is_primary=row["primary"]),
                time_text(row["made_ms"]),
                row["fingerprint"],
            )
            for row in rows
        ],
    )


def _use_of(*, is_disabled: bool, is_primary: bool) -> str:
    if is_disabled:
        return "disabled"
    return "writes" if is_primary else "reads"


@app.command("create-key")
def create_key(
    key: KeyArgument, data: FolderOption = DATA_DEFAULT, config: ConfigOption = None
) -> None:
    """Makes a master key, for requests that name it."""
    secret, now_ms = _secret_and_time()
    _change(data, config, lambda ring: ring.with_key(key, secret, now_ms))
    print(f"created {key}, version 1")


@app.command("rotate")
def rotate_key(
    key: KeyArgument,
    staged: Annotated[
        bool,
        typer.Option("--staged", help="Read with it alone, until `promote`: others need it first."),
    ] = False,
    data: FolderOption = DATA_DEFAULT,
    config: ConfigOption = None,
) -> None:
    """Adds a version to a master key, to write with from now on. Nothing is written anew."""
    secret, now_ms = _secret_and_time()
    content = _change(
        data,
        config,
        lambda ring: ring.with_version(key, secret, now_ms, is_primary=not staged),
    )
    use = "reads with it" if staged else "writes with it"
    print(f"added version {max(content.keys[key].versions)} to {key}: a gateway {use}")


@app.command("promote")
def promote_key(
    key: KeyArgument,
    version: Annotated[
        int | None, typer.Option(metavar="N", help="Which, if not the newest.")
    ] = None,
    data: FolderOption = DATA_DEFAULT,
    config: ConfigOption = None,
) -> None:
    """Writes with the newest version of a master key, or another, from now on."""

    def promoted(ring: "KeyringContent") -> "KeyringContent":
        chosen = max(ring.key(key).versions) if version is None else version
        return ring.with_primary(key, chosen)

    content = _change(data, config, promoted)
    print(f"{key} writes with version {content.keys[key].primary}")


@app.command("disable")
def disable_key(
    key: KeyArgument, data: FolderOption = DATA_DEFAULT, config: ConfigOption = None
) -> None:
    """Refuses reading and writing with a master key, until `enable`."""
    _change(data, config, lambda ring: ring.with_disabled(key, is_disabled=True))
    print(f"disabled {key}")


@app.command("enable")
def enable_key(
    key: KeyArgument, data: FolderOption = DATA_DEFAULT, config: ConfigOption = None
) -> None:
    """Ends what `disable` began."""
    _change(data, config, lambda ring: ring.with_disabled(key, is_disabled=False))
    print(f"enabled {key}")


@app.command("reseal")
def reseal(data: FolderOption = DATA_DEFAULT, config: ConfigOption = None) -> None:
    """Writes the file anew, with the passphrase of the configuration or without."""
    store = _store(data, config)
    with _refusals_as_lines():
        store.change(lambda ring: ring)
    print(f"{store.path}: {'not ' if store.passphrase_path is None else ''}encrypted")


@app.command("export")
def export_keys(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    passphrase_file: PassphraseOption = None,
    data: FolderOption = DATA_DEFAULT,
    config: ConfigOption = None,
) -> None:
    """Writes a copy, for other gateways or as a backup."""
    from dataclasses import replace

    store = _store(data, config)
    with _refusals_as_lines():
        content = store.read().content
        replace(store, path=file, passphrase_path=passphrase_file).write(content)
    if passphrase_file is None:
        print(f"{file} is not encrypted: whoever reads it reads all objects", file=sys.stderr)
    print(f"exported {len(content.keys)} keys")


@app.command("import")
def import_keys(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    passphrase_file: PassphraseOption = None,
    data: FolderOption = DATA_DEFAULT,
    config: ConfigOption = None,
) -> None:
    """Adds the keys and versions of an exported file; makes the keyring if there is none. It undoes
    neither a rotation nor `disable`."""
    from dataclasses import replace

    store = _store(data, config)
    with _refusals_as_lines():
        content = replace(store, path=file, passphrase_path=passphrase_file).read().content
        store.disk.make_directory(store.path.parent)
        if not store.make(content):
            store.change(lambda ring: ring.merged(content))
    print(f"imported {len(content.keys)} keys")
