"""The model behind one's own ACE-Step server."""

from bot.generation.trait_kinds import ModelTraits, ReferenceRules, StyleNeed, StyleRules, WaitingTime
from bot.jobs.lyrics import Dialect, PromptRules
from bot.jobs.music_models import ReferenceForm, Repeat

ROWS = (
    ModelTraits(
        model="acestep",
        provider="acestep",
        words=PromptRules(
            dialect=Dialect.SECTION_TAGS,
            min_characters=1,
            max_characters=4096,  # of the server's field
            # Sung at seven characters a second that is close to six minutes, and the model is least sure of long songs.
            warn_characters=2400,
        ),
        style=StyleRules(
            need=StyleNeed.OPTIONAL,
            # The effect of a reference alone is called weak by its users; a style is what the model was taught with.
            default="modern song with clear lead vocals, in the mood, tempo and instruments of the reference",
            min_characters=1,
            max_characters=512,  # of the server's field `prompt`
        ),
        # The model is made for 10 to 600 seconds; of a reference for its style the server itself takes three pieces.
        reference=ReferenceRules(form=ReferenceForm.BYTES, over_seconds=10, max_seconds=600),
        repeat=Repeat.FREE,
        looks_up=False,
        cancels=False,
        # 12 s behind an API on a large card, minutes on a small one; learned from the first songs on.
        waiting=WaitingTime(median_seconds=12, sigma=0.5),
        # The server itself calls a job failed an hour after it was taken.
        deadline_seconds=3600,
        # Its jobs run one after another, and those in its queue do not outlive it: a second one, so that it need not
        # wait for us, and all others stay in our own line, which outlives everything.
        concurrency=2,
        poll_interval_seconds=2,
        price_micros=0,
        price="$0 a song, but for electricity",
        licence="code and weights under the MIT licence; a track is whose words and reference allow it",
    ),
)
