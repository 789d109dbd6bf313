"""docs/operators.md shows what the code shows."""

import io

from PIL import Image, ImageChops

from bot.operators.spent_files import HEIGHT, WIDTH, draw_spent
from bot.texts import text
from tests.bot.operators.gallery import PICTURE, TARGET, example_spending, operators_page


def test_the_page_of_operators_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == operators_page(), "run: make docs"


def test_its_picture_is_what_is_drawn_now() -> None:
    drawn = Image.open(io.BytesIO(draw_spent(example_spending(), text("operators.spent.picture"))))
    kept = Image.open(PICTURE)
    assert drawn.size == kept.size == (WIDTH, HEIGHT)
    difference = ImageChops.difference(drawn.convert("L"), kept.convert("L")).histogram()
    # letters may be drawn a shade differently by another version of the font library; bars may not
    assert sum(difference[64:]) < WIDTH * HEIGHT / 500
