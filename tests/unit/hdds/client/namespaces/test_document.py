"""The pieces of code in the page on blocks without an OM do what it says."""

import re
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.unit.hdds.client.namespaces.test_namespace import with_hdds, write
from tests.unit.hdds.scm_cluster import ScmCluster
from trioxygen.hdds.client import Hdds

PAGE = Path(__file__).parents[5] / "docs" / "hdds-client.md"


def pieces() -> list[str]:
    """The first is a program by itself; the others go on from one to the next."""
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[1:]


def test_code_of_the_page_runs(tmp_path: Path) -> None:
    async def scenario(cluster: ScmCluster, hdds: Hdds) -> None:
        body = indent("\n".join(pieces()), "    ")
        names: dict[str, Any] = {}
        exec(f"async def page(hdds, logs):\n{body}    return names, pieces\n", names)
        async with hdds.open("logs") as logs:
            await write(logs, b"there is a pipeline")
            spaces, read = await names["page"](hdds, logs)
            assert spaces == ["logs", "small"]
            assert b"".join(read).startswith(b"0\nline 1\n")

    assert len(pieces()) == 4
    with_hdds(tmp_path, scenario)
