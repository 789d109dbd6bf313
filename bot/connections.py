"""Connections that only ever go to public addresses: the one that was judged is the one that is connected to."""

import socket
import ssl
from collections.abc import Callable
from typing import Any

from aiohttp import TCPConnector, ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.addresses import NotPublicError, is_public_address

Judge = Callable[[str], bool]


class _JudgingResolver(AbstractResolver):
    """Looks a name up once and lets through what is public; nothing is looked up again after it."""

    def __init__(self, resolver: AbstractResolver, is_public: Judge) -> None:
        self._resolver = resolver
        self._is_public = is_public

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [result for result in found if self._is_public(result["host"])]
        if found and not public:
            raise NotPublicError("a name that leads to no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def public_connector(
    *,
    limit: int,
    resolver: AbstractResolver | None = None,
    is_public: Judge = is_public_address,
    tls: ssl.SSLContext | bool = True,
) -> TCPConnector:
    """A connector for one session; needs a running loop. TLS checks the certificate against the name, as ever.

    `limit`: connections at once; `resolver`: who looks names up; `is_public` judges an address as text; `tls`: whose
    certificates are good, as aiohttp takes it. A connection that would go elsewhere fails with ClientConnectorError,
    whose `os_error` is a NotPublicError.
    """

    def open_socket(found: tuple[Any, ...]) -> socket.socket:
        # the last moment before connecting: an address that stood in the URL itself comes by here alone
        family, kind, protocol, _, address = found
        if not is_public(str(address[0])) or (len(address) == 4 and address[3]):
            raise NotPublicError("not a public address")
        return socket.socket(family, kind, protocol)

    return TCPConnector(
        limit=limit,
        resolver=_JudgingResolver(resolver or ThreadedResolver(), is_public),
        socket_factory=open_socket,
        ssl=tls,
    )
