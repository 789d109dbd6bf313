from tests.bot.jobs.conftest import kit, template

__all__ = ["kit", "template"]
