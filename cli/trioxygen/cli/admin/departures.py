"""DataNodes on their way out of service, or into maintenance, in words."""

from typing import Any, Final

from trioxygen.cli.printing import bytes_text, duration_text

_SAMPLES: Final = 5


def left_text(departure: dict[str, Any]) -> str:
    """What is left, and how long it takes."""
    if not departure["is_counted"]:
        return "not counted yet"
    parts = [
        f"{departure['containers_left']} of {departure['containers']} containers left "
        f"({bytes_text(departure['bytes_left'])})"
    ]
    if departure["pipelines_left"]:
        parts.append(f"{departure['pipelines_left']} pipelines")
    parts.append(about_text(departure))
    return ", ".join(part for part in parts if part)


def progress_text(departure: dict[str, Any]) -> str:
    """In one line."""
    more = departure["waits_for"]
    return left_text(departure) + (f", waits for {more}" if more else "")


def about_text(departure: dict[str, Any]) -> str:
    if departure["unplaced"]:
        return "not before a DataNode can take them"
    estimated_ms = departure["estimated_ms"]
    return f"about {duration_text(estimated_ms)}" if estimated_ms else ""


def waiting_texts(departure: dict[str, Any]) -> list[str]:
    """Some of the containers that it waits for, and why."""
    waiting = departure["waiting"]
    texts = [f"container {each['container_id']}: {each['reason']}" for each in waiting[:_SAMPLES]]
    more = departure["containers_left"] - len(texts)
    if texts and more > 0:
        texts.append(f"and {more} more")
    return [*([departure["waits_for"]] if departure["waits_for"] else []), *texts]
