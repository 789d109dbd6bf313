"""Orders and jobs as values, for tests of what is done with them."""

from datetime import UTC, datetime, timedelta

from bot.jobs.model import Job, JobState, Order, Origin, Place, Reference

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LYRICS = "Über den Dächern\nsing ich – 🎶"
MEMBER = 77
GUILD = 5
CHANNEL = 6
MODEL = "minimax-music"


def an_order(interaction_id: int = 1, *, member_id: int = MEMBER, expires_in: timedelta | None = None) -> Order:
    """`expires_in`: of the reference's URL, from noon on."""
    return Order(
        member_id=member_id,
        member_name="Ada",
        place=Place(
            origin=Origin.GUILD,
            channel_id=CHANNEL,
            guild_id=GUILD,
            interaction_id=interaction_id,
            interaction_token="aW50ZXJhY3Rpb24",
            upload_limit_bytes=10 * 2**20,
            locale="de",
        ),
        title="Dächer",
        lyrics=LYRICS,
        prompt=f"##\n{LYRICS}\n##",
        reference=Reference(
            url="https://cdn.discordapp.com/attachments/1/2/a.mp3?ex=1&hm=2",
            name="a.mp3",
            size_bytes=4_000_000,
            expires_at=None if expires_in is None else NOON + expires_in,
        ),
        provider="aiml",
        model=MODEL,
        price_micros=37_000,
    )


def a_job() -> Job:
    """As it is right after the order was taken."""
    order = an_order()
    return Job(
        id=17,
        key="0123456789abcdef",
        state=JobState.CHECKING,
        version=0,
        attempt=0,
        member_id=order.member_id,
        member_name=order.member_name,
        place=order.place,
        title=order.title,
        lyrics=order.lyrics,
        prompt=order.prompt,
        reference=order.reference,
        provider=order.provider,
        model=order.model,
        style=order.style,
        price_micros=order.price_micros,
        again_of=None,
        generation_id=None,
        track=None,
        card_message_id=None,
        track_channel_id=None,
        track_message_id=None,
        notified_state=None,
        reason=None,
        detail="",
        created_at=NOON,
        moved_at=NOON,
        submit_started_at=None,
        accepted_at=None,
        deliver_started_at=None,
        deadline_at=None,
    )
