"""Limits that somebody set to nothing: with them an empty value means "no limit", with all other settings "not set"."""

from typing import Any

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, PydanticBaseSettingsSource

#: Settings whose empty value means "no limit" and not "not set".
EMPTY_IS_NONE = frozenset({
    "limit_member_per_day", "limit_member_at_once", "limit_guild_per_day", "budget_per_day", "budget_per_month",
})  # fmt: skip


class EmptyLimits(PydanticBaseSettingsSource):
    """Where no other source has a value for such a setting, an empty one is its value. The last of the sources."""

    def __init__(self, settings_cls: type[BaseSettings], env_file: Any) -> None:
        """`env_file`: as it is read; None where it is not."""
        super().__init__(settings_cls)
        self._sources = (
            EnvSettingsSource(settings_cls, env_ignore_empty=False),
            DotEnvSettingsSource(settings_cls, env_file=env_file, env_ignore_empty=False),
        )

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Not asked: the whole is made at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Each such setting with an empty text."""
        empty = {name for source in self._sources for name, value in source().items() if value == ""}
        return dict.fromkeys(empty & EMPTY_IS_NONE, "")
