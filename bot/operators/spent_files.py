"""The picture and the table that go with `spent`. Slow enough for a thread: never called on the event loop."""

import csv
import io

from bot.jobs.acts import SpentReport

WIDTH, HEIGHT = 1000, 300
_SCALE = 2
_MARGIN, _BASE, _TOP = 40, 250, 46
_PANEL, _BAR, _UNKNOWN, _FAINT = (27, 29, 43), (129, 140, 248), (250, 166, 26), (148, 155, 176)
_BAR_SHARE = 0.7
_MICROS = 1_000_000


def draw_spent(report: SpentReport, heading: str) -> bytes:
    """A PNG: one bar for each day, accepted songs and on top of them the unknown ones; dates below."""
    # five megabytes that a bot whose operators ask for no picture does without
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), _PANEL)
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(16 * _SCALE)
    days = list(report.by_day.items())
    tallest = max([1, *(one.songs + one.unknown for _, one in days)])
    room = (WIDTH - 2 * _MARGIN) / max(1, len(days))
    for index, (_, one) in enumerate(days):
        left = _MARGIN + index * room + room * (1 - _BAR_SHARE) / 2
        bottom = float(_BASE)
        for songs, colour in ((one.songs, _BAR), (one.unknown, _UNKNOWN)):
            height = songs / tallest * (_BASE - _TOP)
            if songs:
                box = (left, bottom - height, left + room * _BAR_SHARE, bottom)
                pen.rectangle(tuple(round(edge * _SCALE) for edge in box), fill=colour)
            bottom -= height
    pen.line([(_MARGIN * _SCALE, _BASE * _SCALE), ((WIDTH - _MARGIN) * _SCALE, _BASE * _SCALE)], fill=_FAINT, width=2)
    pen.text((_MARGIN * _SCALE, 14 * _SCALE), f"{heading} (max. {tallest})", _FAINT, font)
    if days:
        pen.text((_MARGIN * _SCALE, (_BASE + 12) * _SCALE), days[0][0], _FAINT, font)
        pen.text(((WIDTH - _MARGIN) * _SCALE, (_BASE + 12) * _SCALE), days[-1][0], _FAINT, font, anchor="ra")
    out = io.BytesIO()
    image.reduce(_SCALE).save(out, "PNG")
    return out.getvalue()


def table_of(report: SpentReport, currency: str | None) -> bytes:
    """A CSV: one row for each day and member. `currency`: None leaves money out."""
    out = io.StringIO()
    writer = csv.writer(out)
    money = [] if currency is None else [f"spent_{currency}", f"unknown_{currency}"]
    writer.writerow(["day_utc", "member_id", "songs", "unknown", "never_accepted", "given", *money])
    for (day, member_id), one in sorted(report.by_day_and_member.items()):
        sums = [] if currency is None else [one.micros / _MICROS, one.unknown_micros / _MICROS]
        writer.writerow([day, member_id, one.songs, one.unknown, one.freed, one.given, *sums])
    return out.getvalue().encode()
