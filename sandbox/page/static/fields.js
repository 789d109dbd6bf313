// The fields of a form: each of the components a modal may hold.

import { el, freshId } from "./dom.js";
import { FileField } from "./filefield.js";
import { markdown } from "./markdown.js";
import { t } from "./words.js";

const [ROW, TEXT_INPUT, TEXT, LABEL, UPLOAD, RADIO, CHECKBOXES, CHECKBOX] = [1, 4, 10, 18, 19, 21, 22, 23];
const [STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT] = [3, 5, 6, 7, 8];
const SHORT = 1;

/** Fields of a form, in order: `node`, and for what can be filled `customId`, `value()` and `files()`. */
export function formFields(components, context) {
  return components.flatMap((component) => {
    if (component.type === TEXT)
      return [{ node: el("div", { class: "text form-text" }, markdown(component.content, context.names)) }];
    if (component.type === ROW)
      return component.components.map((inner) => labelled(inner, inner.label ?? "", null, context));
    if (component.type === LABEL)
      return [labelled(component.component, component.label, component.description, context)];
    return [
      { node: el("p", { class: "unknown", text: `A part of type ${component.type}, which this page does not show.` }) },
    ];
  });
}

function labelled(component, label, description, context) {
  const field = make(component, label, context);
  const id = freshId("field");
  const isGroup = field.control.tagName === "FIELDSET" || field.control.tagName === "DIV";
  field.control.id = id;
  const about = description && el("span", { class: "field-about", id: `${id}-about`, text: description });
  const required = component.required ?? component.type !== CHECKBOX;
  const words = [label, required && el("span", { class: "must", title: t("required"), text: " *" })];
  if (about) field.control.setAttribute("aria-describedby", `${id}-about`);
  if (isGroup) field.control.setAttribute("aria-label", label);
  else if (required && field.control.tagName !== "BUTTON") field.control.setAttribute("aria-required", "true");
  return {
    ...field,
    customId: component.custom_id,
    node: el(
      "div",
      { class: "field", data: { field: component.custom_id } },
      el(
        "div",
        { class: "field-head" },
        isGroup ? el("span", { class: "field-name" }, words) : el("label", { class: "field-name", for: id }, words),
        field.counter,
      ),
      about,
      field.body ?? field.control,
    ),
  };
}

function make(component, label, context) {
  switch (component.type) {
    case TEXT_INPUT:
      return text(component);
    case UPLOAD:
      return upload(component, label);
    case RADIO:
      return group(component, "radio");
    case CHECKBOXES:
      return group(component, "checkbox");
    case CHECKBOX:
      return box(component);
    case STRING_SELECT:
      return select(
        component,
        component.options.map((one) => [one.label, one.value, one.default, one.description]),
      );
    case USER_SELECT:
    case MENTIONABLE_SELECT:
      return select(component, context.people());
    case CHANNEL_SELECT:
      return select(component, context.channels());
    default:
      return unknown(component);
  }
}

function text(component) {
  const most = component.max_length ?? 4000;
  const least = component.min_length ?? 0;
  const control =
    component.style === SHORT
      ? el("input", { type: "text", class: "field-text", placeholder: component.placeholder })
      : el("textarea", { class: "field-text", rows: "7", placeholder: component.placeholder });
  control.value = component.value ?? "";
  const counter = el("span", { class: "counter" });
  const count = () => {
    const length = control.value.length;
    counter.textContent = `${length} / ${most}`;
    counter.classList.toggle("over", length > most || (length > 0 && length < least));
  };
  control.addEventListener("input", count);
  count();
  return { control, counter, value: () => control.value };
}

function upload(component, label) {
  const picker = new FileField({ most: component.max_values ?? 1, types: component.file_types, label });
  return { control: picker.button, body: picker.node, picker, files: () => picker.files };
}

function select(component, rows) {
  const most = component.max_values ?? 1;
  if (most > 1)
    return group(
      { ...component, options: rows.map(([label, value, chosen]) => ({ label, value, default: chosen })) },
      "checkbox",
    );
  const control = el(
    "select",
    { class: "select" },
    el("option", { value: "", text: component.placeholder ?? t("Choose…") }),
    rows.map(([label, value, chosen, about]) =>
      el("option", { value, selected: Boolean(chosen), text: about ? `${label} – ${about}` : label }),
    ),
  );
  return { control, value: () => (control.value ? [control.value] : []) };
}

function group(component, kind) {
  const name = freshId("group");
  const inputs = component.options.map((option) =>
    el("input", { type: kind, name, value: option.value, checked: Boolean(option.default) }),
  );
  const control = el(
    "fieldset",
    { class: "group" },
    component.options.map((option, index) =>
      el(
        "label",
        { class: "check" },
        inputs[index],
        el("span", {}, option.label, option.description && el("small", { text: option.description })),
      ),
    ),
  );
  return { control, value: () => inputs.filter((input) => input.checked).map((input) => input.value) };
}

function box(component) {
  const control = el("input", { type: "checkbox", checked: Boolean(component.default) });
  return { control, value: () => control.checked };
}

function unknown(component) {
  return {
    control: el("div", { class: "unknown", text: `A field of type ${component.type}, which this page cannot fill.` }),
  };
}
