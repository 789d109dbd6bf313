"""The waveform of a track as a picture that reads well on Discord's dark and light themes alike. Pillow only."""

from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1000, 220
#: Drawn at twice the size and made smaller: rounded bars without steps.
SCALE = 2
BARS = 125
MARGIN = 30
BAR_SHARE = 0.62
#: Its own dark panel, so that it stands on white as on #313338.
PANEL = (27, 29, 43, 255)
RADIUS = 22
#: From the first bar to the last.
COLOURS = ((94, 234, 212), (129, 140, 248), (232, 121, 249))
FAINT = (148, 155, 176, 255)
#: The height of a silent bar.
MIN_BAR = 0.03
#: Bars are stretched between these quantiles, or a loud master becomes one solid block.
LOW, HIGH = 0.05, 0.98
#: What differs by less than this share is not stretched apart: a drone stays a drone.
MIN_SPAN = 0.05

Rgba = tuple[int, int, int, int]


def bars_of(levels: Sequence[float], count: int = BARS) -> tuple[float, ...]:
    """`count` heights in 0..1 from the levels of a track: half as they are, half spread over the range it uses."""
    if not levels:
        return (0.0,) * count
    means = [_mean(levels, len(levels) * n / count, len(levels) * (n + 1) / count) for n in range(count)]
    ordered = sorted(means)
    low, high = ordered[int(LOW * (count - 1))], ordered[int(HIGH * (count - 1))]
    if high <= 0:
        return (0.0,) * count
    span = max(high - low, MIN_SPAN * high)
    return tuple(round((_share(mean / high) + _share((mean - high + span) / span)) / 2, 4) for mean in means)


def draw(bars: Sequence[float], seconds: float, out: Path) -> None:
    """Writes the picture (PNG, `WIDTH` x `HEIGHT`) with the length in its corner. Raises OSError."""
    image = Image.new("RGBA", (WIDTH * SCALE, HEIGHT * SCALE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, WIDTH * SCALE - 1, HEIGHT * SCALE - 1), RADIUS * SCALE, fill=PANEL)
    room = (WIDTH - 2 * MARGIN) * SCALE / len(bars)
    middle, tallest = (HEIGHT / 2 - 6) * SCALE, (HEIGHT / 2 - 32) * SCALE
    for index, bar in enumerate(bars):
        left = MARGIN * SCALE + index * room + room * (1 - BAR_SHARE) / 2
        half = max(MIN_BAR, bar) * tallest
        box = (left, middle - half, left + room * BAR_SHARE, middle + half)
        pen.rounded_rectangle(box, room * BAR_SHARE / 2, fill=_colour(index / max(1, len(bars) - 1)))
    font = ImageFont.load_default(17 * SCALE)
    pen.text(((WIDTH - MARGIN) * SCALE, (HEIGHT - 11) * SCALE), length_text(seconds), FAINT, font, anchor="rs")
    image.reduce(SCALE).save(out, "PNG")


def length_text(seconds: float) -> str:
    """`3:07`, `1:02:03`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _share(value: float) -> float:
    return max(0.0, min(1.0, value))


def _mean(levels: Sequence[float], start: float, end: float) -> float:
    part = levels[int(start) : max(int(start) + 1, int(end))]
    return sqrt(sum(level * level for level in part) / len(part))


def _colour(share: float) -> Rgba:
    place = share * (len(COLOURS) - 1)
    index = min(int(place), len(COLOURS) - 2)
    one, two, mix = COLOURS[index], COLOURS[index + 1], place - index
    red, green, blue = (round(a + (b - a) * mix) for a, b in zip(one, two, strict=True))
    return red, green, blue, 255
