"""Which request fields each model of this contract reads; what else there is to know is in `bot.generation.traits`.

The models share two calls but not their meaning: what one sings is a style to the other, and without `lyrics` it sings
the reference's own words. A model's name alone is therefore never passed through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.jobs.ports import GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProfile:
    """How one model is asked."""

    model: str  #: the API's name for it
    lyrics_field: str = "prompt"  #: the request field that is sung
    style_field: str | None = None  #: None: it reads none, and none is sent
    reference_field: str = "reference_audio_url"
    is_catalogued: bool = False  #: a trial looks its name up in the list of models: not every service has it
    fixed_fields: Mapping[str, str] = field(default_factory=dict[str, str])  #: sent with every request

    def body(self, request: GenerationRequest) -> dict[str, str]:
        """The JSON object of the POST."""
        style = {} if self.style_field is None or request.style is None else {self.style_field: request.style}
        return {
            "model": self.model,
            **self.fixed_fields,
            **style,
            self.lyrics_field: request.prompt,
            self.reference_field: request.reference_url,
        }


#: By the names of GENERATION_MODEL.
PROFILES: Mapping[str, RequestProfile] = MappingProxyType(
    {
        "minimax-music": RequestProfile(model="minimax-music"),
        "minimax/music-cover": RequestProfile(
            model="minimax/music-cover", lyrics_field="lyrics", style_field="prompt", is_catalogued=True
        ),
    }
)
