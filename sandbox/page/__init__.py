"""The channel as a web page, over the sandbox's Discord alone, for any bot; its panel takes levers from outside."""

from .backstage import Backstage
from .levers import Extra, Group, Lever, LeverError
from .server import Page, page_application

__all__ = ["Backstage", "Extra", "Group", "Lever", "LeverError", "Page", "page_application"]
