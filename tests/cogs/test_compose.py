"""`/compose` as members type it, well and badly."""

import pytest

from bot.jobs.model import JobState, Origin
from sandbox.discord import FakeDiscord, Install
from sandbox.discord.objects import ChannelType
from tests.client_kit import LYRICS, SONG, ClientKit, labels_of, text_of


async def test_a_good_order_becomes_a_job_and_a_card(client_kit: ClientKit) -> None:
    job = await client_kit.order(options={"title": "Thick & thin"})
    card = client_kit.card(job)
    assert job.state is JobState.CHECKING
    assert (job.title, job.lyrics, job.prompt) == ("Thick & thin", LYRICS, f"##{LYRICS}##")
    assert job.reference.name == "song.mp3"
    assert job.reference.expires_at is not None
    assert job.place.origin is Origin.GUILD
    assert "Thick & thin" in card.content
    assert "Side by side" in text_of(card)
    assert labels_of(card) == ["Cancel", "Lyrics"]
    assert card.visible_to is None
    assert client_kit.woken == [job.id]
    assert client_kit.fake.violations == []


async def test_without_a_title_the_first_line_is_the_title(client_kit: ClientKit) -> None:
    assert (await client_kit.order()).title == "Side by side, through thick and thin"


@pytest.mark.parametrize(
    ("lyrics", "sentence"),
    [
        ("[Verse]\n🔥", "nothing to sing"),
        ("la " * 300, "at most 600"),
        ("a naughty song", "not sung here"),
    ],
)
async def test_words_that_cannot_be_taken_come_back_privately(
    client_kit: ClientKit, lyrics: str, sentence: str
) -> None:
    done = await client_kit.fake.slash("compose", {"lyrics": lyrics}, files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert answer.visible_to == done.user.id
    assert sentence in text_of(answer)
    assert lyrics.strip()[:100] in text_of(answer)
    assert labels_of(answer) == ["Change and send again"]
    assert client_kit.woken == []


async def test_the_count_is_named_with_the_limit(client_kit: ClientKit) -> None:
    done = await client_kit.fake.slash("compose", {"lyrics": "a" * 700}, files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert "704" in answer.content
    assert "600" in answer.content
    assert "104" in answer.content


async def test_very_long_lyrics_come_back_as_a_file(client_kit: ClientKit) -> None:
    lyrics = "la la la\n" * 600
    done = await client_kit.fake.slash("compose", {"lyrics": lyrics.strip()}, files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert [file.filename for file in answer.attachments] == ["lyrics.txt"]
    assert answer.attachments[0].data.decode() == lyrics.strip()


async def test_an_empty_file_is_refused_with_the_words_given_back(client_kit: ClientKit) -> None:
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": ("song.mp3", b"")})
    answer = await client_kit.shown(done)
    assert "empty" in answer.content
    assert "Side by side" in text_of(answer)


@pytest.mark.parametrize(("revoked", "named"), [("SEND_MESSAGES", "Send Messages"), ("ATTACH_FILES", "Attach Files")])
async def test_a_missing_permission_is_named_before_anything_is_paid(
    client_kit: ClientKit, revoked: str, named: str
) -> None:
    client_kit.fake.revoke(revoked)
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert named in answer.content
    assert "Side by side" in text_of(answer)
    assert client_kit.woken == []


async def test_the_same_interaction_twice_is_one_job_and_one_card(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    interaction = client_kit.fake.interactions[-1]
    await client_kit.fake.replay(interaction)
    await client_kit.fake.settle(0.3)
    assert client_kit.woken == [job.id]
    assert len(client_kit.fake.messages) == 1


async def test_the_same_interaction_after_a_restart_is_one_job(client_kit: ClientKit) -> None:
    job = await client_kit.order()
    await client_kit.restart()
    await client_kit.fake.replay(client_kit.fake.interactions[-1])
    await client_kit.fake.settle(0.3)
    assert client_kit.woken == [job.id]


async def test_an_order_in_a_thread_stays_there(client_kit: ClientKit) -> None:
    thread = client_kit.fake.start_thread("songs")
    job = await client_kit.order(channel=thread)
    assert job.place.channel_id == thread.id


async def test_in_a_thread_its_own_permission_counts(client_kit: ClientKit) -> None:
    thread = client_kit.fake.start_thread("songs")
    client_kit.fake.revoke("SEND_MESSAGES_IN_THREADS")
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, channel=thread)
    answer = await client_kit.shown(done)
    assert "Send Messages in Threads" in answer.content


async def test_direct_messages_work(client_kit: ClientKit) -> None:
    job = await client_kit.order(channel=client_kit.fake.open_dm())
    assert job.place.origin is Origin.DIRECT
    assert job.place.guild_id is None


async def test_a_user_installed_app_says_its_limits_on_the_card(client_kit: ClientKit) -> None:
    job = await client_kit.order(install=Install.USER)
    assert job.place.origin is Origin.USER_INSTALL
    done = client_kit.fake.interactions[-1]
    assert done.original is not None
    assert "15 minutes" in text_of(done.original)


async def test_a_german_member_reads_german(client_kit: ClientKit, fake: FakeDiscord) -> None:
    fake.member().locale = "de"
    job = await client_kit.order()
    assert "Vorlage" not in client_kit.card(job).content
    assert "höre" in client_kit.card(job).content
    assert job.place.locale == "de"


async def test_mentions_in_titles_ping_nobody_and_markdown_stays_text(client_kit: ClientKit) -> None:
    other = client_kit.fake.members[1]
    job = await client_kit.order(options={"title": f"**@everyone** <@{other.id}>"})
    card = client_kit.card(job)
    assert card.pinged_user_ids == ()
    assert f"<@{other.id}>" not in card.content.replace(f"\\<\\@{other.id}\\>", "")


async def test_a_private_thread_without_the_bot_is_said_before_anything_is_taken(client_kit: ClientKit) -> None:
    thread = client_kit.fake.start_thread("secret", private_to=["Member One"])
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, channel=thread)
    answer = await client_kit.shown(done)
    assert "I am not in this private thread" in answer.content
    assert "Side by side" in text_of(answer)
    assert client_kit.woken == []
    await client_kit.fake.post(f"<@{client_kit.fake.world.application_id}>", channel=thread)
    job = await client_kit.order(channel=thread)
    assert job.place.channel_id == thread.id


async def test_a_private_thread_that_the_bot_knows_again_only_by_asking_is_taken(client_kit: ClientKit) -> None:
    thread = client_kit.fake.start_thread("secret", private_to=["Member One"])
    thread.thread_member_ids.add(client_kit.fake.world.application_id)  # and nobody told the bot
    job = await client_kit.order(channel=thread)
    assert job.place.channel_id == thread.id
    assert len(client_kit.fake.calls_to("GET", f"^/channels/{thread.id}$")) == 1


async def test_who_sees_all_private_threads_need_not_be_in_one(client_kit: ClientKit) -> None:
    client_kit.fake.grant("manage_threads")
    thread = client_kit.fake.start_thread("secret", private_to=["Member One"])
    job = await client_kit.order(channel=thread)
    assert job.place.channel_id == thread.id
    assert client_kit.fake.calls_to("GET", "^/channels/") == []


async def test_an_edge_that_knows_nothing_of_a_private_thread_does_not_keep_an_order_out(client_kit: ClientKit) -> None:
    thread = client_kit.fake.start_thread("secret", private_to=["Member One"])
    client_kit.fake.fail("GET", f"^/channels/{thread.id}$", status=403, body="<html>403</html>")
    assert (await client_kit.order(channel=thread)).place.channel_id == thread.id


async def test_the_text_of_a_voice_channel_needs_connect(client_kit: ClientKit) -> None:
    place = client_kit.fake.add_channel("hall", ChannelType.VOICE)
    assert (await client_kit.order(channel=place)).place.channel_id == place.id
    client_kit.fake.revoke("connect", channel=place)
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, channel=place)
    answer = await client_kit.shown(done)
    assert "**Connect**" in answer.content


async def test_a_bot_in_timeout_takes_no_order(client_kit: ClientKit) -> None:
    client_kit.fake.time_out(60)
    done = await client_kit.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    answer = await client_kit.shown(done)
    assert "**Send Messages**" in answer.content
    assert client_kit.woken == []
