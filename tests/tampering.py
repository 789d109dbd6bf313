"""Children that go wrong on purpose: the real worker, with something else in the place of FFmpeg's door."""

from pathlib import Path

TAMPERING = """
import ctypes, os, signal, sys, time

class Opening:
    def __init__(self, function):
        self.function = function
    def find_spec(self, name, path=None, target=None):
        if name != "bot.audio.decode":
            return None
        sys.meta_path.remove(self)
        import av
        real = av.open
        av.open = lambda *given, **named: self.function(real, *given, **named)

def opening(function):
    if sys.orig_argv[-1] == "bot.audio.worker":
        sys.meta_path.insert(0, Opening(function))
"""


def tamper(folder: Path, code: str) -> None:
    """Makes every child that finds `folder` on its import path run `code` when its interpreter starts.

    `opening(function)` there puts something in `av.open`'s place; `function` gets the real one first.
    """
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(f"{TAMPERING}\n{code}\n")
