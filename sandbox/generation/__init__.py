"""The music API's two calls on loopback: real auth, real errors, real MP3, and any fault on request."""

from sandbox.generation.config import Call, Fault, Manner, Rule, Script, Settings
from sandbox.generation.server import FakeGeneration

__all__ = ["Call", "FakeGeneration", "Fault", "Manner", "Rule", "Script", "Settings"]
