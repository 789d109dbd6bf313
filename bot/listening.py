"""Fetches a reference, hears it, keeps a copy; and tells a finished track from anything else."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import aiohttp
from yarl import URL

from bot.audio import Purpose, Reason as SoundReason, Workbench
from bot.clock import Clock
from bot.download import DownloadError, DownloadFault, download
from bot.errors import BusyError, Reason, ReferenceRefusedError, TrackLostError
from bot.jobs.files import JobFiles
from bot.jobs.model import Job
from bot.jobs.ports import Heard
from bot.texts.remarks import noted

log = logging.getLogger(__name__)
