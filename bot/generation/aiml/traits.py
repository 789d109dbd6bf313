"""The models of AIML and Apilaplas."""

from bot.generation.trait_kinds import ModelTraits, ReferenceRules, StyleNeed, StyleRules, WaitingTime
from bot.jobs.lyrics import Dialect, PromptRules
from bot.jobs.music_models import Repeat

ROWS = (
    ModelTraits(
        model="minimax-music",
        provider="aiml",
        words=PromptRules(
            # "double hash marks at the beginning and end add accompaniment" (the model's page)
            dialect=Dialect.HASH_MARKS,
            min_characters=1,
            # docs.aimlapi.com: "Maximum 600 characters"; whether that counts marks and newlines is not said, so
            # they are counted.
            max_characters=600,
            # The song ends at 60 seconds; longer words end in "Downstream service error". Other vendors of the
            # same model (Replicate, Segmind) allow 350 to 400 characters.
            warn_characters=400,
        ),
        reference=ReferenceRules(
            over_seconds=15,
            # No limit is stated for this model; its predecessor music-01 took uploads of "no more than 10
            # minutes", and what hides behind an unstated limit is a paid generation that fails. Ten minutes hold
            # any song.
            max_seconds=600,
        ),
        repeat=Repeat.NEVER,
        looks_up=True,
        cancels=False,
        # Documented: "about 20 s", later "50-60 seconds or a bit more"; Segmind measured a mean of 44 s.
        waiting=WaitingTime(median_seconds=45, sigma=0.5),
        # The documents recommend 600; a generation of 20 minutes was seen, but its client no longer waits.
        deadline_seconds=900,
        concurrency=20,
        poll_interval_seconds=10,
        price_micros=37_000,
        price="about $0.037 a song, charged when a request is accepted",
        licence="none is stated by the service; ask it before a track is sold",
    ),
    ModelTraits(
        model="minimax/music-cover",
        provider="aiml",
        words=PromptRules(
            # `[Verse]`, `[Chorus]` and the like are what MiniMax's newer models are taught with.
            dialect=Dialect.SECTION_TAGS,
            # AIML takes 10 to 3000, MiniMax behind it 10 to 1000: what both take.
            min_characters=10,
            max_characters=1000,
            warn_characters=1000,  # the cover is as long as its song
        ),
        style=StyleRules(
            need=StyleNeed.REQUIRED,
            default="a faithful cover in the style of the reference, warm lead vocals, full band",
            # AIML takes up to 2000, MiniMax 300.
            min_characters=10,
            max_characters=300,
        ),
        reference=ReferenceRules(over_seconds=6, max_seconds=360),  # "6 seconds to 6 minutes"
        is_cover=True,
        repeat=Repeat.NEVER,
        looks_up=True,
        cancels=False,
        # In the documents' sample it took a wait and five looks, 15 s apart.
        waiting=WaitingTime(median_seconds=90, sigma=0.5),
        # The documents recommend 1000.
        deadline_seconds=1200,
        concurrency=20,
        poll_interval_seconds=15,
        price_micros=150_000,
        price="about $0.15 a song, as other services have it: AIML does not publish one; charged when it is accepted",
        licence="none is stated by the service, and a cover needs leave from whoever owns its song",
    ),
)
