"""What a job looks like in every state, in every language, within Discord's limits."""

import dataclasses
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Reason
from bot.jobs.model import LIVE, Job, JobState, Origin
from bot.jobs.ports import Eta
from bot.texts import text
from bot.texts.remarks import noted
from bot.ui.buttons import BUTTONS, ButtonTone, JobAction, JobButton, LinkButton, MayPress
from bot.ui.cards import Card, job_card, progress, progress_bar
from bot.ui.formatting import plain
from bot.ui.track_cards import shared_card, track_card
from tests.bot.ui.examples import MEMBER, NOW, REQUIREMENTS, example_job, example_place

NOTHING = Eta()


def card_of(job: Job, eta: Eta = NOTHING, locale: str = "en-GB") -> Card:
    return job_card(job, eta, now=NOW, requirements=REQUIREMENTS, locale=locale)


def verbs(card: Card) -> list[JobAction]:
    return [button.action for button in card.buttons if isinstance(button, JobButton)]


def check_limits(card: Card) -> None:
    """Discord's: content 2000, description 4096, field name 256 and value 1024, all of an embed 6000, five buttons."""
    assert 0 < len(card.content) <= 2000
    assert len(card.description) <= 4096
    assert all(0 < len(line.name) <= 256 and 0 < len(line.value) <= 1024 for line in card.lines)
    assert len(card.description) + len(card.footer) + sum(len(x.name) + len(x.value) for x in card.lines) <= 6000
    assert len(card.buttons) <= 5
    assert all(0 < len(button.label) <= 80 for button in card.buttons)
    assert all(len(button.url) <= 512 for button in card.buttons if isinstance(button, LinkButton))


@pytest.mark.parametrize("state", list(JobState))
@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_every_state_has_a_card_within_discords_limits(state: JobState, locale: str) -> None:
    card = card_of(example_job(state), locale=locale)
    check_limits(card)
    assert "Side by side" in card.content
    assert "{" not in card.content + card.description


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_every_reason_is_told_in_a_sentence_without_gaps(reason: Reason, locale: str) -> None:
    detail = "attach_files" if reason is Reason.NO_PERMISSION else ""
    card = card_of(example_job(JobState.FAILED, reason=reason, detail=detail), locale=locale)
    check_limits(card)
    if reason not in {
        Reason.LYRICS_TOO_SHORT,
        Reason.LYRICS_TOO_LONG,
        Reason.TITLE_TOO_LONG,
        Reason.MEMBER_SPACE,
        Reason.WRONG_CHANNEL,
    }:  # never those of a row
        assert len(card.description) > 10
    assert "{" not in card.description


@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_a_busy_provider_costs_nothing_unless_there_was_a_try_before(locale: str) -> None:
    first = example_job(JobState.FAILED, reason=Reason.BUSY_TOO_LONG, attempt=0)
    again = example_job(JobState.FAILED, reason=Reason.BUSY_TOO_LONG, attempt=2)
    assert card_of(first, locale=locale).description != card_of(again, locale=locale).description
    assert "the first try may have been" in card_of(again).description


def test_a_fault_of_our_disk_is_not_blamed_on_the_song() -> None:
    job = example_job(JobState.FAILED, reason=Reason.DISK, attempt=0)
    assert "It is not your file" in card_of(job).description
    assert verbs(card_of(job)) == [JobAction.AGAIN, JobAction.EDIT]


def test_a_place_that_takes_no_files_is_not_blamed_on_the_song() -> None:
    job = example_job(JobState.REFUSED, reason=Reason.NO_PERMISSION, detail="attach_files", generation_id=None)
    assert "**Attach Files**" in card_of(job).description
    assert verbs(card_of(job)) == [JobAction.AGAIN, JobAction.EDIT]


def test_a_songs_fault_is_told_with_its_numbers_in_the_readers_language() -> None:
    detail = noted("sound.too_short", seconds=8.0, needed=15.0)
    job = example_job(JobState.REFUSED, reason=Reason.SOUND, detail=detail)
    assert "8.0 seconds" in card_of(job).description
    assert "8,0" in card_of(job, locale="de").description
    assert "Sekunden" in card_of(job, locale="de").description


def test_a_fault_that_cannot_be_spelled_out_is_told_in_general() -> None:
    job = example_job(JobState.REFUSED, reason=Reason.SOUND, detail="sound.of_a_later_version")
    assert "MP3 or WAV" in card_of(job).description


