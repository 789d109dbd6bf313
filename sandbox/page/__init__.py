"""The channel as a web page, over the sandbox's Discord alone: it serves any bot, not only this one."""

from .backstage import Backstage
from .server import Page, page_application

__all__ = ["Backstage", "Page", "page_application"]
