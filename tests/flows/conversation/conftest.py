"""The front's fixtures for conversations."""

from tests.front import fake, front

__all__ = ["fake", "front"]
