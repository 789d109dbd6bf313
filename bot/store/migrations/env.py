"""Where Alembic enters: it runs this file under the name `env_py`, with an open transaction in its configuration."""

from alembic import context

from bot.store.tables import metadata


def run() -> None:
    """Run what was asked for inside the caller's transaction, so that the version number moves with the tables."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


if __name__ == "env_py":
    run()
