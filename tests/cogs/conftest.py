"""The front's fixtures for the commands' tests."""

from tests.front import fake, front

__all__ = ["fake", "front"]
