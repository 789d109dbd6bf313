"""The buttons under a song's report. Each says in its id for which scope it was drawn; the right is checked anew."""

import discord
from discord import ui

from bot.errors import NoSuchJobError, TooLateError
from bot.jobs.acts import ActRefusedError
from bot.jobs.admission import EVERYWHERE
from bot.jobs.model import Job, JobState
from bot.jobs.service import Actor
from bot.operators.answers import Answer, offers
from bot.operators.replies import reply
from bot.operators.rights import Desk, manager_desk, owner_desk
from bot.texts import text
from bot.ui.button_actions import JobPress, remove_messages
from bot.ui.controls import Control
from bot.ui.custom_ids import OPERATOR_TEMPLATE, operator_id
from bot.ui.formatting import mention, titled
from bot.ui.interaction_context import InteractionContext
from bot.ui.render import finished

#: Action -> its label.
LABELS = {
    "deliver": "operators.control.deliver",
    "look": "operators.control.look",
    "give_back": "operators.control.give_back",
    "delete": "operators.control.delete",
    "delete_sure": "operators.control.delete_sure",
}
_STYLES = {"delete": discord.ButtonStyle.danger, "delete_sure": discord.ButtonStyle.danger}


def song_view(job: Job, scope: int, locale: str) -> ui.View:
    """What can be done with this song as it stands."""
    return finished(*(_button(action, job.id, scope, locale) for action in offers(job)))


def _button(action: str, job_id: int, scope: int, locale: str) -> ui.Button[ui.View]:
    return ui.Button(
        label=text(LABELS[action], locale),
        style=_STYLES.get(action, discord.ButtonStyle.secondary),
        custom_id=operator_id(action, job_id, is_bot_wide=scope == EVERYWHERE),
    )


class OperatorControl(Control, template=OPERATOR_TEMPLATE):
    """Every button of a song's report, of whatever age."""

    async def act(self, ctx: InteractionContext) -> None:
        """Do it, if whoever presses may."""
        desk = await (owner_desk if self.match["scope"] == "o" else manager_desk)(ctx.interaction)
        act = _ACTS.get(self.match["action"])
        if act is None:
            raise ActRefusedError("control.old")
        try:
            await act(desk, int(self.match["job"]))
        except NoSuchJobError:
            raise ActRefusedError("operators.no_song") from None
        except TooLateError:
            raise ActRefusedError("operators.too_late") from None


async def _deliver(desk: Desk, job_id: int) -> None:
    """What reached nobody is sent once more; what was delivered is posted from our copy, where this is pressed."""
    job = (await desk.operating.song(desk.scope, job_id)).job
    if job.state is JobState.DELIVERED:
        await desk.operating.posted_again(desk.scope, desk.by, job_id)
        await JobPress(desk.ctx, job, job_id).post()
        return
    await desk.operating.deliver_again(desk.scope, desk.by, job_id)
    await _say(desk, "operators.song.delivering")


async def _look(desk: Desk, job_id: int) -> None:
    await desk.operating.look_again(desk.scope, desk.by, job_id)
    await _say(desk, "operators.song.looking")


async def _give_back(desk: Desk, job_id: int) -> None:
    job = (await desk.operating.song(desk.scope, job_id)).job
    was_taken = await desk.operating.give_back(desk.scope, desk.by, job_id)
    key = "operators.song.given_back" if was_taken else "operators.song.not_given_back"
    await _say(desk, key, member=mention(job.member_id))


async def _delete(desk: Desk, job_id: int) -> None:
    job = (await desk.operating.song(desk.scope, job_id)).job
    if job.is_live:
        raise TooLateError(f"job {job_id} is {job.state}")
    ask = desk.ctx.text("operators.song.delete_ask", title=titled(job, desk.ctx.locale))
    await reply(desk.ctx, Answer(body=ask), view=finished(_button("delete_sure", job_id, desk.scope, desk.ctx.locale)))


async def _delete_sure(desk: Desk, job_id: int) -> None:
    job = (await desk.operating.song(desk.scope, job_id)).job
    if job.is_live:
        raise TooLateError(f"job {job_id} is {job.state}")
    await desk.ctx.interaction.response.defer(ephemeral=True, thinking=True)
    # the audit line first, then the messages: if this process dies in between, the row is there to be deleted once more
    await desk.operating.deleted(desk.scope, desk.by, job_id)
    clean = await remove_messages(desk.ctx.interaction.client, job)
    await desk.ctx.jobs.delete(job_id, Actor(member_id=desk.by, is_moderator=True))
    await _say(desk, "operators.song.deleted" if clean else "operators.song.deleted_partly")


async def _say(desk: Desk, key: str, **values: object) -> None:
    await reply(desk.ctx, Answer(body=desk.ctx.text(key, **values)))


_ACTS = {
    "deliver": _deliver,
    "look": _look,
    "give_back": _give_back,
    "delete": _delete,
    "delete_sure": _delete_sure,
}