def test_what_was_changed_in_the_song_is_noted_while_it_is_worked_on() -> None:
    job = example_job(JobState.QUEUED, detail=noted("sound.too_short", seconds=8.0, needed=15.0))
    assert any("8.0" in line.value for line in card_of(job).lines)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (JobState.CHECKING, [JobAction.CANCEL, JobAction.LYRICS]),
        (JobState.QUEUED, [JobAction.CANCEL, JobAction.LYRICS]),
        (JobState.SUBMITTING, [JobAction.LYRICS]),
        (JobState.GENERATING, [JobAction.CANCEL, JobAction.LYRICS]),
        (JobState.READY, [JobAction.LYRICS]),
        (JobState.DELIVERING, [JobAction.LYRICS]),
        (JobState.UNKNOWN, [JobAction.RISK, JobAction.DISMISS]),
        (JobState.DELIVERED, []),
        (JobState.REFUSED, [JobAction.EDIT]),
        (JobState.FAILED, [JobAction.AGAIN, JobAction.EDIT]),
        (JobState.EXPIRED, [JobAction.LOOK, JobAction.AGAIN, JobAction.EDIT]),
        (JobState.CANCELLED, [JobAction.AGAIN, JobAction.EDIT]),
        (JobState.UNDELIVERABLE, [JobAction.LOOK, JobAction.LYRICS]),
    ],
)
def test_a_card_offers_what_can_be_done(state: JobState, expected: list[JobAction]) -> None:
    assert verbs(card_of(example_job(state))) == expected


@pytest.mark.parametrize("state", list(JobState))
def test_at_most_one_button_is_the_one_to_press(state: JobState) -> None:
    mains = [one.action for one in card_of(example_job(state)).buttons if getattr(one, "tone", None) is ButtonTone.MAIN]
    assert len(mains) <= 1
    assert state is not JobState.EXPIRED or mains == [JobAction.LOOK]  # which costs nothing


def test_refused_words_are_not_offered_once_more_as_they_are() -> None:
    assert verbs(card_of(example_job(JobState.FAILED, reason=Reason.CONTENT_REFUSED))) == [JobAction.EDIT]


def test_cancelling_is_honest_about_money() -> None:
    free = card_of(example_job(JobState.QUEUED)).buttons[0]
    paid = card_of(example_job(JobState.GENERATING)).buttons[0]
    assert free.label == "Cancel"
    assert "charged" in paid.label
    assert "Nothing was charged" in card_of(example_job(JobState.CANCELLED, submit_started_at=None)).description
    assert "may still be charged" in card_of(example_job(JobState.CANCELLED)).description


def test_a_done_card_leads_to_the_track() -> None:
    card = card_of(example_job(JobState.DELIVERED))
    assert card.buttons == (LinkButton(label="Go to the track", url="https://discord.com/channels/222/333/666"),)


def test_a_track_that_went_elsewhere_is_not_linked_from_the_channel() -> None:
    card = card_of(example_job(JobState.DELIVERED, track_channel_id=999))
    assert card.buttons == ()
    assert "direct message" in card.content


def test_a_queued_card_says_how_many_go_first() -> None:
    assert "3 others" in card_of(example_job(JobState.QUEUED), Eta(ahead=3)).description
    assert "One other" in card_of(example_job(JobState.QUEUED), Eta(ahead=1)).description
    assert "first" not in card_of(example_job(JobState.QUEUED), Eta(ahead=0)).description


def test_cancel_says_what_it_means_for_the_bill():
    def label(**changes: object) -> str:
        requirements = replace(REQUIREMENTS, stoppable=frozenset({"fal:minimax-music"}))
        card = job_card(replace(example_job(), **changes), NOTHING, now=NOW, requirements=requirements, locale="en-GB")
        return card.buttons[0].label

    assert label() == "Cancel (still charged)"
    assert label(model="fal:minimax-music") == "Cancel (may be charged)"
    assert label(price_micros=0) == "Cancel"


@pytest.mark.parametrize(
    ("place", "said"), [(0, "the next one there"), (1, "one other goes first"), (2, "2 others go first")]
)
def test_who_waits_in_the_services_own_line_is_told_their_place_there(place: int, said: str):
    card = card_of(example_job(), Eta(place=place, expected_at=NOW))
    assert said in card.description
    assert "in the music service's own line" in card.content
    assert "being made" in card_of(example_job(), NOTHING).content


def test_who_waits_in_the_services_own_line_is_told_a_span_with_the_wait_where_one_is_known():
    span = {"earliest_at": NOW + timedelta(seconds=60), "expected_at": NOW + timedelta(seconds=120)}
    said = card_of(example_job(), Eta(place=3, **span)).description
    assert said.index("3 others go first") < said.index("Most likely ready between")
    over = {name: NOW - timedelta(seconds=1) for name in span}
    assert "Most likely" not in card_of(example_job(), Eta(place=3, **over)).description


def test_times_count_down_by_themselves() -> None:
    expected = NOW + timedelta(seconds=60)
    card = card_of(example_job(), Eta(expected_at=expected))
    assert f"<t:{int(expected.timestamp())}:R>" in card.description
    assert "longer than usual" in card_of(example_job(), Eta(expected_at=NOW)).description


