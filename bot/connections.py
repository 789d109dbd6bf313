"""Connections: the ways out that the operator chose, and those that only ever go to public addresses.

Of the latter, the address that was judged is the one that is connected to.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
import yarl
from aiohttp import TCPConnector, ThreadedResolver, hdrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http import SERVER_SOFTWARE

from bot.addresses import NotPublicError, is_public_address
from bot.proxies import Proxy, ProxyError

Judge = Callable[[str], bool]


class RoutingConnector(TCPConnector):
    """Takes each request the way that is chosen for its address, and gives it our name where it has none.

    In the connector, because discord.py makes its own session and knows one proxy for all addresses; and its calls for
    interactions and webhooks name themselves as aiohttp, which some edges refuse. Raises ProxyError.
    """

    def __init__(
        self,
        *,
        route: Callable[[yarl.URL], Proxy | None],
        user_agent: str,
        limit: int = 100,
        force_close: bool = False,
        tls: ssl.SSLContext | bool = True,
    ) -> None:
        """Needs a running loop. `limit`: connections at once, 0 for any number; `force_close`: one for each request.

        `tls`: whose certificates are good, as aiohttp takes it.
        """
        super().__init__(limit=limit, force_close=force_close, ssl=tls)  # pyright: ignore[reportUnknownMemberType]
        self._route = route
        self._user_agent = user_agent

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.connector.Connection:
        """See BaseConnector.connect."""
        if req.headers.get(hdrs.USER_AGENT) == SERVER_SOFTWARE:
            req.headers[hdrs.USER_AGENT] = self._user_agent
        proxy = self._route(req.url)
        if proxy is None:
            return await super().connect(req, traces, timeout)
        self._lead(req, proxy)
        try:
            return await super().connect(req, traces, timeout)
        except (
            aiohttp.ClientHttpProxyError,
            aiohttp.ClientProxyConnectionError,
            aiohttp.ClientConnectorDNSError,  # of the proxy's own name: no other is looked up here
        ) as error:
            raise ProxyError.after(error) from error

    def _lead(self, req: aiohttp.ClientRequest, proxy: Proxy) -> None:
        """The login goes to the proxy alone: on the CONNECT, or where there is none, on the request that it reads."""
        login = {hdrs.PROXY_AUTHORIZATION: proxy.login} if proxy.login else {}
        req.update_proxy(proxy.url, None, {hdrs.USER_AGENT: self._user_agent, **login})
        if not req.is_ssl():
            req.headers.update(login)


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
