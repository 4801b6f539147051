"""Sockets that are bound and do not listen yet, and how they are reached."""

import asyncio
import errno
import socket
from typing import Final

from trioxygen.common.rpc.network import CannotListen

_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def url_of(scheme: str, host: str, sockets: list[socket.socket]) -> str:
    """Under which this machine reaches what listens on them. Args: host: they were bound to."""
    shown = _WILDCARDS.get(host, host)
    port = sockets[0].getsockname()[1]
    return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}"


async def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, all on one port. Raises CannotListen."""
    loop = asyncio.get_running_loop()
    bound: list[socket.socket] = []
    failure: OSError | None = None
    try:
        addresses = await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, kind, protocol, _, address in addresses:
            try:
                listener = _bound(family, kind, protocol, (address[0], port, *address[2:]))
            except OSError as error:
                # A name may also stand for an address that this machine lacks (IPv6 switched off).
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    raise
                failure = error
                continue
            bound.append(listener)
            port = listener.getsockname()[1]
        if not bound and failure is not None:
            raise failure
    except OSError as error:
        for listener in bound:
            listener.close()
        reason = (error.strerror or str(error)).lower()
        raise CannotListen(f"cannot listen on {host}:{port}: {reason}") from error
    return bound


def _bound(family: int, kind: int, protocol: int, address: tuple[str | int, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
