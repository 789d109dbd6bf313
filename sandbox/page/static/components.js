// What can be pressed and chosen in a message, and the layout blocks around it.

import { el, icon } from "./dom.js";
import { attachment, picture } from "./files.js";
import { markdown } from "./markdown.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const [LINK, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER] = [5, 9, 10, 11, 12, 13, 14, 17];

/** The components of a message. `context`: `message`, `names`, `busy`, `press(one)`, `choose(one, values)`. */
export function components(list, context) {
  return list.map((component) => one(component, context));
}

function one(component, context) {
  switch (component.type) {
    case 1:
      return el("div", { class: "row" }, components(component.components, context));
    case 2:
      return button(component, context);
    case 3:
      return select(component, context);
    case 5:
    case 6:
    case 7:
    case 8:
      return unusable(component);
    case SECTION:
      return el(
        "div",
        { class: "section" },
        el("div", { class: "section-text" }, components(component.components, context)),
        one(component.accessory, context),
      );
    case TEXT:
      return el("div", { class: "text" }, markdown(component.content, context.names));
    case THUMBNAIL:
      return el("div", { class: "embed-thumb" }, picture(component.media.url, component.description ?? "thumbnail"));
    case GALLERY:
      return el(
        "div",
        { class: "gallery" },
        component.items.map((item) => picture(item.media.url, item.description ?? "picture")),
      );
    case FILE:
      return named(component, context);
    case SEPARATOR:
      return el("hr", { class: component.divider === false ? "gap" : "divider" });
    case CONTAINER:
      return container(component, context);
    default:
      return el("p", {
        class: "unknown",
        text: `A component of type ${component.type}, which this page does not show.`,
      });
  }
}

function face(component) {
  const emoji = component.emoji?.name;
  return [emoji && `${emoji}${component.label ? " " : ""}`, component.label];
}

function button(component, context) {
  if (component.style === LINK) {
    const props = { class: "button button-link", href: component.url, target: "_blank", rel: "noreferrer noopener" };
    const jump = context.names.jump(component.url);
    if (jump)
      return el(
        "a",
        {
          class: "button button-link",
          href: "#",
          on: {
            click: (event) => {
              event.preventDefault();
              jump.go();
            },
          },
        },
        face(component),
      );
    return el("a", props, face(component), icon("outside"));
  }
  return el(
    "button",
    {
      type: "button",
      class: `button button-${STYLES[component.style] ?? "secondary"}`,
      disabled: Boolean(component.disabled) || context.busy,
      data: { customId: component.custom_id },
      on: { click: () => context.press(component) },
    },
    face(component),
  );
}

// One choice is a drop-down; several are a list of check boxes with a button, so that no key combination is needed.
function select(component, context) {
  const most = component.max_values ?? 1;
  return most > 1 ? several(component, context, most) : drop(component, context);
}

function drop(component, context) {
  const node = el(
    "select",
    {
      class: "select",
      disabled: Boolean(component.disabled) || context.busy,
      "aria-label": component.placeholder ?? "Choose",
      data: { customId: component.custom_id },
      on: { change: () => node.value && context.choose(component, [node.value]) },
    },
    el("option", { value: "", text: component.placeholder ?? "Make a selection" }),
    component.options.map((option) =>
      el("option", {
        value: option.value,
        selected: Boolean(option.default),
        text: [option.emoji?.name, option.label, option.description && `– ${option.description}`]
          .filter(Boolean)
          .join(" "),
      }),
    ),
  );
  return node;
}

function several(component, context, most) {
  const boxes = component.options.map((option) =>
    el("input", { type: "checkbox", value: option.value, checked: Boolean(option.default) }),
  );
  const chosen = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return el(
    "fieldset",
    { class: "several", disabled: Boolean(component.disabled) || context.busy },
    el("legend", { text: `${component.placeholder ?? "Choose"} (up to ${most})` }),
    component.options.map((option, index) => el("label", { class: "check" }, boxes[index], option.label)),
    el(
      "button",
      {
        type: "button",
        class: "button button-secondary",
        data: { customId: component.custom_id },
        on: { click: () => context.choose(component, chosen()) },
      },
      "Choose",
    ),
  );
}

function unusable(component) {
  return el("p", {
    class: "unknown",
    text: `${component.placeholder ?? "A selection"} (people, roles and channels cannot be chosen in messages here)`,
  });
}

function named(component, context) {
  const file = context.message.attachments.find((one) => one.url.split("?")[0] === component.file.url.split("?")[0]);
  return file ? attachment(file) : el("p", { class: "unknown", text: "A file that is not there" });
}

function container(component, context) {
  const node = el("div", { class: "embed container" }, components(component.components, context));
  if (Number.isInteger(component.accent_color))
    node.style.setProperty("--bar", `#${component.accent_color.toString(16).padStart(6, "0")}`);
  return node;
}
