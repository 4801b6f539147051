"""How much memory a process takes for something."""

from pathlib import Path


class Memory:
    """What a process has had resident at most since `Memory` was made, in MiB beyond the start."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        # "5" resets the peak (proc(5)).
        (self._folder / "clear_refs").write_text("5")
        self._began = self._read("VmRSS")

    def _read(self, name: str) -> float:
        for line in (self._folder / "status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) / 1_024
        raise AssertionError(name)

    @property
    def grown_mib(self) -> float:
        return self._read("VmHWM") - self._began
