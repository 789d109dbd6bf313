"""The front's fixtures for the delivery's tests."""

from tests.front import fake, front

__all__ = ["fake", "front"]
