"""No message makes the page slow: its markdown is read in Playwright's own Node.js, in CPU time, and drawn nowhere."""

import asyncio
import json
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from sandbox.page.server import STATIC

LENGTHS = (1_000, 16_000)
#: In sixteen times the text a character may cost so many times as much; where the time grows with the square it is 16.
MAX_GROWTH = 4.0

#: What the markdown knows, and what it nearly knows.
ATOMS = [
    *(
        "*",
        "_",
        "`",
        "~~",
        "||",
        "**",
        "__",
        "***",
        "``",
        "```",
        "```\n",
        "[",
        "[a",
        "[a](",
        "[a](http://",
        "](",
        "<",
        "<@",
    ),
    *(
        "<@1",
        "<#",
        "</a",
        "<a:b",
        "<https://",
        "http://",
        "http://.",
        "> ",
        "> > ",
        ">",
        ">>> ",
        "> a\n",
        ">a\n> ",
        "# ",
    ),
    *("# a\n", "-# ", "- ", "- a\n", "1. a\n", "1", "1. ", "\\", "@", "@everyone", "a", " ", "\n", "\r", "\r\n", "é"),
    *(
        "*a ",
        "**a ",
        "_a ",
        "__a",
        "`a",
        "~~a",
        "||a",
        "*a*",
        " *a",
        "**a*",
        "**_~~",
        "*_",
        "`` ` ",
        "~~*",
        "||*",
        "*[",
    ),
]

READ = """
globalThis.document = {
  documentElement: {},
  createElement: () => ({
    dataset: {}, classList: { add() {} }, append() {}, setAttribute() {}, removeAttribute() {}, addEventListener() {},
  }),
};
const { markdown } = await import(MODULE);
const names = { user: (id) => id, place: (id) => id, jump: () => null };
const least = (text, tries) => {
  let best = Infinity;
  for (let i = 0; i < tries; i += 1) {
    const before = process.cpuUsage();
    markdown(text, names);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, Math.max(1, user + system));
  }
  return best;
};
const found = {};
for (const unit of UNITS) {
  const [short, long] = LENGTHS.map((length) => unit.repeat(length / unit.length));
  least(short, 3);
  let growth = 0;
  for (const tries of [1, 3, 6, 12]) {
    const microseconds = least(long, tries);
    growth = microseconds < 5000 ? 0 : microseconds / least(short, 4 * tries) / (LENGTHS[1] / LENGTHS[0]);
    if (growth <= MAX_GROWTH) break;
  }
  if (growth > MAX_GROWTH) found[unit] = growth;
}
console.log(JSON.stringify(found));
"""


#: What a browser has and Node.js has not, as far as a module asks for it while it is loaded.
BROWSER = """
globalThis.location = { search: "" };
globalThis.navigator ??= { language: "en" };
"""


async def in_node(script: str, **values: Any) -> Any:
    """What the script prints; `values` are its constants."""
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in values.items())
    process = await asyncio.create_subprocess_exec(
        compute_driver_executable()[0],
        "--input-type=module",
        "--eval",
        BROWSER + constants + script,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return json.loads(printed)


@pytest.mark.heavy
@pytest.mark.parametrize("beside", ["", "*", "`", "[", "> ", "\n", "a"])
async def test_no_message_makes_the_page_slow(beside: str) -> None:
    slow = await in_node(
        READ,
        MODULE=(STATIC / "markdown.js").as_uri(),
        UNITS=[atom + beside for atom in ATOMS],
        LENGTHS=LENGTHS,
        MAX_GROWTH=MAX_GROWTH,
    )
    assert not slow
