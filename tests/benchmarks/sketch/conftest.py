"""The generator's known songs for the examiner's tests."""

from tests.sandbox.sketch.conftest import rock

__all__ = ["rock"]
