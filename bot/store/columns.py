"""Column types that SQLite and PostgreSQL would otherwise store differently, or not at all."""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Discord's ids and row numbers. On SQLite a plain INTEGER (64 bits there) so that a primary key is the rowid.
SNOWFLAKE = BigInteger().with_variant(Integer(), "sqlite")

#: What no column can hold: NUL (PostgreSQL) and lone surrogates (both; JSON from Discord may carry them).
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Instant(TypeDecorator[datetime]):
    """A moment: `timestamptz` on PostgreSQL, on SQLite text in UTC of fixed width, which sorts and can be read."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Refuse a naive datetime: it would be stored as some other moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """Give it back in UTC."""
        if value is None:
            return None
        return (value if isinstance(value, datetime) else datetime.fromisoformat(str(value))).astimezone(UTC)


class SafeText(TypeDecorator[str]):
    """Text from outside. What cannot be stored becomes U+FFFD instead of an error that would lose the rest."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace NUL and lone surrogates."""
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)
