"""What Discord accepts as components of a message or of a form, classic and V2, and how it numbers them."""

from collections.abc import Iterator

from . import command_rules
from .link_rules import check_url
from .objects import JSON
from .refusals import Form

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
ENTITY_SELECTS = frozenset({5, 6, 7, 8})
SELECTS = ENTITY_SELECTS | {STRING_SELECT}
#: What is chosen in a select of people, roles, both or channels, as the type of option that takes the same.
SELECT_OPTIONS = {5: command_rules.USER, 6: command_rules.ROLE, 7: command_rules.MENTIONABLE, 8: command_rules.CHANNEL}
SECTION, TEXT_DISPLAY, THUMBNAIL, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23

LINK_STYLE = 5
PREMIUM_STYLE = 6
#: Docs, components/reference: 40 nested components and 4000 characters of text in a V2 message.
MAX_V2_COMPONENTS = 40
MAX_V2_TEXT = 4000

_COMMON = {"type", "id"}
KNOWN: dict[int, frozenset[str]] = {
    kind: frozenset(_COMMON | names)
    for kind, names in {
        ACTION_ROW: {"components"},
        BUTTON: {"style", "label", "emoji", "custom_id", "sku_id", "url", "disabled"},
        STRING_SELECT: {"custom_id", "options", "placeholder", "min_values", "max_values", "disabled", "required"},
        TEXT_INPUT: {
            "custom_id", "style", "label", "min_length", "max_length", "required", "value", "placeholder",
        },
        SECTION: {"components", "accessory"},
        TEXT_DISPLAY: {"content"},
        THUMBNAIL: {"media", "description", "spoiler"},
        MEDIA_GALLERY: {"items"},
        FILE: {"file", "spoiler", "name", "size"},
        SEPARATOR: {"divider", "spacing"},
        CONTAINER: {"components", "accent_color", "spoiler"},
        LABEL: {"label", "description", "component"},
        FILE_UPLOAD: {"custom_id", "min_values", "max_values", "required", "file_types"},
        RADIO_GROUP: {"custom_id", "options", "required"},
        CHECKBOX_GROUP: {"custom_id", "options", "required", "min_values", "max_values"},
        CHECKBOX: {"custom_id", "default"},
    }.items()
}  # fmt: skip
_ENTITY_SELECT = (KNOWN[STRING_SELECT] - {"options"}) | {"channel_types", "default_values"}
KNOWN |= dict.fromkeys(ENTITY_SELECTS, _ENTITY_SELECT)

_TOP_CLASSIC = frozenset({ACTION_ROW})
_TOP_V2 = frozenset({ACTION_ROW, SECTION, TEXT_DISPLAY, MEDIA_GALLERY, FILE, SEPARATOR, CONTAINER})
_IN_CONTAINER = _TOP_V2 - {CONTAINER}
_IN_LABEL = SELECTS | {TEXT_INPUT, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX}
_TOP_MODAL = frozenset({LABEL, TEXT_DISPLAY, ACTION_ROW})


def walk(components: list[JSON]) -> Iterator[JSON]:
    """Every component with all that is nested in it, in the order Discord numbers them."""
    for component in components:
        yield component
        yield from walk([*component.get("components", ()), *_single(component)])


def _single(component: JSON) -> list[JSON]:
    return [component[name] for name in ("accessory", "component") if isinstance(component.get(name), dict)]


def numbered(components: list[JSON]) -> list[JSON]:
    """Give every component without an `id` the next free number; changes and returns the same list."""
    everything = list(walk(components))
    taken = {component["id"] for component in everything if component.get("id")}
    number = 0
    for component in everything:
        if not component.get("id"):
            number += 1
            while number in taken:
                number += 1
            component["id"] = number
    return components


