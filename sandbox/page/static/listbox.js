// A list of suggestions above a text field: the field keeps the focus, arrows and the mouse choose.

import { el, freshId } from "./dom.js";

export class Listbox {
  /** `field` is the text field; `choose(item)` gets an item of `show`: {label, detail, mark, ...}. */
  constructor(field, choose, label) {
    this.field = field;
    this.choose = choose;
    this.items = [];
    this.at = -1;
    this.node = el("ul", {
      class: "listbox",
      role: "listbox",
      id: freshId("list"),
      "aria-label": label,
      hidden: true,
      tabindex: "0", // what scrolls must be reachable; whoever comes here backwards means to leave the list
      on: {
        focus: () => {
          this.hide();
          field.focus();
        },
      },
    });
    // a field of several lines stays a text box: HTML does not allow it to be a combobox
    this.isCombobox = field.tagName === "INPUT";
    if (this.isCombobox) field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.node.id);
    this.sayExpanded();
    field.setAttribute("autocomplete", "off");
  }

  get isOpen() {
    return !this.node.hidden;
  }

  show(items, { empty = null, preselect = true } = {}) {
    this.items = items;
    this.node.replaceChildren(...items.map((item, index) => this.row(item, index)));
    if (!items.length && empty) this.node.append(el("li", { class: "listbox-empty", text: empty }));
    this.node.hidden = !items.length && !empty;
    this.sayExpanded();
    this.mark(items.length && preselect ? 0 : -1);
  }

  sayExpanded() {
    if (this.isCombobox) this.field.setAttribute("aria-expanded", String(this.isOpen));
  }

  hide() {
    if (this.isOpen) this.show([]);
  }

  row(item, index) {
    return el(
      "li",
      {
        role: "option",
        id: freshId("option"),
        class: "listbox-item",
        "aria-selected": "false",
        on: {
          pointerdown: (event) => event.preventDefault(), // the field keeps the focus
          pointermove: () => this.mark(index),
          click: () => this.take(index),
        },
      },
      el("span", { class: "listbox-label", text: item.label }),
      item.detail && el("span", { class: "listbox-detail", text: item.detail }),
      item.mark && el("span", { class: "listbox-mark", text: item.mark }),
    );
  }

  mark(index) {
    this.at = index;
    [...this.node.querySelectorAll("[role=option]")].forEach((row, number) => {
      row.setAttribute("aria-selected", String(number === index));
      if (number === index) {
        this.field.setAttribute("aria-activedescendant", row.id);
        row.scrollIntoView({ block: "nearest" });
      }
    });
    if (index < 0) this.field.removeAttribute("aria-activedescendant");
  }

  take(index) {
    const item = this.items[index];
    this.hide();
    if (item) this.choose(item);
  }

  /** Handle a key of the field; true if it was one of the list's. */
  key(event) {
    if (!this.isOpen) return false;
    const count = this.items.length;
    const to = { ArrowDown: (this.at + 1) % count, ArrowUp: (this.at - 1 + count) % count }[event.key];
    if (to !== undefined && count) this.mark(to);
    else if (event.key === "Escape") this.hide();
    else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0 && !event.shiftKey) this.take(this.at);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