def test_the_bar_grows_with_time_and_is_never_full_before_the_track_is_here() -> None:
    job = example_job()
    eta = Eta(expected_at=NOW + timedelta(seconds=60))
    shares = [progress(job, eta, NOW + timedelta(seconds=later)) or 0 for later in (0, 30, 60, 600)]
    assert shares == sorted(shares)
    assert shares[-1] < 1
    assert progress(example_job(JobState.DELIVERED), NOTHING, NOW) is None


@given(st.floats(-1, 2))
def test_a_bar_has_always_the_same_width(share: float) -> None:
    assert len(progress_bar(share)) == 12


def test_a_preview_shows_what_will_be_sung_and_not_what_was_typed() -> None:
    card = card_of(example_job())
    assert "> Side by side, through thick and thin" in card.description
    assert "Verse" not in card.description


@pytest.mark.parametrize(
    "nasty", ["@everyone", "<@1>", "**bold**", "[x](https://evil.example)", "`code`", "||a||", "# h"]
)
def test_titles_and_words_are_shown_as_they_are(nasty: str) -> None:
    card = card_of(example_job(title=nasty, prompt=f"##la {nasty} la##"))
    assert plain(nasty) in card.content
    assert plain(nasty) in card.description
    assert re.search(r"(?<!\\)[*_~`|\[<@#:]", plain(nasty)) is None


def test_long_lyrics_are_warned_about() -> None:
    card = card_of(example_job(prompt="##" + "la " * 160 + "##"))
    assert any("400" in line.value for line in card.lines)


@pytest.mark.parametrize("is_cover", [True, False])
def test_a_model_that_makes_covers_is_said_to(is_cover: bool) -> None:
    job = example_job()
    requirements = replace(REQUIREMENTS, cover_models=frozenset({job.model if is_cover else "another"}))
    card = job_card(job, NOTHING, now=NOW, requirements=requirements, locale="en-GB")
    assert any("cover" in line.value for line in card.lines) is is_cover


def test_a_user_installed_app_says_what_it_cannot_do() -> None:
    card = card_of(example_job(place=example_place(origin=Origin.USER_INSTALL)))
    assert any("15 minutes" in line.value for line in card.lines)


TYPED = st.text(max_size=700)


@given(title=st.text(max_size=80), lyrics=TYPED, name=st.text(max_size=300), state=st.sampled_from(list(JobState)))
def test_nothing_that_a_member_types_breaks_a_card(title: str, lyrics: str, name: str, state: JobState) -> None:
    job = example_job(state, title=title, prompt=f"##{lyrics}##")
    job = dataclasses.replace(job, reference=dataclasses.replace(job.reference, name=name))
    check_limits(card_of(job))
    check_limits(track_card(job, requirements=REQUIREMENTS, locale="de", with_file=True))


def test_the_track_message_mentions_the_member_and_has_every_button() -> None:
    card = track_card(example_job(JobState.DELIVERING), requirements=REQUIREMENTS, locale="en", with_file=True)
    assert f"<@{MEMBER}>" in card.content
    assert "(1:01)" in card.content
    assert isinstance(card.buttons[0], LinkButton)
    assert verbs(card) == [JobAction.AGAIN, JobAction.EDIT, JobAction.LYRICS, JobAction.DELETE]
    check_limits(card)


def with_address(url: str) -> Job:
    job = example_job(JobState.DELIVERING)
    assert job.track is not None
    return dataclasses.replace(job, track=dataclasses.replace(job.track, url=url))


@pytest.mark.parametrize("with_file", [True, False])
def test_a_link_too_long_for_a_button_stands_in_the_text(with_file: bool) -> None:
    url = "https://files.example/?X-Amz-Security-Token=" + "x" * 1200
    card = track_card(with_address(url), requirements=REQUIREMENTS, locale="en", with_file=with_file)
    assert not any(isinstance(button, LinkButton) for button in card.buttons)
    assert f"(<{url}>)" in card.content
    check_limits(card)


@pytest.mark.parametrize(
    "url",
    ["https://files.example/?" + "x" * 1600, "javascript:alert(1)", "http://127.0.0.1:8700/v2/files/a.mp3"],
)
def test_a_link_that_no_message_can_carry_is_left_out(url: str) -> None:
    card = track_card(with_address(url), requirements=REQUIREMENTS, locale="en", with_file=False)
    assert not any(isinstance(button, LinkButton) for button in card.buttons)
    assert url not in card.content
    assert "/tracks" in card.content


def test_an_address_in_the_text_cannot_end_its_link_early() -> None:
    card = track_card(
        with_address("https://a.example/> (x) @y" + "x" * 600), requirements=REQUIREMENTS, locale="en", with_file=False
    )
    assert "(<https://a.example/%3E%20%28x%29%20@yxxx" in card.content
    assert card.content.endswith("x>)")


