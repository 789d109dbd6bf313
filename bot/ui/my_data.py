"""Under `/tracks`: a member gets all that is kept of them as files, or has it deleted, having been asked once."""

import io
import zipfile
from enum import StrEnum

import discord
from discord import ui

from bot.jobs.member_data import MemberData
from bot.jobs.people import Forgotten
from bot.texts import text
from bot.ui.custom_ids import mine_id
from bot.ui.formatting import date_of
from bot.ui.interaction_context import InteractionContext
from bot.ui.render import finished

_NAME = "my-data"
#: What is left of Discord's limit for the words around the files.
_MARGIN_BYTES = 64 * 1024


class MyDataAction(StrEnum):
    """What a button does; stands in its custom_id for years."""

    GIVE = "data"
    FORGET = "forget"
    FORGET_SURE = "forget_sure"


def my_data_buttons(locale: str) -> list[ui.Button[ui.View]]:
    """The two that stand under a member's own list."""
    return [
        ui.Button(label=text("control.my_data", locale), custom_id=mine_id(MyDataAction.GIVE), row=4),
        ui.Button(
            label=text("control.forget", locale),
            style=discord.ButtonStyle.danger,
            custom_id=mine_id(MyDataAction.FORGET),
            row=4,
        ),
    ]


async def run_my_data(ctx: InteractionContext, action: MyDataAction) -> None:
    """Do what the button says, for whoever pressed it."""
    match action:
        case MyDataAction.GIVE:
            await _give(ctx)
        case MyDataAction.FORGET:
            await ctx.reply_privately(ctx.text("tracks.forget_ask"), view=finished(_sure(ctx)))
        case MyDataAction.FORGET_SURE:
            await _forget(ctx)


async def _give(ctx: InteractionContext) -> None:
    await ctx.interaction.response.defer(thinking=True, ephemeral=True)
    data = await ctx.jobs.people.data_of(ctx.member_id, currency=ctx.requirements.shown_currency)
    files = _files(data, ctx.interaction.filesize_limit)
    sentence = "tracks.my_data" if files else "tracks.my_data_too_large"
    await ctx.interaction.edit_original_response(content=ctx.text(sentence), attachments=files)


async def _forget(ctx: InteractionContext) -> None:
    await ctx.interaction.response.defer()
    ctx.services.drafts.forget(ctx.member_id)
    done = await ctx.jobs.people.forget(ctx.member_id)
    await ctx.interaction.edit_original_response(
        content=forgotten_text(done, ctx.locale), embeds=[], attachments=[], view=finished()
    )
    await ctx.jobs.people.take_away(done.deleted)  # they may be many, and Discord takes a few a second


def forgotten_text(done: Forgotten, locale: str) -> str:
    """What is gone, what is not yet, and until when."""
    parts = [text("tracks.forgotten", locale, count=len(done.deleted))]
    if done.finishing:
        parts.append(text("tracks.forgotten_finishing", locale, count=done.finishing))
    parts.append(text("tracks.forgotten_ledger", locale, until=date_of(done.ids_until)))
    return "\n".join(parts)


def _sure(ctx: InteractionContext) -> ui.Button[ui.View]:
    return ui.Button(
        label=ctx.text("control.forget_sure"),
        style=discord.ButtonStyle.danger,
        custom_id=mine_id(MyDataAction.FORGET_SURE),
    )


def _files(data: MemberData, limit_bytes: int) -> list[discord.File]:
    """For people and for machines; both in one archive where they are too large; none where that is."""
    plain = {f"{_NAME}.txt": data.as_text().encode(), f"{_NAME}.json": data.as_json().encode()}
    room = limit_bytes - _MARGIN_BYTES
    if sum(map(len, plain.values())) <= room:
        return [discord.File(io.BytesIO(content), filename=name) for name, content in plain.items()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in plain.items():
            archive.writestr(name, content)
    if packed.tell() > room:
        return []
    packed.seek(0)
    return [discord.File(packed, filename=f"{_NAME}.zip")]
