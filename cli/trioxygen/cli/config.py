"""The configuration of `o3 serve`: one frozen object from a TOML file, the environment and flags.

Later ones win: defaults, file, `O3_SECTION__NAME` of the environment, command line. The environment
is read here and nowhere else. A mistake is a `ConfigError` that says where it is and what to do.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from trioxygen.cli.exits import CommandFailed, Exit
from trioxygen.common.units import GIB, KIB, MIB

_DOCUMENT: Final = "docs/reference/configuration.md"
_PREFIX: Final = "O3_"
_DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)


class ConfigError(CommandFailed):
    """One line: where the mistake is, what it is, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(Exit.USAGE, message)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class S3Config(_Section):
    """The S3 port.

    Attributes:
        domains: buckets are reached as `<bucket>.<domain>` under each; lower case, without a port.
        regions: that a signature may name; none means any.
        tls_certificate_file, tls_key_file: PEM; both or neither.
    """

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9878, ge=0, le=65_535)
    domains: list[str] = []
    regions: list[str] = []
    tls_certificate_file: str = ""
    tls_key_file: str = ""
    clock_skew_seconds_max: int = Field(default=900, ge=1, le=86_400)
    keep_alive_seconds: int = Field(default=75, ge=75, le=86_400)
    head_seconds_max: int = Field(default=60, ge=1, le=3_600)
    body_idle_seconds_max: int = Field(default=60, ge=1, le=3_600)
    write_idle_seconds_max: int = Field(default=60, ge=1, le=3_600)
    connections_max: int = Field(default=10_000, ge=1, le=1_000_000)
    drain_seconds: int = Field(default=30, ge=0, le=3_600)

    @field_validator("domains")
    @classmethod
    def _domains_are_names(cls, domains: list[str]) -> list[str]:
        for domain in domains:
            if not _DOMAIN.fullmatch(domain):
                raise ValueError(f"'{domain}' is not a lower-case domain name without a port")
        return domains

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if bool(self.tls_certificate_file) != bool(self.tls_key_file):
            raise ValueError(
                "tls_certificate_file and tls_key_file go together: set both or neither"
            )
        return self


