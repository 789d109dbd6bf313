"""What the settings say about limits, budgets and prices, and what is odd about them and about the rules."""

import logging
from collections.abc import Sequence

import aiohttp

from bot.amounts import micros_of, money_in_words
from bot.errors import StartError
from bot.generation.trait_kinds import ModelTraits, StyleNeed
from bot.jobs.admission import EVERYWHERE, Terms
from bot.jobs.rule_remarks import RuleRow, remarks_on_rules, remarks_on_terms
from bot.settings import Settings
from bot.store.db import kept_rules
from bot.ui.requirements import OrderedModel

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 15.0


def price_of(settings: Settings, traits: ModelTraits) -> int:
    """What one song costs, in millionths of CURRENCY: PRICE_PER_SONG for the first model, else the published price."""
    if settings.price_per_song is None or traits.model != settings.models[0]:
        return traits.price_micros
    return micros_of(settings.price_per_song)


def ordered_model(settings: Settings, traits: ModelTraits) -> OrderedModel:
    """A model as orders see it."""
    style = traits.style
    return OrderedModel(
        provider=traits.provider,
        name=traits.model,
        style=style.default,
        price_micros=price_of(settings, traits),
        prompt=traits.words,
        reference_min_seconds=traits.reference.over_seconds,
        takes_style=style.need is not StyleNeed.NONE,
        style_min_characters=style.min_characters,
        style_max_characters=style.max_characters,
    )


def terms_of(settings: Settings) -> Terms:
    """The settings' limits and budgets."""
    day, month = settings.budget_per_day, settings.budget_per_month
    return Terms(
        member_per_day=settings.limit_member_per_day,
        member_at_once=settings.limit_member_at_once,
        guild_per_day=settings.limit_guild_per_day,
        budget_per_day_micros=None if day is None else micros_of(day),
        budget_per_month_micros=None if month is None else micros_of(month),
        operators=settings.operator_ids,
    )


async def limits_described(settings: Settings, offered: Sequence[ModelTraits]) -> list[str]:
    """Lines for operators: the prices, and a warning for whatever does not hold as it stands."""
    price_micros = price_of(settings, offered[0])
    remarks = remarks_on_terms(terms_of(settings), price_micros=price_micros, currency=settings.currency)
    try:
        rules = await kept_rules(settings.database_url)
    except StartError:
        rules = []  # the trial of the database says why
    remarks += remarks_on_rules(rules, await _roles_of(settings, rules))
    prices = [
        f"one song{f' with {traits.model}' if len(offered) > 1 else ''} is counted as "
        f"{money_in_words(price_of(settings, traits), settings.currency)}"
        for traits in offered
    ]
    return [*prices, *(f"WARNING: {remark}" for remark in remarks)]


async def _roles_of(settings: Settings, rules: list[RuleRow]) -> dict[int, frozenset[int] | None]:
    """The roles of each server that a rule is about; without those that Discord does not tell now."""
    guild_ids = {rule.guild_id for rule in rules} - {EVERYWHERE}
    found: dict[int, frozenset[int] | None] = {}
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    timeout = aiohttp.ClientTimeout(total=_ANSWER_SECONDS)
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session:
            for guild_id in sorted(guild_ids):
                async with session.get(f"{settings.discord_api_url}/guilds/{guild_id}") as answer:
                    if answer.status == 200:
                        guild = await answer.json(content_type=None)
                        found[guild_id] = frozenset(int(role["id"]) for role in guild["roles"])
                    elif answer.status in {403, 404}:
                        found[guild_id] = None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
        log.info("Discord was not asked for roles (%s); the trial of Discord says why", type(error).__name__)
    return found
