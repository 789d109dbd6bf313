"""Words made to be slow: whoever sends them gets a song of them, and nobody waits for that."""

import pytest

from tests.flows.conftest import OpenScenario
from tests.flows.scenario import LYRICS, PATIENCE_SECONDS


def slow(newline: str, max_characters: int) -> str:
    """Near misses of a section's name, whose parts could once be found in more ways than there is time for."""
    parts = ("(verse", "1", "x", "2", "a sea of names")
    return (newline * (max_characters // len(parts) // len(newline))).join(parts)[:max_characters]


@pytest.mark.waits
async def test_no_order_keeps_another_member_waiting(open_scenario: OpenScenario, song: bytes) -> None:
    async with open_scenario() as scenario:
        discord = scenario.discord
        by_option = await discord.slash(
            "compose",
            {"lyrics": slow("\\n", 6_000), "title": "By option"},
            files={"reference": ("song.mp3", song)},
            member="Member One",
        )
        asked = await discord.slash("compose", files={"reference": ("song.mp3", song)}, member="Member One")
        form = await discord.until(lambda: asked.modal, PATIENCE_SECONDS)
        by_form = await discord.submit(form, {"title": "By form", "lyrics": slow("\n", 4_000)})
        other = await discord.slash(
            "compose",
            {"lyrics": LYRICS, "title": "Tide"},
            files={"reference": ("song.mp3", song)},
            member="Member Two",
        )
        for order in (other, by_option, by_form):
            await discord.until(lambda order=order: order.messages, PATIENCE_SECONDS)
        for title in ("Tide", "By option", "By form"):
            await scenario.track(title)
        jobs = await scenario.rows()
        assert {job.prompt for job in jobs if job.title != "Tide"} == {"##(verse\n1\nx\n2\na sea of names##"}
        assert discord.violations == []