@pytest.mark.parametrize("locale", ["en", "de"])
def test_a_link_that_would_be_cut_is_left_out_and_nothing_else_is(locale: str) -> None:
    job = dataclasses.replace(with_address("https://a.example/" + "x" * 1500), title="*" * 80)
    card = track_card(
        job, requirements=REQUIREMENTS, locale=locale, with_file=False, direct=True, sketch=True, smaller=True
    )
    assert "https://" not in card.content
    assert card.content.endswith(text("track.too_large_no_link", locale))
    check_limits(card)


def test_a_link_to_this_machine_is_offered_where_it_opens() -> None:
    job = with_address("http://127.0.0.1:8700/v2/files/a.mp3")
    requirements = dataclasses.replace(REQUIREMENTS, opens_loopback=True)
    assert isinstance(track_card(job, requirements=requirements, locale="en", with_file=True).buttons[0], LinkButton)
    shared = {"now": NOW, "locale": "en", "private": True}
    assert isinstance(shared_card(job, requirements=requirements, **shared).buttons[0], LinkButton)
    assert not isinstance(shared_card(job, requirements=REQUIREMENTS, **shared).buttons[0], LinkButton)


@pytest.mark.parametrize(("hours", "linked"), [(1, True), (25, False)])
def test_a_track_that_is_posted_again_has_its_link_while_that_lasts(hours: float, linked: bool) -> None:
    job = example_job(JobState.DELIVERED)
    assert job.accepted_at is not None
    card = shared_card(
        job, requirements=REQUIREMENTS, now=job.accepted_at + timedelta(hours=hours), locale="en", private=False
    )
    assert any(isinstance(button, LinkButton) for button in card.buttons) is linked
    assert verbs(card) == [JobAction.LYRICS, JobAction.REMOVE]


@pytest.mark.parametrize("state", sorted(LIVE))
@pytest.mark.parametrize("locale", ["en-GB", "de"])
def test_a_live_card_is_light(state: JobState, locale: str) -> None:
    """A bar with the time, two lines of the words, and once what and which; who is said by Discord itself."""
    card = card_of(example_job(state), Eta(expected_at=NOW + timedelta(seconds=60)), locale)
    bar, *words = card.description.split("\n")
    assert bar[0] in "▰▱"
    assert len(words) == 2
    assert all(line.startswith("> ") for line in words)
    assert words[1].endswith(" …")
    assert card.lines == ()
    assert card.footer == "demo.mp3 (1:13) · Song 17"


def test_a_done_card_is_one_line() -> None:
    card = card_of(example_job(JobState.DELIVERED))
    assert (card.content, card.description, card.lines, card.footer) == ("✅ **Side by side** · done", "", (), "")


def test_a_file_is_named_as_it_is_called() -> None:
    job = example_job()
    job = replace(job, reference=replace(job.reference, name="my_best [demo] (1).mp3"))
    assert card_of(job).footer == "my_best [demo] (1).mp3 (1:13) · Song 17"


def test_the_first_song_of_all_has_a_bar_that_moves_and_no_promise() -> None:
    job = example_job()
    assert job.accepted_at is not None
    usual = Eta(usually_at=job.accepted_at + timedelta(seconds=60))
    shares = [progress(job, usual, job.accepted_at + timedelta(seconds=after)) or 0 for after in (0, 20, 40)]
    assert shares == sorted(set(shares))
    assert "ready" not in job_card(job, usual, now=NOW, requirements=REQUIREMENTS, locale="en-GB").description.lower()


@pytest.mark.parametrize(("in_line", "said"), [(None, ""), (1, "Then one other goes first."), (3, "Then 3 others")])
def test_a_song_that_is_being_heard_has_a_place_in_line_already(in_line: int | None, said: str) -> None:
    card = card_of(example_job(JobState.CHECKING), Eta(in_line=in_line))
    assert said in card.description
    assert "Nothing has been paid yet." in card.description


def test_live_states_and_bars_agree() -> None:
    assert all((progress(example_job(state), NOTHING, NOW) is not None) == (state in LIVE) for state in JobState)


def test_an_order_that_was_never_answered_can_be_made_after_all_by_its_member_alone() -> None:
    job = example_job(JobState.FAILED, reason=Reason.UNANSWERED, generation_id=None, attempt=0)
    first, second = card_of(job).buttons
    assert isinstance(first, JobButton)
    assert (first.action, first.label) == (JobAction.AGAIN, "Make it after all")
    assert isinstance(second, JobButton)
    assert second.action is JobAction.EDIT
    assert BUTTONS[first.action].may_press is MayPress.OWNER
