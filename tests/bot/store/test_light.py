"""What a start does not load, where it has no use for it."""

import subprocess
import sys


def test_the_bot_does_without_the_migration_tool_until_a_migration_is_due() -> None:
    code = "import sys, bot.app; print([name for name in ('alembic', 'mako', 'asyncpg') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
