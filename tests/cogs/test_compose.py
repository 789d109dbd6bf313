"""`/compose` as members type it, well and badly."""

import pytest

from bot.jobs.model import JobState, Origin
from sandbox.discord import FakeDiscord, Install
from tests.front import LYRICS, SONG, Front, labels_of, words_of


async def test_a_good_order_becomes_a_job_and_a_card(front: Front) -> None:
    job = await front.order(options={"title": "Thick & thin"})
    card = front.card(job)
    assert job.state is JobState.CHECKING
    assert (job.title, job.lyrics, job.prompt) == ("Thick & thin", LYRICS, f"##{LYRICS}##")
    assert job.reference.name == "song.mp3"
    assert job.reference.expires_at is not None
    assert job.place.origin is Origin.GUILD
    assert "Thick & thin" in card.content
    assert "Side by side" in words_of(card)
    assert labels_of(card) == ["Cancel"]
    assert card.visible_to is None
    assert front.looked_at == [job.id]
    assert front.fake.violations == []


async def test_without_a_title_the_first_line_is_the_title(front: Front) -> None:
    assert (await front.order()).title == "Side by side, through thick and thin"


@pytest.mark.parametrize(
    ("lyrics", "sentence"),
    [
        ("[Verse]\n🔥", "nothing to sing"),
        ("la " * 300, "at most 600"),
        ("a naughty song", "not sung here"),
    ],
)
async def test_words_that_cannot_be_taken_come_back_privately(front: Front, lyrics: str, sentence: str) -> None:
    done = await front.fake.slash("compose", {"lyrics": lyrics}, files={"reference": SONG})
    answer = await front.fake.until(lambda: done.original)
    assert answer.visible_to == done.user.id
    assert sentence in words_of(answer)
    assert lyrics.strip()[:100] in words_of(answer)
    assert labels_of(answer) == ["Change and send again"]
    assert front.looked_at == []


async def test_the_count_is_named_with_the_limit(front: Front) -> None:
    done = await front.fake.slash("compose", {"lyrics": "a" * 700}, files={"reference": SONG})
    answer = await front.fake.until(lambda: done.original)
    assert "704" in answer.content
    assert "600" in answer.content
    assert "104" in answer.content


async def test_very_long_lyrics_come_back_as_a_file(front: Front) -> None:
    lyrics = "la la la\n" * 600
    done = await front.fake.slash("compose", {"lyrics": lyrics.strip()}, files={"reference": SONG})
    answer = await front.fake.until(lambda: done.original)
    assert [file.filename for file in answer.attachments] == ["lyrics.txt"]
    assert answer.attachments[0].data.decode() == lyrics.strip()


async def test_an_empty_file_is_refused_with_the_words_given_back(front: Front) -> None:
    done = await front.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": ("song.mp3", b"")})
    answer = await front.fake.until(lambda: done.original)
    assert "empty" in answer.content
    assert "Side by side" in words_of(answer)


@pytest.mark.parametrize(("revoked", "named"), [("SEND_MESSAGES", "Send Messages"), ("ATTACH_FILES", "Attach Files")])
async def test_a_missing_permission_is_named_before_anything_is_paid(front: Front, revoked: str, named: str) -> None:
    front.fake.revoke(revoked)
    done = await front.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG})
    answer = await front.fake.until(lambda: done.original)
    assert named in answer.content
    assert "Side by side" in words_of(answer)
    assert front.looked_at == []


async def test_the_same_interaction_twice_is_one_job_and_one_card(front: Front) -> None:
    job = await front.order()
    interaction = front.fake.interactions[-1]
    await front.fake.replay(interaction)
    await front.fake.settle(0.3)
    assert front.looked_at == [job.id]
    assert len(front.fake.messages) == 1


async def test_the_same_interaction_after_a_restart_is_one_job(front: Front) -> None:
    job = await front.order()
    await front.restart()
    await front.fake.replay(front.fake.interactions[-1])
    await front.fake.settle(0.3)
    assert front.looked_at == [job.id]


async def test_an_order_in_a_thread_stays_there(front: Front) -> None:
    thread = front.fake.start_thread("songs")
    job = await front.order(channel=thread)
    assert job.place.channel_id == thread.id


async def test_in_a_thread_its_own_permission_counts(front: Front) -> None:
    thread = front.fake.start_thread("songs")
    front.fake.revoke("SEND_MESSAGES_IN_THREADS")
    done = await front.fake.slash("compose", {"lyrics": LYRICS}, files={"reference": SONG}, channel=thread)
    answer = await front.fake.until(lambda: done.original)
    assert "Send Messages in Threads" in answer.content


async def test_direct_messages_work(front: Front) -> None:
    job = await front.order(channel=front.fake.open_dm())
    assert job.place.origin is Origin.DIRECT
    assert job.place.guild_id is None


async def test_a_user_installed_app_says_its_limits_on_the_card(front: Front) -> None:
    job = await front.order(install=Install.USER)
    assert job.place.origin is Origin.USER_INSTALL
    done = front.fake.interactions[-1]
    assert done.original is not None
    assert "15 minutes" in words_of(done.original)


async def test_a_german_member_reads_german(front: Front, fake: FakeDiscord) -> None:
    fake.member().locale = "de"
    job = await front.order()
    assert "Vorlage" not in front.card(job).content
    assert "höre" in front.card(job).content
    assert job.place.locale == "de"


async def test_mentions_in_titles_ping_nobody_and_markdown_stays_text(front: Front) -> None:
    other = front.fake.members[1]
    job = await front.order(options={"title": f"**@everyone** <@{other.id}>"})
    card = front.card(job)
    assert card.pinged_user_ids == ()
    assert f"<@{other.id}>" not in card.content.replace(f"\\<\\@{other.id}\\>", "")
