"""docs/providers.md says of every model what its traits say."""

from bot.generation import opening
from bot.generation.traits import TRAITS
from tests.bot.generation.provider_table import PAGE, ROWS, page, table


def test_the_page_has_the_table_that_the_traits_make() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert page(written) == written, "make docs writes it anew"


def test_every_model_has_a_column_and_every_service_a_section() -> None:
    head, _, *rows = table().splitlines()
    assert [cell.strip(" `") for cell in head.split("|")[2:-1]] == list(TRAITS)
    assert len(rows) == len(ROWS)
    assert all(row.count("|") == len(TRAITS) + 2 for row in rows), "a cell has a bar in it"
    sections = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("## ")]
    for provider in opening._OPENERS:
        assert any(f"`bot/generation/{provider}/`" in line for line in sections), provider
