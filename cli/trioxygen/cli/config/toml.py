"""Values as TOML."""

import json
from typing import Any


def toml_value(value: Any) -> str:
    """A value of the configuration as TOML."""
    if isinstance(value, list):
        return f"[{', '.join(toml_value(each) for each in value)}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {toml_value(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    # TOML's basic strings, numbers and booleans are written as JSON's are, with one exception.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
