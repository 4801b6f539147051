"""Source files as syntax trees."""

import ast
import gc


def tree_of(text: str) -> ast.Module:
    """As `ast.parse`, without a collection of garbage meanwhile: a task that one finds failed is
    logged with its traceback, which parses lines too, and CPython before 3.11.5 takes the tree
    around it for broken then (gh-106905)."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if was_enabled:
            gc.enable()
