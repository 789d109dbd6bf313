"""What every class of settings does alike: where values come from, what is blank, how they are shown."""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from pydantic import model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.masking import shown
from bot.setting_sources import EmptyOnPurpose

Number = TypeVar("Number", int, float)


class SettingsBase(BaseSettings):
    """Settings from the environment and from `.env`, immutable."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some Windows editors begin a file with a byte order mark
        env_ignore_empty=True,  # `NAME=` means "not set" to everybody who writes one
        extra="ignore",
        frozen=True,
    )
    #: Settings whose empty value means "no limit" and not "not set".
    empty_is_none: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _blank_is_unset(cls, values: Any) -> Any:
        stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
        return {name: value for name, value in stripped.items() if value != "" or cls._says_something_empty(name)}

    @classmethod
    def _says_something_empty(cls, name: str) -> bool:
        field = cls.model_fields.get(name)
        return name in cls.empty_is_none or (field is not None and field.is_required())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """As always, and last what is empty on purpose."""
        return (
            init_settings,
            env_settings,
            dotenv_settings,
            file_secret_settings,
            EmptyOnPurpose(settings_cls, dotenv_settings, cls.empty_is_none),
        )

    def given(self, name: str, otherwise: Number) -> Number:
        """The value of this setting if somebody set it, else what suits the model."""
        return getattr(self, name) if name in self.model_fields_set else otherwise

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """What repr and str show: the same as `described`."""
        return list(self.described().items())

    def described(self) -> dict[str, str]:
        """Every setting as it is in force, by its name in the environment; secrets as stars."""
        values = {name.upper(): shown(getattr(self, name)) for name in type(self).model_fields}
        without = {name.upper(): "(no limit)" for name in self.empty_is_none if getattr(self, name) is None}
        return values | without
