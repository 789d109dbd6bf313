"""The composition root: opens everything in order, hands it on by name, closes it in reverse."""

import asyncio
import logging
import signal
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from aiolimiter import AsyncLimiter

from bot import crash
from bot.audio import Workbench
from bot.client import ComposeClient, TokenRefusedError, point_at
from bot.clock import Clock, SystemClock
from bot.delivery import DiscordDelivery
from bot.download import remove_leftovers
from bot.engine.embedded import EmbeddedEngine
from bot.errors import StartError
from bot.generation import GenerationClient, Limits as CallLimits, Sessions, profile_named
from bot.health import Checks, HealthServer, Pulse, serve_health
from bot.jobs.bench import Bench, Limits, Step
from bot.jobs.drive import Driver
from bot.jobs.files import JobFiles
from bot.jobs.finishing import Finishing
from bot.jobs.forecast import Forecast
from bot.jobs.model import LIVE
from bot.jobs.ports import JobStore
from bot.jobs.retention import Retention
from bot.jobs.schedule import Pace
from bot.jobs.service import JobService
from bot.jobs.showing import Showing
from bot.jobs.submitting import Submitting
from bot.listening import Listening
from bot.metrics import Metrics
from bot.owned import Owner
from bot.settings import Settings
from bot.store import open_store

log = logging.getLogger(__name__)

#: Discord is given so long to answer the first connection before the process gives up and leaves it to its supervisor.
_FIRST_CONNECT_SECONDS = 60.0
