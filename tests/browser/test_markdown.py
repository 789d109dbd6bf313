"""The chat's markdown, read by the page's own module in a real browser."""

import pytest
from playwright.async_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

READ = """async text => {
    const { markdown } = await import("/static/markdown.js");
    const names = { user: id => `user ${id}`, place: id => `place ${id}`, jump: () => null };
    const box = document.createElement("div");
    box.append(...markdown(text, names));
    return box.innerHTML;
}"""


def line(inside: str) -> str:
    return f'<div class="md-text">{inside}</div>'


def outside(url: str, words: str) -> str:
    return line(f'<a href="{url}" target="_blank" rel="noreferrer noopener">{words}</a>')


CASES = {
    "**bold** and *thin* and __under__ and ~~gone~~": line(
        "<strong>bold</strong> and <em>thin</em> and <u>under</u> and <s>gone</s>"
    ),
    "**bold with *thin* in it**": line("<strong>bold with <em>thin</em> in it</strong>"),
    "snake_case_name and 2 * 3 * 4": line("snake_case_name and 2 * 3 * 4"),
    "_leaning_ words": line("<em>leaning</em> words"),
    "<script>alert(1)</script>": line("&lt;script&gt;alert(1)&lt;/script&gt;"),
    "`**not bold**`": line("<code>**not bold**</code>"),
    "\\*plain\\*": line("*plain*"),
    "<@12> in <#34>": line('<span class="mention">@user 12</span> in <span class="mention">#place 34</span>'),
    "https://example.org/a_b_c?d=e.": line(
        '<a href="https://example.org/a_b_c?d=e" target="_blank" rel="noreferrer noopener">'
        "https://example.org/a_b_c?d=e</a>."
    ),
    "[words](https://example.org)": outside("https://example.org", "words"),
    "[bad](javascript:alert(1))": line("[bad](javascript:alert(1))"),
    "> one\n> two\nthree": '<blockquote><div class="md-text">one\ntwo</div></blockquote>' + line("three"),
    "# Title\ntext": '<div class="md-h1">Title</div>' + line("text"),
    "-# small": '<div class="md-small">small</div>',
    "- one\n- two": "<ul><li>one</li><li>two</li></ul>",
    "```py\na < b\n```": "<pre><code>a &lt; b</code></pre>",
    "a **b": line("a **b"),
}


@pytest.mark.parametrize("text", CASES)
async def test_markdown_becomes_these_elements(page: Page, text: str) -> None:
    assert await page.evaluate(READ, text) == CASES[text]


async def test_hostile_texts_are_read_and_nothing_of_them_is_lost(page: Page) -> None:
    texts = ["*" * 4000, "_" * 4000, "[" * 4000, "**a" * 1300, "<@" * 2000, "(||" * 1300, "a\n" * 2000]
    for text in texts:
        assert len(await page.evaluate(READ, text)) >= len(text) / 2
