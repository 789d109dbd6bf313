"""A bot of somebody else: a poll by command, votes by button, other answers by form. It knows discord.py alone."""

import os
from typing import Any

import discord
from discord import app_commands, ui
from yarl import URL


class OwnAnswer(ui.Modal, title="Your own answer"):
    answer = ui.Label(text="Answer", component=ui.TextInput(custom_id="answer", max_length=40))

    def __init__(self, poll: "Poll") -> None:
        super().__init__()
        self.poll = poll

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.answer.component, ui.TextInput)
        await self.poll.vote(interaction, self.answer.component.value)


class Poll(ui.View):
    def __init__(self, question: str) -> None:
        super().__init__(timeout=None)
        self.question = question
        self.votes: dict[int, str] = {}

    def __str__(self) -> str:
        answers = sorted(self.votes.values())
        counted = ", ".join(f"{answer}: {answers.count(answer)}" for answer in dict.fromkeys(answers))
        return f"{self.question} {counted}" if counted else self.question

    async def vote(self, interaction: discord.Interaction, answer: str) -> None:
        self.votes[interaction.user.id] = answer
        await interaction.response.edit_message(content=str(self), view=self)

    @ui.button(label="Yes", style=discord.ButtonStyle.success)
    async def yes(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        await self.vote(interaction, "Yes")

    @ui.button(label="Something else")
    async def other(self, interaction: discord.Interaction, _: ui.Button[Any]) -> None:
        await interaction.response.send_modal(OwnAnswer(self))


@app_commands.command(description="Ask everybody here")
async def poll(interaction: discord.Interaction, question: str) -> None:
    asked = Poll(question)
    await interaction.response.send_message(str(asked), view=asked)


class PollBot(discord.Client):
    def __init__(self, **options: Any) -> None:
        super().__init__(intents=discord.Intents(guilds=True), **options)
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(poll)

    async def setup_hook(self) -> None:
        await self.tree.sync()


def main() -> None:
    if "DISCORD_API_URL" in os.environ:
        discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["DISCORD_GATEWAY_URL"])
    PollBot().run(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    main()
