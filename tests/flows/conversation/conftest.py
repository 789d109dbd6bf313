"""The client kit's fixtures for conversations."""

from tests.client_kit import client_kit, fake

__all__ = ["client_kit", "fake"]
