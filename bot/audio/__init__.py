"""Sound in, sound out: is it a usable reference, make it one, dress the track. FFmpeg runs in children only."""

from bot.audio.model import (
    OURS,
    Conversion,
    Dressed,
    Inspection,
    Limits,
    Needs,
    Problem,
    Purpose,
    Reason,
    Step,
    Tags,
    Verdict,
)
from bot.audio.names import as_it_came, file_name
from bot.audio.wording import sentence
from bot.audio.workbench import ClosedError, Workbench

__all__ = [
    "OURS",
    "ClosedError",
    "Conversion",
    "Dressed",
    "Inspection",
    "Limits",
    "Needs",
    "Problem",
    "Purpose",
    "Reason",
    "Step",
    "Tags",
    "Verdict",
    "Workbench",
    "as_it_came",
    "file_name",
    "sentence",
]
