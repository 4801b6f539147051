"""`o3 config show`: what is in force, and where each value came from."""

from typing import Any

import typer

from trioxygen.cli.config.toml import toml_value
from trioxygen.cli.options import ConfigOption, JsonOption

app = typer.Typer(help="Configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.command("show")
def show(
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Prints the values in force, as TOML, and where each came from.

    File, environment and defaults together, checked as at a start."""
    from trioxygen.cli.config.reading import load_with_origins
    from trioxygen.cli.printing import print_json

    loaded = load_with_origins(config, {})
    sections: dict[str, dict[str, Any]] = loaded.config.model_dump()
    origins = {
        (section, key): loaded.origins.get((section, key), "default")
        for section, keys in sections.items()
        for key in keys
    }
    if as_json:
        print_json(
            {
                section: {
                    key: {"value": value, "from": origins[section, key]}
                    for key, value in keys.items()
                }
                for section, keys in sections.items()
            }
        )
        return
    for section, keys in sections.items():
        lines = {key: f"{key} = {toml_value(value)}" for key, value in keys.items()}
        width = max(len(line) for line in lines.values())
        print(f"[{section}]")
        for key, line in lines.items():
            print(f"{line.ljust(min(width, 60))}  # {origins[section, key]}")
        print()
