"""Every SQL statement: the job table on SQLite or PostgreSQL, its migrations, and what may go wrong with a database."""

from bot.store.without_orm import load_without_orm

load_without_orm()
