"""One profile per model: which request fields it reads, and what its lyrics must look like.

The models share two calls but not their meaning: `minimax/music-cover` would take our `prompt` as a style and sing the
reference's own words. A model's name alone is therefore never passed through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.errors import SettingsError
from bot.jobs.ports import GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProfile:
    """How one model is asked."""

    model: str  #: the API's name for it
    lyrics_field: str = "prompt"  #: the request field that is sung
    reference_field: str = "reference_audio_url"
    fixed_fields: Mapping[str, str] = field(default_factory=dict[str, str])  #: sent with every request
    min_characters: int = 1  #: of the lyrics as sent
    max_characters: int  #: of the lyrics as sent, marks and newlines counted
    warn_above_characters: int  #: more than this is likely to be cut off or to fail
    needs_hash_marks: bool  #: `##` before and after the lyrics asks for accompaniment
    reference_over_seconds: float  #: a reference must be longer than this
    reference_max_seconds: float | None = None  #: a longer one is cut to its best excerpt; None: as long as it likes

    def body(self, request: GenerationRequest) -> dict[str, str]:
        """The JSON object of the POST."""
        return {
            "model": self.model,
            **self.fixed_fields,
            self.lyrics_field: request.prompt,
            self.reference_field: request.reference_url,
        }


_PROFILES: Mapping[str, RequestProfile] = MappingProxyType(
    {
        "minimax-music": RequestProfile(
            model="minimax-music",
            # docs.aimlapi.com, minimax-music: "Maximum 600 characters"; whether that counts marks and newlines is not
            # said, so they are counted.
            max_characters=600,
            # The song ends at 60 seconds; longer words end in "Downstream service error". Other vendors of the same
            # model (Replicate, Segmind) allow 350 to 400 characters.
            warn_above_characters=400,
            needs_hash_marks=True,
            reference_over_seconds=15,
            # No limit is stated for this model; its predecessor music-01 took uploads of "no more than 10 minutes", and
            # what hides behind an unstated limit is a paid generation that fails. Ten minutes hold any song.
            reference_max_seconds=600,
        ),
    }
)


def profile_named(name: str) -> RequestProfile:
    """The profile for GENERATION_MODEL. Raises SettingsError that names the known ones."""
    profile = _PROFILES.get(name.strip().lower())
    if profile is None:
        raise SettingsError([f"GENERATION_MODEL: no model {name!r} is known here; known: {', '.join(_PROFILES)}"])
    return profile