def check_message(form: Form, components: list[JSON], *, v2: bool, files: set[str]) -> None:
    """Note everything Discord refuses in a message's components."""
    max_items = MAX_V2_COMPONENTS if v2 else 5
    rows = form.rows("components", components, max_items)
    for index, component in enumerate(rows):
        _check(form, f"components.{index}", component, _TOP_V2 if v2 else _TOP_CLASSIC, files)
    everything = list(walk(rows))
    if v2 and len(everything) > MAX_V2_COMPONENTS:
        form.add("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", f"Exceeds {MAX_V2_COMPONENTS} components")
    text = sum(len(str(c.get("content") or "")) for c in everything if c.get("type") == TEXT_DISPLAY)
    if text > MAX_V2_TEXT:
        form.add("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"Exceeds {MAX_V2_TEXT} characters")
    _check_unique(form, everything)


def check_modal(form: Form, data: JSON) -> None:
    """Note everything Discord refuses in a form (callback type 9)."""
    form.fields("data", data, frozenset({"custom_id", "title", "components"}))
    form.text("data.custom_id", data.get("custom_id"), 100)
    form.text("data.title", data.get("title"), 45)
    rows = form.rows("data.components", data.get("components"), 5, min_items=1)
    for index, component in enumerate(rows):
        _check(form, f"data.components.{index}", component, _TOP_MODAL, set())
    _check_unique(form, list(walk(rows)))


def _check_unique(form: Form, everything: list[JSON]) -> None:
    seen: set[str] = set()
    for component in everything:
        custom_id = component.get("custom_id")
        if custom_id in seen:
            form.add("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
        if isinstance(custom_id, str):
            seen.add(custom_id)


def _check(form: Form, path: str, component: JSON, allowed: frozenset[int], files: set[str]) -> None:
    kind = component.get("type")
    if kind not in allowed:
        form.add(f"{path}.type", "UNION_TYPE_CHOICES", f'Value of field "type" must be one of {sorted(allowed)}.')
        return
    form.fields(path, component, KNOWN[kind])
    if kind == ACTION_ROW:
        _check_row(form, path, component, files)
    elif kind == BUTTON:
        _check_button(form, path, component)
    elif kind in SELECTS or kind in (RADIO_GROUP, CHECKBOX_GROUP):
        _check_choice(form, path, component)
    elif kind in (TEXT_INPUT, FILE_UPLOAD, CHECKBOX):
        _check_input(form, path, component)
    elif kind == LABEL:
        _check_label(form, path, component, files)
    else:
        _check_layout(form, path, component, files)


def _check_row(form: Form, path: str, row: JSON, files: set[str]) -> None:
    inside = form.rows(f"{path}.components", row.get("components"), 5, min_items=1)
    for index, component in enumerate(inside):
        # In a form a row is the old way to hold one text field; everything else sits in a label.
        allowed = {TEXT_INPUT} if path.startswith("data.") else SELECTS | {BUTTON}
        _check(form, f"{path}.components.{index}", component, frozenset(allowed), files)
    if len(inside) > 1 and any(component.get("type") != BUTTON for component in inside):
        form.add(f"{path}.components", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified component exceeds the width")


def _check_button(form: Form, path: str, button: JSON) -> None:
    style = button.get("style")
    form.number(f"{path}.style", style if style is not None else 0, 1, 6)
    form.text(f"{path}.label", button.get("label"), 80, required=False)
    if style == LINK_STYLE:
        form.text(f"{path}.url", button.get("url"), 512)
        check_url(form, f"{path}.url", button.get("url"), ("http", "https", "discord"))
        if button.get("custom_id"):
            form.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "custom_id and url are exclusive")
    elif style != PREMIUM_STYLE:
        form.text(f"{path}.custom_id", button.get("custom_id"), 100)
        if button.get("url"):
            form.add(path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "custom_id and url are exclusive")
    if style != PREMIUM_STYLE and not button.get("label") and not button.get("emoji"):
        form.add(path, "BUTTON_COMPONENT_MUST_HAVE_LABEL_OR_EMOJI", "A button must have a label or an emoji")


def _check_choice(form: Form, path: str, choice: JSON) -> None:
    kind = choice["type"]
    form.text(f"{path}.custom_id", choice.get("custom_id"), 100)
    form.text(f"{path}.placeholder", choice.get("placeholder"), 150, required=False, shortest=0)
    max_items = 25 if kind in SELECTS else 10
    form.number(f"{path}.min_values", choice.get("min_values"), 0, max_items)
    form.number(f"{path}.max_values", choice.get("max_values"), 1, max_items)
    if kind in ENTITY_SELECTS:
        return
    options = form.rows(f"{path}.options", choice.get("options"), max_items, min_items=1)
    for index, option in enumerate(options):
        form.text(f"{path}.options.{index}.label", option.get("label"), 100)
        form.text(f"{path}.options.{index}.value", option.get("value"), 100)
        form.text(f"{path}.options.{index}.description", option.get("description"), 100, required=False)
    values = [option.get("value") for option in options]
    if len(set(values)) != len(values):
        form.add(f"{path}.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The option value is duplicated")


def _check_input(form: Form, path: str, field: JSON) -> None:
    form.text(f"{path}.custom_id", field.get("custom_id"), 100)
    if field["type"] == FILE_UPLOAD:
        form.number(f"{path}.min_values", field.get("min_values"), 0, 10)
        form.number(f"{path}.max_values", field.get("max_values"), 1, 10)
    if field["type"] != TEXT_INPUT:
        return
    form.number(f"{path}.style", field.get("style") or 0, 1, 2)
    form.number(f"{path}.min_length", field.get("min_length"), 0, 4000)
    form.number(f"{path}.max_length", field.get("max_length"), 1, 4000)
    form.text(f"{path}.label", field.get("label"), 45, required=False)
    form.text(f"{path}.placeholder", field.get("placeholder"), 100, required=False, shortest=0)
    longest = field.get("max_length")
    form.text(
        f"{path}.value", field.get("value"), longest if isinstance(longest, int) else 4000, required=False, shortest=0
    )


def _check_label(form: Form, path: str, label: JSON, files: set[str]) -> None:
    form.text(f"{path}.label", label.get("label"), 45)
    form.text(f"{path}.description", label.get("description"), 100, required=False)
    inner = label.get("component")
    if not isinstance(inner, dict):
        form.add(f"{path}.component", "BASE_TYPE_REQUIRED", "This field is required")
    else:
        _check(form, f"{path}.component", inner, frozenset(_IN_LABEL), files)


def _check_layout(form: Form, path: str, component: JSON, files: set[str]) -> None:
    kind = component["type"]
    if kind == TEXT_DISPLAY:
        form.text(f"{path}.content", component.get("content"), MAX_V2_TEXT)
    elif kind == CONTAINER:
        inside = form.rows(f"{path}.components", component.get("components"), MAX_V2_COMPONENTS, min_items=1)
        for index, inner in enumerate(inside):
            _check(form, f"{path}.components.{index}", inner, _IN_CONTAINER, files)
    elif kind == SECTION:
        inside = form.rows(f"{path}.components", component.get("components"), 3, min_items=1)
        for index, inner in enumerate(inside):
            _check(form, f"{path}.components.{index}", inner, frozenset({TEXT_DISPLAY}), files)
        accessory = component.get("accessory")
        if isinstance(accessory, dict):
            _check(form, f"{path}.accessory", accessory, frozenset({BUTTON, THUMBNAIL}), files)
        else:
            form.add(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
    elif kind in (FILE, THUMBNAIL):
        _check_media(form, path, "file" if kind == FILE else "media", component, files)
    elif kind == MEDIA_GALLERY:
        for index, item in enumerate(form.rows(f"{path}.items", component.get("items"), 10, min_items=1)):
            _check_media(form, f"{path}.items.{index}", "media", item, files)


def _check_media(form: Form, path: str, name: str, holder: JSON, files: set[str]) -> None:
    media = holder.get(name)
    url = media.get("url") if isinstance(media, dict) else None
    if not isinstance(url, str):
        form.add(f"{path}.{name}", "BASE_TYPE_REQUIRED", "This field is required")
        return
    if url.startswith("attachment://"):
        if url.removeprefix("attachment://") not in files:
            form.add(f"{path}.{name}.url", "UNKNOWN_ATTACHMENT", "The referenced attachment was not found")
    elif holder.get("type") == FILE:
        form.add(f"{path}.{name}.url", "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_REQUIRED", "attachment:// only")
    else:
        check_url(form, f"{path}.{name}.url", url, ("http", "https"))