class AdminConfig(_Section):
    """Health, metrics and the admin API; port 0 takes a free one."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=9879, ge=0, le=65_535)


class MetadataConfig(_Section):
    """OM and SCM.

    Attributes:
        gc_delay_seconds: how long blocks that nothing refers to are kept, for readers under way.
        lease_duration_seconds: how long a gateway may write into blocks without renewing.
        retry_seconds: how long the answer of a command is kept for its repetitions.
        completed_upload_seconds: how long a repeated CompleteMultipartUpload is answered alike.
        batch_commands_max: commands that share one transaction and one sync.
        map_bytes: upper bound of each LMDB file; sparse, so it takes no space.
    """

    gc_delay_seconds: int = Field(default=300, ge=0, le=30 * 86_400)
    lease_duration_seconds: int = Field(default=600, ge=10, le=86_400)
    retry_seconds: int = Field(default=600, ge=60, le=86_400)
    completed_upload_seconds: int = Field(default=86_400, ge=600, le=30 * 86_400)
    batch_commands_max: int = Field(default=256, ge=1, le=10_000)
    log_segment_bytes: int = Field(default=16 * MIB, ge=1 * MIB, le=4 * GIB)
    map_bytes: int = Field(default=1_024 * GIB, ge=1 * GIB, le=64 * 1_024 * GIB)


class StorageConfig(_Section):
    """The DataNode.

    Attributes:
        scrub_bytes_per_second: read by the scrubber at most; 0 switches it off.
        reserved_bytes: of each volume that stay free: below it nothing new is written. Deleting
            needs some of them, so it cannot be nothing.
    """

    container_bytes: int = Field(default=5 * GIB, ge=1 * MIB, le=1_024 * GIB)
    block_bytes: int = Field(default=256 * MIB, ge=64 * KIB, le=16 * GIB)
    log_segment_bytes: int = Field(default=16 * MIB, ge=1 * MIB, le=4 * GIB)
    scrub_bytes_per_second: int = Field(default=16 * MIB, ge=0)
    scrub_interval_seconds: int = Field(default=7 * 86_400, ge=60)
    reserved_bytes: int = Field(default=1 * GIB, ge=16 * MIB)

    @model_validator(mode="after")
    def _blocks_fit_containers(self) -> Self:
        if self.block_bytes > self.container_bytes:
            raise ValueError("block_bytes is larger than container_bytes: lower it")
        return self


class LogConfig(_Section):
    """Attributes:
    access_log: write `logs/access.log` in the data folder.
    """

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    access_log: bool = True
    access_log_file_bytes: int = Field(default=64 * MIB, ge=1 * MIB, le=64 * GIB)
    access_log_files_max: int = Field(default=5, ge=1, le=1_000)


class ServeConfig(_Section):
    """All of an all-in-one store."""

    s3: S3Config = S3Config()
    admin: AdminConfig = AdminConfig()
    metadata: MetadataConfig = MetadataConfig()
    storage: StorageConfig = StorageConfig()
    log: LogConfig = LogConfig()

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        same = self.s3.port == self.admin.port != 0
        if same and self.s3.host == self.admin.host:
            raise ValueError("s3.port and admin.port are the same: choose another admin.port")
        return self


Flags = Mapping[tuple[str, str], Any]


def load(
    file: Path | None, flags: Flags, environment: Mapping[str, str] | None = None
) -> ServeConfig:
    """The configuration of this start.

    Args:
        flags: (section, name) -> value of what the command line sets.
        environment: of the process when left out.
    Raises:
        ConfigError: one line, for people.
    """
    text = ""
    values: dict[str, Any] = {}
    if file is not None:
        text, values = _read(file)
        _check_names(file, text, values)
    for section, name, value, source in _overrides(environment, flags):
        table = values.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
        try:
            _section(section)(**{name: value})
        except ValidationError as error:
            # A check over several keys is made below, when all of them are known.
            if found := [each for each in error.errors() if each["loc"]]:
                raise ConfigError(f"{source}: {_told(found[0])}") from error
    try:
        return ServeConfig(**values)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(str(part) for part in first["loc"] if isinstance(part, str))
        raise ConfigError(f"{_place(file, text, path)}: {_told(first)}") from error


def credentials(environment: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """The admin access key and secret that O3_ACCESS_KEY and O3_SECRET_KEY choose, if they do."""
    found = os.environ if environment is None else environment
    access_key, secret_key = found.get("O3_ACCESS_KEY"), found.get("O3_SECRET_KEY")
    if access_key is None and secret_key is None:
        return None
    if access_key is None or secret_key is None:
        raise ConfigError("O3_ACCESS_KEY and O3_SECRET_KEY go together: set both or neither")
    for name, value, size_min in (
        ("O3_ACCESS_KEY", access_key, 3),
        ("O3_SECRET_KEY", secret_key, 8),
    ):
        if not size_min <= len(value) <= 128 or not re.fullmatch(r"[!-~]+", value):
            raise ConfigError(
                f"{name}: must be {size_min} to 128 printable ASCII characters without spaces"
            )
    return access_key, secret_key


def admin_token(environment: Mapping[str, str] | None = None) -> str | None:
    """The token of a server that `--admin-url` names: O3_ADMIN_TOKEN."""
    return (os.environ if environment is None else environment).get("O3_ADMIN_TOKEN")


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        what = str(error)[: found.start()] if found else str(error)
        line = f":{found[1]}" if found else ""
        raise ConfigError(f"{file}{line}: not TOML: {what[:1].lower()}{what[1:]}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(f"{file}: {reason}: check the path given with --config") from error


def _section(name: str) -> type[BaseModel]:
    section = ServeConfig.model_fields[name].annotation
    assert isinstance(section, type) and issubclass(section, BaseModel)
    return section


def _check_names(file: Path, text: str, values: dict[str, Any]) -> None:
    """Before the types: a misspelt section is told as such."""
    for section, table in values.items():
        if section not in ServeConfig.model_fields:
            where = _place(file, text, (section,))
            raise ConfigError(f"{where}: {_unknown('section', section, ServeConfig)}")
        if not isinstance(table, dict):
            where = _place(file, text, (section,))
            raise ConfigError(f"{where}: must be a table: write [{section}] above its keys")
        for name in table:
            if name not in _section(section).model_fields:
                where = _place(file, text, (section, name))
                raise ConfigError(f"{where}: {_unknown('key', name, _section(section))}")


def _unknown(what: str, name: str, model: type[BaseModel]) -> str:
    near = difflib.get_close_matches(name, model.model_fields, n=1)
    advice = f"did you mean '{near[0]}'?" if near else f"remove it; {_DOCUMENT} lists all"
    return f"unknown {what} '{name}': {advice}"


def _overrides(
    environment: Mapping[str, str] | None, flags: Flags
) -> Iterator[tuple[str, str, Any, str]]:
    """(section, key, value, where it comes from), the winning one last."""
    found = os.environ if environment is None else environment
    for variable in sorted(found):
        if not variable.startswith(_PREFIX) or "__" not in variable:
            continue
        section, _, name = variable.removeprefix(_PREFIX).lower().partition("__")
        if section not in ServeConfig.model_fields:
            raise ConfigError(
                f"environment {variable}: {_unknown('section', section, ServeConfig)}"
            )
        fields = _section(section).model_fields
        if name not in fields:
            told = _unknown("key", name, _section(section))
            raise ConfigError(f"environment {variable}: {told}")
        value = _from_text(found[variable], fields[name].annotation)
        yield section, name, value, f"environment {variable}"
    for (section, name), value in flags.items():
        yield section, name, value, f"--{section}-{name}"


def _from_text(text: str, annotation: Any) -> Any:
    """A variable's text as the key's type; what does not fit stays text and is refused later."""
    if get_origin(annotation) is list:
        assert get_args(annotation) == (str,)
        return [part.strip() for part in text.split(",") if part.strip()]
    if annotation is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if annotation is int:
        return int(text) if re.fullmatch(r"-?[0-9][0-9_]{0,30}", text) else text
    return text


def _told(error: Any) -> str:
    """A pydantic error in one line."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    message = error["msg"].removeprefix("Input ")
    given = "" if isinstance(error["input"], dict) else f", not {error['input']!r}"
    return f"{message}{given}"


def _place(file: Path | None, text: str, path: tuple[str, ...]) -> str:
    """`file:line: section.key`; without the file where the key is not in it."""
    name = ".".join(path) or "configuration"
    line = line_of(text, path) if path else None
    if file is None:
        return name
    return f"{file}:{line}: {name}" if line else f"{file}: {name}"


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The line (from 1) of a table or key in TOML text; a key's table when the key is not there."""
    section, key = path[0], path[1] if len(path) > 1 else None
    table: str | None = None
    of_section: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if found := re.match(r"\s*\[\s*\"?([\w-]+)\"?\s*\]", line):
            table = found[1]
            if table == section:
                of_section = of_section or number
        elif found := re.match(r"\s*([\w\"' .-]+?)\s*=", line):
            names = [part.strip(" \"'") for part in found[1].split(".")]
            names = [table, *names] if table else names
            if key is not None and names[:2] == [section, key]:
                return number
            if names[0] == section and table is None:
                of_section = of_section or number
    return of_section
