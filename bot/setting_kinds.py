"""The kinds of values that settings hold."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot import amounts
from bot.addresses import public_host
from bot.byte_sizes import size_setting
from bot.proxies import proxy_address

Seconds = Annotated[float, Field(gt=0, le=86_400)]
#: Songs; None: no limit.
SongLimit = Annotated[int | None, BeforeValidator(amounts.limit_of)]
#: An amount in CURRENCY; None: none is set.
Amount = Annotated[Decimal | None, BeforeValidator(amounts.money_of)]
Switch = Annotated[Literal["on", "off"], BeforeValidator(amounts.switch_of)]
FileSize = Annotated[int, Field(ge=1_000, le=1_000_000_000), BeforeValidator(size_setting)]
Space = Annotated[int, Field(ge=0, le=10**15)]
MaxSpace = Annotated[Space | None, BeforeValidator(size_setting)]


class MaybeSecret:
    """Marks a setting that holds a secret although it is no SecretStr: NAME_FILE may name the file it stands in."""


MAYBE_SECRET = MaybeSecret()
ProxyAddress = Annotated[str | None, MAYBE_SECRET, BeforeValidator(proxy_address)]


def is_host_name(name: str) -> bool:
    """Whether it is the name of a public host, as it is written best."""
    try:
        return public_host(name) == name
    except ValueError:
        return False
