"""The version of Trioxygen: what `o3 version` prints and what the wheel is called."""

__version__ = "0.1.0"
