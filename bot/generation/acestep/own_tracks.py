"""Where the server's tracks lie: on the server itself, wherever that is, behind its key, and nowhere else."""

import logging
from collections.abc import Mapping

import aiohttp
import yarl

from bot.download import DownloadError, DownloadFault, has_plausible_host
from bot.errors import TrackLostError
from bot.generation.tracks import origin_of

log = logging.getLogger(__name__)


class OwnTracks:
    """Addresses of files as the server gives them: from its root on, without a host.

    What it names is a stranger's text all the same, and the key goes along: neither leads to another server. The one
    that was configured is trusted wherever it lies, this machine and the operator's network included.
    """

    def __init__(self, *, base_url: str, session: aiohttp.ClientSession, key_header: Mapping[str, str]) -> None:
        """`session` goes to the server alone; `key_header` is sent along."""
        self._base = yarl.URL(base_url.strip())
        self._session = session
        self._key_header = dict(key_header)

    def address_of(self, file: str) -> str:
        """The address behind what the server calls a file; a path in the base is put before its own.

        Kept in a row without the server's name, it holds after a move to another. Raises TrackLostError.
        """
        if file.startswith("/") and not file.startswith(("//", "/\\")):
            return f"{str(self._base).rstrip('/')}{file}"
        try:
            is_own = has_plausible_host(file) and origin_of(yarl.URL(file)) == origin_of(self._base)
        except ValueError:
            is_own = False
        if not is_own:
            log.warning("a track's address is not asked: it does not lie on the server")
            raise TrackLostError("not an address of the server")
        return file

    def session_for(self, url: yarl.URL) -> aiohttp.ClientSession:
        """The session that may ask this address, which is one hop of a download. Raises DownloadError."""
        if origin_of(url) != origin_of(self._base):
            log.warning("a track's address is not asked: it leads away from the server", extra={"host": url.host})
            raise DownloadError(DownloadFault.URL, "not an address of the server")
        return self._session

    def headers_for(self, url: yarl.URL) -> Mapping[str, str]:
        """What goes along to this address: the key, to the server alone."""
        return self._key_header if origin_of(url) == origin_of(self._base) else {}
