"""A setting's value as it may be read by others: secrets as stars, in addresses too. Pure."""

from pydantic import SecretStr

_STARS = "********"
#: Parameters of an address that are shown as they are; any other may be a key under whatever name.
_HARMLESS_PARAMETERS = frozenset({
    "application_name", "channel_binding", "compress", "connect_timeout", "database", "dbname", "encoding", "host",
    "passfile", "port", "prepared_statement_cache_size", "service", "ssl", "sslcert", "sslkey", "sslmode",
    "sslnegotiation", "sslrootcert", "statement_cache_size", "target_session_attrs", "user", "v",
})  # fmt: skip


def shown(value: object) -> str:
    """The value in words."""
    if value is None:
        return "(unset)"
    if isinstance(value, SecretStr):
        return _STARS
    text = str(value)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    address, _, fragment = rest.partition("#")
    place, _, query = address.partition("?")
    address_shown = f"{scheme}://{_login_hidden(place, keeps_user=scheme.startswith('postgres'))}"
    if query:
        address_shown += "?" + "&".join(_parameter_shown(parameter) for parameter in query.split("&"))
    return f"{address_shown}#{_STARS}" if fragment else address_shown


def _login_hidden(place: str, *, keeps_user: bool) -> str:
    """Where a login stands alone it may be a key; a database's user is none."""
    authority, slash, path = place.partition("/")
    login, at, host = authority.rpartition("@")
    user, colon, _ = login.partition(":")
    if not at:
        return place
    return f"{user if keeps_user else _STARS}{colon and ':' + _STARS}@{host}{slash}{path}"


def _parameter_shown(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return parameter if equals and name.lower() in _HARMLESS_PARAMETERS else f"{name}={_STARS}" if equals else _STARS
