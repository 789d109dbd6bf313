"""The models behind fal's queue."""

from bot.generation.trait_kinds import ModelTraits, ReferenceRules, StyleNeed, StyleRules, WaitingTime
from bot.jobs.lyrics import Dialect, PromptRules
from bot.jobs.music_models import Repeat

#: "2 requests run at once on a new account", up to 40 with credit bought; whatever is more waits in fal's queue, where
#: it is charged to nobody, but where nobody's turn is kept either.
_NEW_ACCOUNT = 2
_LICENCE = "none is stated by the service; ask it before a track is sold"

ROWS = (
    ModelTraits(
        model="fal:minimax-music",
        provider="fal",
        # The same model as minimax-music, and fal's page says the same of it.
        words=PromptRules(dialect=Dialect.HASH_MARKS, min_characters=1, max_characters=600, warn_characters=400),
        reference=ReferenceRules(over_seconds=15, max_seconds=600),
        repeat=Repeat.NEVER,
        looks_up=True,
        cancels=True,
        # As minimax-music elsewhere; on a bad day a client had no answer within 115 s.
        waiting=WaitingTime(median_seconds=45, sigma=0.5),
        deadline_seconds=900,
        concurrency=_NEW_ACCOUNT,
        poll_interval_seconds=10,
        price_micros=35_000,
        price="$0.035 a song; what fails on fal's side is not charged, what was refused after it had begun may be",
        licence=_LICENCE,
    ),
    ModelTraits(
        model="fal:ace-step",
        provider="fal",
        words=PromptRules(
            dialect=Dialect.SECTION_TAGS,
            min_characters=1,
            # No limit is stated. The model's later version takes 4096 on its own server; four minutes, the longest
            # reference that is sent, hold half of that.
            max_characters=2000,
            warn_characters=1500,
        ),
        style=StyleRules(
            need=StyleNeed.REQUIRED,
            default="pop, melodic, clear vocals",
            min_characters=2,
            max_characters=500,  # none is stated; its later version takes 512
        ),
        # No limit is stated; a song is as long as its reference, and is paid by the second.
        reference=ReferenceRules(over_seconds=10, max_seconds=240),
        repeat=Repeat.NEVER,
        looks_up=True,
        cancels=True,
        # 1.7 to 4.7 s a minute of audio on the cards that such services rent, and the way through the queue.
        waiting=WaitingTime(median_seconds=15, sigma=0.5),
        deadline_seconds=600,
        concurrency=_NEW_ACCOUNT,
        poll_interval_seconds=5,
        price_micros=48_000,
        price="$0.0002 for each second of audio: at most $0.048, for a reference of 240 s; that much is reckoned with",
        licence=_LICENCE,
    ),
)
