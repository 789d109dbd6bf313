"""How a setting is shown: whatever may be a password or a key as stars. Pure."""

from pydantic import SecretStr

_STARS = "********"
#: Parameters of an address that are shown as they are; any other may be a key under whatever name.
_HARMLESS_PARAMETERS = frozenset({
    "application_name", "channel_binding", "compress", "connect_timeout", "database", "dbname", "encoding", "host",
    "passfile", "port", "prepared_statement_cache_size", "service", "ssl", "sslcert", "sslkey", "sslmode",
    "sslnegotiation", "sslrootcert", "statement_cache_size", "target_session_attrs", "user", "v",
})  # fmt: skip


def shown(value: object) -> str:
    """A setting's value for human eyes: secrets, and what in an address may be one, as stars."""
    if value is None:
        return "(unset)"
    if isinstance(value, SecretStr):
        return _STARS if value.get_secret_value() else "(unset)"
    text = str(value)
    scheme, separator, rest = text.partition("://")
    if not separator:
        return text
    address, _, fragment = rest.partition("#")
    place, _, query = address.partition("?")
    shown = f"{scheme}://{_login_hidden(place, keeps_user=scheme.startswith('postgres'))}"
    if query:
        shown += "?" + "&".join(_parameter_shown(parameter) for parameter in query.split("&"))
    return f"{shown}#{_STARS}" if fragment else shown


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
