"""What stands in the custom_id of buttons, menus and forms: kind, version, what to do, and on what. Pure.

The version grows when an action changes its meaning. Messages live for years: an id that is no longer understood is
answered with a sentence, never guessed at.
"""

import re

from bot.ui.buttons import JobAction

_MODEL = r"(?P<model>[a-z0-9][a-z0-9:/._-]{0,63})"
#: `job:v1:<action>:<job id>`, and behind it the model's name where the button decides that
JOB_TEMPLATE = r"job:v1:(?P<action>[a-z_]+):(?P<job>[0-9]{1,18})(?::" + _MODEL + ")?"
#: `draft:v1:edit:<key>`: an order that was not taken, to be changed; behind it the model that was chosen
DRAFT_TEMPLATE = r"draft:v1:edit:(?P<key>[0-9a-f]{1,32})(?::" + _MODEL + ")?"
#: `tracks:v1:page:<number>` and `tracks:v1:choose:<number>`: a page of one's own songs
PAGE_TEMPLATE = r"tracks:v1:page:(?P<page>[0-9]{1,6})(?P<side>[a-z]?)"
CHOICE_TEMPLATE = r"tracks:v1:choose:(?P<page>[0-9]{1,6})"
#: `tracks:v1:data`, `tracks:v1:forget` and `tracks:v1:forget_sure`: about the member themselves
MINE_TEMPLATE = r"tracks:v1:(?P<action>data|forget|forget_sure)"
#: `form:v1:draft:<key>` and `form:v1:job:<job id>`
FORM_TEMPLATE = r"form:v1:(?P<kind>draft|job):(?P<of>[0-9a-f]{1,32})"

#: `log:v1:<action>:<job id>`: under the lines of a log channel; `report:v1:<job id>`: the form of a report
LOG_TEMPLATE = r"log:v1:(?P<action>[a-z_]+):(?P<job>[0-9]{1,18})"
REPORT_TEMPLATE = r"report:v1:(?P<job>[0-9]{1,18})"

#: `operator:v1:<action>:<g: this server, o: the whole bot>:<job id>`: under a song's report
OPERATOR_TEMPLATE = r"operator:v1:(?P<action>[a-z_]+):(?P<scope>[go]):(?P<job>[0-9]{1,18})"

#: Everything that begins so is ours, whatever version it is of.
OURS = ("job:", "draft:", "tracks:", "form:", "log:", "report:", "operator:")


def job_id(action: JobAction, job: int, model: str = "") -> str:
    """A button that does `action` to a job; with `model`, where that is decided by the button."""
    return f"job:v1:{action}:{job}{model and ':' + model}"


def draft_id(key: str, model: str = "") -> str:
    """A button that opens the form of a draft; `model`: as it was chosen, which outlives the draft, if it is a name."""
    return f"draft:v1:edit:{key}{':' + model if re.fullmatch(_MODEL, model) else ''}"


def page_id(page: int, side: str = "") -> str:
    """A button that turns to a page; `side` (one letter) keeps two buttons to the same page apart."""
    return f"tracks:v1:page:{page}{side}"


def choice_id(page: int) -> str:
    """The menu of a page."""
    return f"tracks:v1:choose:{page}"


def mine_id(action: str) -> str:
    """A button about all that is kept of a member."""
    return f"tracks:v1:{action}"


def draft_form_id(key: str) -> str:
    """The form of a draft."""
    return f"form:v1:draft:{key}"


def job_form_id(job: int) -> str:
    """The form that makes a new order from a job."""
    return f"form:v1:job:{job}"


def log_id(action: str, job: int) -> str:
    """A button under a line of a log channel."""
    return f"log:v1:{action}:{job}"


def report_form_id(job: int) -> str:
    """The form in which a song is reported."""
    return f"report:v1:{job}"


def operator_id(action: str, job: int, *, is_bot_wide: bool) -> str:
    """A button under a song's report."""
    return f"operator:v1:{action}:{'o' if is_bot_wide else 'g'}:{job}"
