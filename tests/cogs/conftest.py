"""The client kit's fixtures for the commands' tests."""

from tests.client_kit import client_kit, fake

__all__ = ["client_kit", "fake"]
