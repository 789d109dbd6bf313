// Fields for the options of a command, one for each of Discord's option types.

import { described } from "./commands.js";
import { el, freshId } from "./dom.js";
import { FileField } from "./filefield.js";
import { Listbox } from "./listbox.js";
import { memberLocale, t } from "./words.js";

const [STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT] = [3, 4, 5, 6, 7, 8, 9, 10, 11];
const ASK_AFTER_MS = 250;
const LONGEST = 6000;

/** An option's field: `node`, `value()` (undefined: not given), `files()`, `focus()`, `set(value)`. */
export function optionField(option, context) {
  const field = make(option, context);
  const id = freshId("option");
  field.control.id = id;
  field.name = option.name;
  field.node = el(
    "div",
    { class: option.required ? "option required" : "option", data: { option: option.name } },
    el(
      "div",
      { class: "option-head" },
      el("label", { class: "option-name", for: id, text: option.name }),
      option.required && el("span", { class: "tag", text: t("required") }),
      el("span", { class: "option-about", id: `${id}-about`, text: described(option) }),
      field.counter,
      !option.required &&
        el(
          "button",
          {
            type: "button",
            class: "icon-button small",
            "aria-label": t("Leave out {name}", { name: option.name }),
            on: { click: () => context.leaveOut(option.name) },
          },
          "×",
        ),
    ),
    field.body ?? field.control,
    field.listbox?.node,
  );
  field.control.setAttribute("aria-describedby", `${id}-about`);
  // a button is nothing to fill in: the word beside the name says it
  if (option.required && field.control.tagName !== "BUTTON") field.control.setAttribute("aria-required", "true");
  field.files ??= () => [];
  field.focus ??= () => field.control.focus();
  return field;
}

function make(option, context) {
  if (option.choices?.length)
    return choice(
      option,
      option.choices.map((one) => [one.name_localizations?.[memberLocale] ?? one.name, one.value]),
    );
  switch (option.type) {
    case BOOLEAN:
      return choice(option, [
        [t("True"), true],
        [t("False"), false],
      ]);
    case USER:
    case MENTIONABLE:
      return choice(option, context.people());
    case CHANNEL:
      return choice(option, context.channels());
    case ROLE:
      return plainText(option);
    case ATTACHMENT:
      return file(option, context);
    default:
      return option.autocomplete ? completing(option, context) : typed(option);
  }
}

function typed(option) {
  return option.type === STRING ? text(option) : number(option);
}

// Discord's options take several lines.
function text(option) {
  const most = option.max_length ?? LONGEST;
  const counter = el("span", { class: "counter" });
  const control = el("textarea", { rows: "1", class: "option-text", on: { input: () => count() } });
  const count = () => {
    const length = control.value.length;
    counter.textContent = length ? `${length} / ${most}` : "";
    counter.classList.toggle("over", length > most);
    grow(control);
  };
  return {
    control,
    counter,
    value: () => control.value || undefined,
    set: (value) => {
      control.value = value ?? "";
      count();
    },
  };
}

function number(option) {
  const control = el("input", {
    type: "number",
    class: "option-text",
    min: option.min_value,
    max: option.max_value,
    step: option.type === INTEGER ? "1" : "any",
  });
  return {
    control,
    value: () => (control.value === "" ? undefined : Number(control.value)),
    set: (value) => {
      control.value = value ?? "";
    },
  };
}

function plainText() {
  const control = el("input", { type: "text", class: "option-text" });
  return {
    control,
    value: () => control.value || undefined,
    set: (value) => {
      control.value = value ?? "";
    },
  };
}

function choice(option, pairs) {
  const control = el(
    "select",
    { class: "select" },
    el("option", { value: "", text: t("Choose…") }),
    pairs.map(([label, _], index) => el("option", { value: String(index), text: label })),
  );
  return {
    control,
    value: () => (control.value === "" ? undefined : pairs[Number(control.value)][1]),
    set: (value) => {
      control.value = value === undefined ? "" : String(pairs.findIndex(([, one]) => one === value));
    },
  };
}

function file(option, context) {
  const picker = new FileField({
    types: option.file_types,
    label: option.name,
    changed: context.changed,
    next: context.next,
  });
  return {
    control: picker.button,
    body: picker.node,
    picker,
    value: () => undefined,
    files: () => picker.files,
    set: (files) => picker.add(files ?? []),
    focus: () => (picker.hasRoom ? picker.button : picker.list.querySelector("button")).focus(),
  };
}

// The bot is asked while one types; it may want numbers or words.
function completing(option, context) {
  const control = el("input", {
    type: "text",
    class: "option-text",
    inputmode: option.type === STRING ? "text" : "decimal",
  });
  let chosen = null;
  let timer = null;
  let asked = 0;
  const listbox = new Listbox(
    control,
    (item) => {
      chosen = item;
      control.value = item.label;
    },
    `Suggestions for ${option.name}`,
  );
  const ask = async () => {
    const number = (asked += 1);
    const choices = await context.complete(option.name, control.value);
    if (number !== asked || document.activeElement !== control) return;
    const items = choices.map((one) => ({ label: one.name, value: one.value }));
    listbox.show(items, { empty: "The bot suggests nothing for this.", preselect: false });
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, ASK_AFTER_MS);
  };
  control.addEventListener("input", () => {
    chosen = null;
    soon();
  });
  control.addEventListener("focus", () => {
    if (!chosen) soon();
  });
  control.addEventListener("blur", () => {
    asked += 1;
    clearTimeout(timer);
    listbox.hide();
  });
  control.addEventListener("keydown", (event) => {
    if (!listbox.key(event) && event.key === "ArrowDown") ask();
  });
  return {
    control,
    listbox,
    value: () =>
      control.value === ""
        ? undefined
        : (chosen?.value ?? (option.type === STRING ? control.value : Number(control.value))),
    set: (value) => {
      chosen = null;
      control.value = value ?? "";
    },
  };
}

/** Let a text area be as high as its text, within its style's limits. */
export function grow(area) {
  area.style.setProperty("height", "auto");
  area.style.setProperty("height", `${area.scrollHeight + 2}px`);
}
