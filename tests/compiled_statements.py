"""Statements that are compiled once in a process that runs tests, not once for each engine.

Each test has a database and engines of its own, and SQLAlchemy compiles anew for each of them: a fifth of what the
tests cost. What is compiled depends on the kind of database and its version alone, for the bot makes all its engines
alike.
"""

from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import LRUCache

from bot.store import engines, postgresql

_COMPILED: "LRUCache[Any, Any]" = LRUCache(5_000)


def compile_once() -> None:
    """From now on; engines that are there already keep their own."""
    for dialect in (SQLiteDialect_aiosqlite, PGDialect_asyncpg):
        dialect.__eq__ = _compiles_alike  # pyright: ignore[reportAttributeAccessIssue]
        dialect.__hash__ = _hash  # pyright: ignore[reportAttributeAccessIssue]
    create = engines.create_async_engine

    def create_async_engine(*arguments: Any, **options: Any) -> AsyncEngine:
        engine = create(*arguments, **options)
        engine.sync_engine._compiled_cache = _COMPILED
        return engine

    for module in (engines, postgresql):
        module.create_async_engine = create_async_engine


def _compiles_alike(one: Dialect, other: object) -> bool:
    return type(one) is type(other) and _version(one) == _version(other)


def _hash(dialect: Dialect) -> int:
    return hash(type(dialect))


def _version(dialect: object) -> object:
    """None before the first connection."""
    return getattr(dialect, "server_version_info", None)
