"""Which endpoint each model is behind, and which request fields it reads.

fal's models share the queue but not their meaning: two versions of one family use the same two names with their
meanings exchanged. A model's name alone is therefore never passed through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.jobs.ports import GenerationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestProfile:
    """How one model is asked."""

    endpoint: str  #: owner/application, and for some the model's own sub-path
    lyrics_field: str
    style_fields: tuple[str, ...] = ()  #: each gets the same words; none: it reads no style, and none is sent
    reference_field: str
    fixed_fields: Mapping[str, str] = field(default_factory=dict[str, str])  #: sent with every request

    @property
    def application(self) -> str:
        """Under which the queue keeps its requests: the endpoint without the sub-path."""
        return "/".join(self.endpoint.split("/")[:2])

    def body(self, request: GenerationRequest) -> dict[str, str]:
        """The JSON object of the POST."""
        style = {} if request.style is None else dict.fromkeys(self.style_fields, request.style)
        return {
            **self.fixed_fields,
            **style,
            self.lyrics_field: request.prompt,
            self.reference_field: request.reference_url,
        }


#: By the names of GENERATION_MODEL.
PROFILES: Mapping[str, RequestProfile] = MappingProxyType(
    {
        "fal:minimax-music": RequestProfile(
            endpoint="fal-ai/minimax-music", lyrics_field="prompt", reference_field="reference_audio_url"
        ),
        "fal:ace-step": RequestProfile(
            endpoint="fal-ai/ace-step/audio-to-audio",
            lyrics_field="lyrics",
            # `original_tags` says what the reference is. A member names one style, that of the song they want; nobody
            # is asked for two.
            style_fields=("tags", "original_tags"),
            reference_field="audio_url",
            # the other mode, `lyrics`, keeps the recording and exchanges the words in it alone
            fixed_fields=MappingProxyType({"edit_mode": "remix"}),
        ),
    }
)
