"""The core of Compose: works and is tested without any cog."""

__version__ = "0.1.0"
