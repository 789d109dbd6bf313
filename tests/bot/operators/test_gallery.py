"""docs/operators.md shows what the code shows."""

import io
import re

from PIL import Image, ImageChops

from bot.operators.spent_files import HEIGHT, WIDTH, draw_spent
from bot.texts import CATALOGS, text
from tests.bot.operators.gallery import PICTURE, TARGET, example_spending, operators_page

#: On members' cards, and in the picture.
ELSEWHERE = {"operators.notice.name", "operators.spent.picture"}


def test_the_page_of_operators_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == operators_page(), "run: make docs"


def test_the_page_shows_every_sentence_that_an_operator_can_read() -> None:
    page = operators_page()
    parts = {
        key: max(re.split(r"\{\w+\}|\n", sentence), key=len).strip(" \n>·:,")
        for key, sentence in CATALOGS["en"].items()
        if key.startswith(("operators.", "log.")) and key not in ELSEWHERE
    }
    missing = [key for key, part in parts.items() if part not in page]
    assert missing == []


def test_its_picture_is_what_is_drawn_now() -> None:
    drawn = Image.open(io.BytesIO(draw_spent(example_spending(), text("operators.spent.picture"))))
    kept = Image.open(PICTURE)
    assert drawn.size == kept.size == (WIDTH, HEIGHT)
    difference = ImageChops.difference(drawn.convert("L"), kept.convert("L")).histogram()
    # letters may be drawn a shade differently by another version of the font library; bars may not
    assert sum(difference[64:]) < WIDTH * HEIGHT / 500
