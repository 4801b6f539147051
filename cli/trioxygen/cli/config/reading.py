"""Reading the configuration: one frozen object from a TOML file, the environment and flags.

Later ones win: defaults, file, `O3_SECTION__NAME` of the environment, command line. The environment
is read here and nowhere else. A mistake is a `ConfigError` that says where it is and what to do.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError

from trioxygen.cli.config.nodes import Peer
from trioxygen.cli.config.schema import Config
from trioxygen.cli.config.text import line_of, lines_of
from trioxygen.cli.exits import CommandFailed, Exit, reason_of

_DOCUMENT: Final = "docs/reference/configuration.md"
_PREFIX: Final = "O3_"


class ConfigError(CommandFailed):
    """One line: where the mistake is, what it is, what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(Exit.USAGE, message)


Flags = Mapping[tuple[str, str], Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Attributes:
    origins: (section, key) -> where its value came from; keys with defaults are left out.
    """

    config: Config
    origins: Mapping[tuple[str, str], str]


def load(file: Path | None, flags: Flags, environment: Mapping[str, str] | None = None) -> Config:
    """The configuration of this start.

    Args:
        flags: (section, name) -> value of what the command line sets.
        environment: of the process when left out.
    Raises:
        ConfigError: one line, for people.
    """
    return load_with_origins(file, flags, environment).config


def load_with_origins(
    file: Path | None, flags: Flags, environment: Mapping[str, str] | None = None
) -> Loaded:
    """As `load`, and where each value came from."""
    text = ""
    values: dict[str, Any] = {}
    if file is not None:
        text, values = _read(file)
        _check_names(file, text, values)
    origins = {
        (str(path[0]), str(path[1])): f"{file}:{line}"
        for path, line in lines_of(text).items()
        if len(path) == 2
    }
    for section, name, value, source in _overrides(environment, flags):
        table = values.setdefault(section, {})
        if isinstance(table, dict):
            table[name] = value
        origins[section, name] = source
        try:
            _section(section)(**{name: value})
        except ValidationError as error:
            # A check over several keys is made below, when all of them are known.
            if mistakes := [each for each in error.errors() if each["loc"]]:
                raise ConfigError(f"{source}: {_mistake_text(mistakes[0])}") from error
    try:
        return Loaded(Config(**values), origins)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{_place(file, text, first['loc'])}: {_mistake_text(first)}") from error


def credentials(environment: Mapping[str, str] | None = None) -> tuple[str, str] | None:
    """The admin access key and secret that O3_ACCESS_KEY and O3_SECRET_KEY choose, if they do."""
    variables = os.environ if environment is None else environment
    access_key, secret_key = variables.get("O3_ACCESS_KEY"), variables.get("O3_SECRET_KEY")
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
        place = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        what = str(error)[: place.start()] if place else str(error)
        line = f":{place[1]}" if place else ""
        raise ConfigError(f"{file}{line}: not TOML: {what[:1].lower()}{what[1:]}") from error
    except RecursionError as error:
        raise ConfigError(f"{file}: not a configuration: it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not UTF-8 text: save it as UTF-8") from error
    except OSError as error:
        reason = reason_of(error)
        raise ConfigError(f"{file}: {reason}: check the path given with --config") from error


def _section(name: str) -> type[BaseModel]:
    section = Config.model_fields[name].annotation
    assert isinstance(section, type) and issubclass(section, BaseModel)
    return section


def _check_names(file: Path, text: str, values: dict[str, Any]) -> None:
    """Before the types: a misspelt section is told as such."""
    for section, table in values.items():
        if section not in Config.model_fields:
            where = _place(file, text, (section,))
            raise ConfigError(f"{where}: {_unknown('section', section, Config)}")
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
    variables = os.environ if environment is None else environment
    for variable in sorted(variables):
        if not variable.startswith(_PREFIX) or "__" not in variable:
            continue
        section, _, name = variable.removeprefix(_PREFIX).lower().partition("__")
        if section not in Config.model_fields:
            raise ConfigError(f"environment {variable}: {_unknown('section', section, Config)}")
        fields = _section(section).model_fields
        if name not in fields:
            mistake = _unknown("key", name, _section(section))
            raise ConfigError(f"environment {variable}: {mistake}")
        value = _from_text(variables[variable], fields[name].annotation)
        yield section, name, value, f"environment {variable}"
    for (section, name), value in flags.items():
        # The S3 port's options are the command's main ones.
        yield section, name, value, f"--{name}" if section == "s3" else f"--{section}-{name}"


def _from_text(text: str, annotation: Any) -> Any:
    """A variable's text as the key's type; what does not fit stays text and is refused later."""
    if get_origin(annotation) is list:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if get_args(annotation) == (str,):
            return parts
        assert get_args(annotation) == (Peer,)
        pairs = [part.partition("=") for part in parts]
        return [{"id": node_id.strip(), "address": to.strip()} for node_id, _, to in pairs]
    if get_origin(annotation) is dict:
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs}
    if annotation is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if annotation is int:
        return int(text) if re.fullmatch(r"-?[0-9][0-9_]{0,30}", text) else text
    return text


def _mistake_text(error: Any) -> str:
    """A pydantic error in one line."""
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "extra_forbidden":
        return f"unknown key '{error['loc'][-1]}': remove it; {_DOCUMENT} lists all"
    message = error["msg"].removeprefix("Input ")
    not_this = "" if isinstance(error["input"], dict) else f", not {error['input']!r}"
    return f"{message[:1].lower()}{message[1:]}{not_this}"


def _place(file: Path | None, text: str, path: tuple[str | int, ...]) -> str:
    """`file:line: section.key`; without the file where the key is not in it."""
    name = ".".join(str(part) for part in path) or "configuration"
    line = line_of(text, path) if path else None
    if file is None:
        return name
    return f"{file}:{line}: {name}" if line else f"{file}: {name}"
